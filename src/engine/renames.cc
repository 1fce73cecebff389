#include "engine/renames.h"

namespace lifeboat::engine {

Result<Renames> parse_renames(const std::vector<std::string>& texts, const std::string& form,
                              std::string_view ending) {
  Renames renames;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      return fail(Error(Code::usage, "--rename \"" + text + "\" is no " + form));
    auto from = text.substr(0, equals);
    if (!ending.empty() && from.ends_with(ending)) from.resize(from.size() - ending.size());
    if (!renames.emplace(from, text.substr(equals + 1)).second)
      return fail(Error(Code::usage, "--rename names " + from + " twice"));
  }
  return renames;
}

}  // namespace lifeboat::engine
