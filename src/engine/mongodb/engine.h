#pragma once
// The engine for databases of MongoDB servers. Stateless, thread-safe.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

const Engine& mongodb_engine();

}  // namespace lifeboat::engine::mongodb
