#pragma once
// Reads back the markers that `lifeboat mark` wrote into a source: which writes a recovery at the
// drill's start would have lost. One thread.
#include "drill/step.h"

namespace lifeboat::drill {

// Fills measures.lost_writes, or says why not; a marker that is missing between two others is a
// failed check "markers".
void read_markers(DrillState& state);

}  // namespace lifeboat::drill
