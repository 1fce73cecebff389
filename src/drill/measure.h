#pragma once
// Turns what happened into the numbers people ask for. Pure.
#include "drill/drill.h"

namespace lifeboat::drill {

bool all_done(const Report& report);
// Seconds of the stages until now, without those that no recovery has.
Duration recovery_so_far(const Report& report);
// Fills report.measures from stages, snapshot and objectives. An objective without a measure is not
// judged.
void measure(Report& report, const Request& request);

}  // namespace lifeboat::drill
