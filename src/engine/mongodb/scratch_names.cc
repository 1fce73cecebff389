#include "engine/mongodb/scratch_names.h"

#include <algorithm>

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kDatabasePrefix = "lifeboat_";
constexpr std::string_view kTokenPrefix = "lifeboat_token_";
constexpr std::size_t kLongestDatabase = 63;

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
}

// Empty where the database is no scratch one.
std::string_view token_of(std::string_view database) {
  if (!database.starts_with(kDatabasePrefix)) return {};
  const auto rest = database.substr(kDatabasePrefix.size());
  const bool is_one = rest.size() > kScratchToken && rest[kScratchToken] == '_' &&
                      rest.find_first_not_of("0123456789abcdef") == kScratchToken;
  return is_one ? rest.substr(0, kScratchToken) : std::string_view();
}

}  // namespace

std::string scratch_database(std::string_view token, std::size_t number, std::string_view source) {
  auto name =
      std::string(kDatabasePrefix) + std::string(token) + "_" + std::to_string(number) + "_";
  for (const auto letter : source) name += is_plain(letter) ? letter : '_';
  return name.substr(0, kLongestDatabase);
}

bool is_scratch_database(std::string_view database) { return !token_of(database).empty(); }

std::string token_collection(std::string_view token) {
  return std::string(kTokenPrefix) + std::string(token);
}

bool is_token_collection(std::string_view database, std::string_view collection) {
  const auto token = token_of(database);
  return !token.empty() && collection == token_collection(token);
}

}  // namespace lifeboat::engine::mongodb
