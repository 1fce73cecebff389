#pragma once
// Whether a repository lies in what it backs up. Looks at paths; thread-safe.
#include <filesystem>
#include <optional>
#include <string>

#include "engine/options.h"

namespace lifeboat::service {

// The folder that a repository's URL means; nothing when it is on another machine.
std::optional<std::filesystem::path> local_path(const std::string& url);
// True when a backup of the source would read the place: it is inside, and not excluded.
bool would_read(const engine::SourceOptions& source, const std::filesystem::path& place);

}  // namespace lifeboat::service
