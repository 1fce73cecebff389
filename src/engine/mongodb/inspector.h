#pragma once
// Looks into a database that a restore filled. One thread at a time.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

// `place` as locate() takes it.
Result<std::unique_ptr<Inspector>> make_inspector(const std::string& place);

}  // namespace lifeboat::engine::mongodb
