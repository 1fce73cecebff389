#pragma once
// Databases that a drill makes on a server which others use too: never on production, and gone at
// its end. Used by one thread.
#include "drill/step.h"

namespace lifeboat::drill {

// How errors call the server.
inline constexpr const char* kScratchUri = "the server of sandbox: {uri}";

// Before anything is made: `refused` where the server is production or cannot be told from it, and
// where databases would have to be kept. The answer is a check, "scratch".
Result<void> check_scratch(DrillState& state);
// One for each source of the snapshot that is on a server.
Result<void> make_scratch(DrillState& state, const RunContext& context);
// Also what a drill left that died; what is left still is a finding.
void reap_scratch(DrillState& state);
// What is gone and what is not is in the proof of the tear-down.
void drop_scratch(DrillState& state);

}  // namespace lifeboat::drill
