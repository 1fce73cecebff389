#include "engine/mongodb/location.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/file.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kLongestUri = 64U << 10U;
constexpr std::size_t kLongestName = 63;
constexpr std::string_view kVariable = "env:";
constexpr std::string_view kFile = "file:";
constexpr std::string_view kInDatabase = "in:";
constexpr std::array<std::string_view, 2> kSchemes{"mongodb://", "mongodb+srv://"};

bool has_password(std::string_view uri) {
  const auto begin = uri.find("://");
  if (begin == uri.npos) return false;
  const auto authority = uri.substr(begin + 3, uri.find('/', begin + 3) - (begin + 3));
  const auto at = authority.rfind('@');
  return at != authority.npos && authority.substr(0, at).find(':') != authority.npos;
}

Result<Secret> uri_at(const std::string& place) {
  if (place.starts_with(kVariable)) {
    const auto name = place.substr(kVariable.size());
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return fail(Code::usage, "the variable " + name + " is not set");
    return Secret::from_text(value);
  }
  if (place.starts_with(kFile)) {
    auto text = TRY(read_file(place.substr(kFile.size()), kLongestUri));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    Secret uri(text);
    wipe(text);
    return uri;
  }
  if (has_password(place))
    return fail(Error(Code::refused, "the place holds a password, which everybody here could see")
                    .with_hint("Put the URI into a variable or a file, and name env:VARIABLE or "
                               "file:/PATH as the place."));
  return Secret::from_text(place);
}

Result<Location> located(const Secret& uri, const std::string& database) {
  Location location{TRY(Server::open(uri)), database};
  if (location.database.empty()) location.database = location.server->database();
  if (location.database.empty())
    return fail(Error(Code::config_invalid, "no database is named")
                    .with_hint("The URI names it after the host: mongodb://host/shop"));
  TRY(check_database_name(location.database));
  return location;
}

}  // namespace

std::string Location::describe() const { return database + " on " + server->address(); }

Result<Location> locate(const SourceOptions& options) {
  // What is about to be overwritten is backed up by its place.
  if (!options.uri && !options.path.empty()) return locate(options.path);
  if (!options.uri) return fail(Code::config_invalid, "the source has no uri");
  return located(*options.uri, options.database);
}

Result<std::string> database_of(const SourceOptions& options) {
  if (!options.database.empty()) return options.database;
  return TRY(locate(options)).database;
}

// No name of a database holds a colon.
Result<Location> locate(const std::string& place, const std::string& database) {
  if (!place.starts_with(kInDatabase)) return located(TRY(uri_at(place)), database);
  const auto end = place.find(':', kInDatabase.size());
  if (end == std::string::npos) return fail(Code::usage, "\"" + place + "\" names no server");
  const auto named = place.substr(kInDatabase.size(), end - kInDatabase.size());
  TRY(check_database_name(named));
  return located(TRY(uri_at(place.substr(end + 1))), database.empty() ? named : database);
}

bool is_address(std::string_view place) {
  return place.starts_with(kVariable) || place.starts_with(kFile) ||
         std::ranges::any_of(kSchemes, [&](auto scheme) { return place.starts_with(scheme); });
}

Result<void> check_database_name(const std::string& name) {
  constexpr std::string_view kForbidden = "/\\. \"$*<>:|?";
  const bool sound =
      !name.empty() && name.size() <= kLongestName && std::ranges::none_of(name, [&](char c) {
        return c == '\0' || kForbidden.find(c) != kForbidden.npos;
      });
  if (!sound) return fail(Code::config_invalid, "\"" + name + "\" is no name of a database");
  return {};
}

}  // namespace lifeboat::engine::mongodb
