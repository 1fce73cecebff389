#pragma once
// What the servers that a plan names cannot do of what the snapshot needs, found before anything is
// written. Reads the snapshot and asks the servers; changes nothing. Thread-safe.
#include "restore/plan.h"

namespace lifeboat::restore {

// Fills in what each item of the plan would lose.
Result<void> find_losses(Plan& plan, repository::SnapshotReader& snapshot,
                         const RunContext& context);

// `refused` names every loss, unless they are accepted.
Result<void> check_losses(const Plan& plan);

}  // namespace lifeboat::restore
