#pragma once
// What there is to say of a MongoDB source before it is backed up. Functions are thread-safe.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

Result<std::vector<Advice>> examine_source(const SourceOptions& options, const RunContext& context);

// By the server's own statistics; 0 where this user may not ask for them.
Result<std::uint64_t> estimate_source(const SourceOptions& options);

}  // namespace lifeboat::engine::mongodb
