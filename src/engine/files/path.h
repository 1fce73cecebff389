#pragma once
// Relative paths as bytes: validation of those from outside, and their parts. Pure functions.
#include <string>
#include <string_view>

#include "base/result.h"

namespace lifeboat::engine::files {

constexpr std::size_t kMaxNameSize = 255;        // what Linux file systems take
constexpr std::size_t kMaxPathSize = 1U << 20U;  // far deeper than PATH_MAX, still a limit

// A name that can be one part of a path: not empty, ".", "..", and without '/' and NUL.
bool is_name(std::string_view name);
// `corrupt` unless every part is a name; the empty path is the folder itself.
Result<void> check_path(std::string_view path);
// "a/b" of "a/b/c", and "" of "a".
std::string_view parent_of(std::string_view path);
std::string_view name_of(std::string_view path);
std::string join(std::string_view folder, std::string_view name);
// For messages: the path, or words for the folder itself.
std::string shown(std::string_view path);

}  // namespace lifeboat::engine::files
