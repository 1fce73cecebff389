#pragma once
// What --rename says: what something is called where it comes from, and what it is to be called.
// Pure.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lifeboat::engine {

using Renames = std::map<std::string, std::string>;  // old → new

// Of pairs that are written as `form` says: "OLD=NEW". An `ending` of the old name is left off.
// `usage` for what is no pair, and for a second new name of one old.
Result<Renames> parse_renames(const std::vector<std::string>& texts, const std::string& form,
                              std::string_view ending = {});

}  // namespace lifeboat::engine
