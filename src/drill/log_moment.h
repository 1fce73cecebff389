#pragma once
// Drills that restore sources with a log to a moment after their snapshot. Used by one thread.
#include "drill/step.h"

namespace lifeboat::drill {

// Chooses the moment of each source with a log and adds the way there to the plan. What leads to
// none is a check that did not pass; the snapshot is restored without it then.
Result<void> plan_log_moments(DrillState& state, const RunContext& context);

// What the restore made of it: a check "pitr.SOURCE", and the moment that everything shows.
void note_log_moments(DrillState& state, const restore::Report& restored);

// The moment that an item of the plan shows.
Time moment_of(const DrillState& state, const restore::PlanItem& item);

}  // namespace lifeboat::drill
