#pragma once
// Reads back the markers that `lifeboat mark` wrote into a source: which writes a recovery at the
// drill's start would have lost. One thread.
#include "drill/check.h"
#include "drill/step.h"

namespace lifeboat::drill {

// "boundary.SOURCE": a restore to a moment between two markers shows the first of them and not the
// second.
CheckResult boundary_check(const std::string& source);

// Fills measures.lost_writes, or says why not; a marker that is missing between two others is a
// failed check "markers". Where a marker was chosen to be the newest, it must be.
void read_markers(DrillState& state);

}  // namespace lifeboat::drill
