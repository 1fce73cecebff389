#pragma once
// A consistent-as-can-be read of a folder's tree: see engine/engine.h for the contract.
#include <sys/stat.h>

#include <memory>

#include "engine/engine.h"

namespace lifeboat::engine::files {

// `config_invalid` when a pattern is not one.
Result<std::unique_ptr<Source>> open_files_source(const SourceOptions& options);

// Equal as long as content and metadata of the file are; empty when that cannot be known, because
// it was changed at or after `begin_ns` or so shortly before that a later change could bear the
// same time.
std::string change_token_of(const struct stat& status, std::int64_t begin_ns);

}  // namespace lifeboat::engine::files
