#pragma once
// JSON values: parsing with limits, and one canonical text. Headers that only pass Json include
// this; the heavy header is included by the .cc files that look inside (`base/json_value.h`).
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lifeboat {

using Json = nlohmann::json;

// UTF-8 only, depth at most 64, size at most `limit` bytes, no duplicate keys; else `corrupt`.
Result<Json> parse_json(std::string_view text, std::size_t limit = 256U << 20U);
// Sorted keys, no white space, UTF-8 (invalid bytes become U+FFFD): the same value, the same bytes.
std::string canonical_json(const Json& value);
// For people: indented by two.
std::string pretty_json(const Json& value);

// The member `key` of `object`, which must be a string; else `corrupt` naming the key.
Result<std::string> text_at(const Json& object, std::string_view key);
// The member `key`, which must be an integer from 0 to 2^63-1.
Result<std::int64_t> number_at(const Json& object, std::string_view key);
// The member `key`, whatever it is; absent is `corrupt`.
Result<const Json*> member(const Json& object, std::string_view key);

}  // namespace lifeboat
