#pragma once
// Where a repository is, and whether it lies in what it backs up. Looks at paths; thread-safe.
#include <filesystem>
#include <optional>
#include <string>

#include "engine/options.h"

namespace lifeboat::service {

// The folder that a repository's URL means; nothing when it is on another machine.
std::optional<std::filesystem::path> local_path(const std::string& url);
// Without links, dots and a slash at its end, as far as it is there.
std::filesystem::path real_path(const std::filesystem::path& place);
// True when a backup of the source would read the place: it is inside, and not excluded.
bool would_read(const engine::SourceOptions& source, const std::filesystem::path& place);

}  // namespace lifeboat::service
