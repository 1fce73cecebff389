#pragma once
// What `doctor` says of a folder that is to be protected. Stateless.
#include <vector>

#include "engine/engine.h"

namespace lifeboat::engine::files {

Result<std::vector<Advice>> examine_folder(const SourceOptions& options, const RunContext& context);

}  // namespace lifeboat::engine::files
