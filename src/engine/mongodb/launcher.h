#pragma once
// How to run a MongoDB server of one's own. Pure.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

// For mongod, and for FerretDB with its SQLite backend, told apart by the program's name. The place
// names the database of the snapshot's `position`.
Result<LaunchPlan> plan_server(const LaunchRequest& request);

}  // namespace lifeboat::engine::mongodb
