#pragma once
// Looks into a restored database that nobody has open, and changes nothing but what a killed
// program left beside it, which is brought in first. One thread at a time.
#include "engine/engine.h"

namespace lifeboat::engine::sqlite {

Result<std::unique_ptr<Inspector>> make_inspector(const std::string& place);

}  // namespace lifeboat::engine::sqlite
