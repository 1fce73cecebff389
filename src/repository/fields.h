#pragma once
// Reading JSON that a hostile or damaged repository may hold: every member is looked at before it
// is used, and what is not as docs/format.md says is `corrupt` naming the member. Pure functions.
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"
#include "base/secret.h"
#include "repository/types.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxSources = 10'000;  // of a snapshot …
constexpr std::size_t kMaxText = 4096;       // … and of each text in it

Result<bool> bool_at(const Json& object, std::string_view key);
Result<Time> time_at(const Json& object, std::string_view key);
Result<Bytes> hex_at(const Json& object, std::string_view key, std::size_t size);
Result<std::uint64_t> count_at(const Json& object, std::string_view key);
Result<const Json*> array_at(const Json& object, std::string_view key, std::size_t limit);
Result<const Json*> object_at(const Json& object, std::string_view key);
Result<std::vector<std::string>> texts_at(const Json& object, std::string_view key,
                                          std::size_t limit);

// A text of at most `limit` bytes.
Result<std::string> short_text_at(const Json& object, std::string_view key, std::size_t limit);

template <class IdType>
Result<IdType> id_at(const Json& object, std::string_view key) {
  return IdType::from(TRY(hex_at(object, key, IdType::kSize)));
}

// {"code","subject","message","incomplete"}
Json to_json(const Finding& finding);
Result<Finding> finding_from(const Json& value);

}  // namespace lifeboat::repository
