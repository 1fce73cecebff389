#pragma once
// What a recovery with everything would have taken, where a drill left something out: a projection
// from rates that were measured, never a measurement and never judged as one. Pure.
#include "drill/history.h"

namespace lifeboat::drill {

// Every tier restores all of the snapshot; `quick` compares less of it. Fills report.measures from
// what comparing it whole took in earlier drills, for a drill of that tier that came to its end,
// and adds a finding where that would miss the objective.
void project(Report& report, const History& history);

}  // namespace lifeboat::drill
