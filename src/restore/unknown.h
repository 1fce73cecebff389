#pragma once
// Production of which cannot be told where it is, for a variable that is not set: what that means
// for a restore. Pure.
#include "restore/plan.h"

namespace lifeboat::restore {

// After check_targets(): names it in the plan. `refused` where what is there would be changed and
// may be a repository that nobody can recognise.
Result<void> check_unknown(Plan& plan, const std::vector<Protected>& protected_places);

}  // namespace lifeboat::restore
