#pragma once
// What `doctor` says of a folder that is to be protected. Stateless.
#include <vector>

#include "engine/engine.h"

namespace lifeboat::engine::files {

// Looks at no more than `limit` entries, and says so.
Result<std::vector<Advice>> examine_folder(const SourceOptions& options, const RunContext& context,
                                           std::uint64_t limit = 500'000);

}  // namespace lifeboat::engine::files
