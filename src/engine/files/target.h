#pragma once
// Fills a folder from entries: see engine/engine.h for the contract. A hostile
// snapshot cannot make it write outside: every path is opened part by part below one descriptor,
// links not followed.
#include <memory>

#include "engine/engine.h"

namespace lifeboat::engine::files {

Result<std::unique_ptr<Target>> open_files_target(const TargetOptions& options);

}  // namespace lifeboat::engine::files
