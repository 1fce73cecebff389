#pragma once
// How much a backup of a folder would read, told by a walk that opens no file. Stateless.
#include "base/run_context.h"
#include "engine/options.h"

namespace lifeboat::engine::files {

// Sizes of the files that are not excluded, hard-linked ones once; 0 when there are too many to
// count in reasonable time. What cannot be seen is left out: it is an estimate.
Result<std::uint64_t> estimate_folder(const SourceOptions& options, const RunContext& context);

}  // namespace lifeboat::engine::files
