#pragma once
// Texts of the application rung: ${sandbox.…} and ${capture.…} filled in, and what must not be
// printed taken out. Values only.
#include <map>
#include <string>
#include <vector>

#include "base/json_value.h"
#include "base/result.h"

namespace lifeboat::drill {

// What a run knows by now: "sandbox.port", "capture.token".
using Names = std::map<std::string, std::string>;

// `not_found` names what is not known (yet).
Result<std::string> fill_in(const std::string& text, const Names& names);
// Every text of the value.
Result<Json> fill_in_json(const Json& value, const Names& names);
// For a URL's path: what is filled in is escaped, what was written is not.
Result<std::string> fill_in_path(const std::string& text, const Names& names);

// Without secrets, on one line of at most 200 letters.
std::string quotable(std::string text, const std::vector<std::string>& secrets);

}  // namespace lifeboat::drill
