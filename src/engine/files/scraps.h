#pragma once
// The names by which an unfinished restore shows in its target. Pure functions.
#include <string>
#include <string_view>

namespace lifeboat::engine::files {

constexpr std::string_view kMarkerName = ".lifeboat-restore-in-progress";

// A name for a file that is not whole yet, beside its final place; unlike any other of this
// process.
std::string temporary_name();
bool is_temporary(std::string_view name);
// The marker itself (in the top folder) or a temporary file.
bool is_scrap(std::string_view path);

}  // namespace lifeboat::engine::files
