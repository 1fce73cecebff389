#pragma once
// Looks into a restored folder without changing it: see engine/engine.h for the contract.
#include <memory>

#include "engine/engine.h"

namespace lifeboat::engine::files {

Result<std::unique_ptr<Inspector>> open_files_inspector(const std::string& place);

}  // namespace lifeboat::engine::files
