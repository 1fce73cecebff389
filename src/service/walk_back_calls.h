#pragma once
// What a walk back found, as `drill run` answers it. Stateless.
#include "service/calls.h"
#include "service/compose.h"

namespace lifeboat::service {

// {"newest_good", "first_bad", "trials": [{"snapshot", "verdict", "reason", "drill"}],
// "undecided", "contents": {"added", "removed", "changed"}, "facts": [{"source", "fact", "before",
// "after"}]}; the last two when there is a good one. A note on the bad snapshot keeps the result.
Result<Json> walk_back_answer(const Setup& setup, const WalkBackOutcome& outcome,
                              const RunContext& context);

}  // namespace lifeboat::service
