#pragma once
// Which source of a plan each --rename means. Pure.
#include "restore/plan.h"

namespace lifeboat::restore {

// `usage` for one of which that is not clear, or of a source whose objects keep their names.
Result<void> give_names(Plan& plan, const engine::Renames& renames);

}  // namespace lifeboat::restore
