#pragma once
// The registry of engines. Thread-safe: engines are stateless and live for ever.
#include "engine/engine.h"

namespace lifeboat::engine {

// `config_invalid` naming the known kinds when there is none of this scheme.
Result<const Engine*> find_engine(const std::string& scheme);
std::vector<std::string> engine_schemes();

}  // namespace lifeboat::engine
