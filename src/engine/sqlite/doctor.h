#pragma once
// What `doctor` says about a SQLite source before it is ever backed up. Changes nothing.
// Thread-safe.
#include "engine/engine.h"

namespace lifeboat::engine::sqlite {

Result<std::vector<Advice>> examine_source(const SourceOptions& options, const RunContext& context);

}  // namespace lifeboat::engine::sqlite
