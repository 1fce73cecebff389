#pragma once
// Names of databases and collections as names of entries and files, and back: whatever bytes a
// server allows become one part of a path that no file system misunderstands. Pure functions.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lifeboat::engine::mongodb {

// '%', '/', '\', ':', '*', '?', '"', '<', '>', '|', control characters, DEL, bytes that are not
// UTF-8, and a '.' at the beginning become %XX in upper-case hexadecimal; the empty name becomes
// "%". Everything else stays, so that a person reads it.
std::string escape_name(std::string_view name);

// The same for names that lie together where case may not count: of those that differ only in
// case, each has its upper-case letters escaped too. By name.
std::map<std::string, std::string> escape_names(const std::vector<std::string>& names);

// The name that was escaped in one way or the other; `corrupt` for what neither would have made.
Result<std::string> unescape_name(std::string_view escaped);

}  // namespace lifeboat::engine::mongodb
