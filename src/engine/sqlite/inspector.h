#pragma once
// Looks into a restored database without locks and without changing it. One thread at a time.
#include "engine/engine.h"

namespace lifeboat::engine::sqlite {

Result<std::unique_ptr<Inspector>> make_inspector(const std::string& place);

}  // namespace lifeboat::engine::sqlite
