#pragma once
// How to run a MongoDB server of one's own, and who may log in to it.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

// For mongod, and for FerretDB with its SQLite backend, told apart by the program's name. The
// address names the database of the snapshot's `position`. Pure.
Result<LaunchPlan> plan_server(const LaunchRequest& request);

// Makes the user of a mongod that nobody has logged in to yet; a FerretDB has made it by itself.
Result<void> prepare_server(const LaunchRequest& request);

}  // namespace lifeboat::engine::mongodb
