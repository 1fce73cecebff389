#include "drill/counts.h"

namespace lifeboat::drill {
namespace {

bool is_count(const std::string& key, const Json& value) {
  if (key != "rows" && key != "documents" && key != "files" && key != "bytes") return false;
  return value.is_number_unsigned() ||
         (value.is_number_integer() && value.get<std::int64_t>() >= 0);
}

void collect_counts(const Json& facts, const std::string& path, Counts& counts) {
  for (const auto& [key, value] : facts.items()) {
    const auto at = path.empty() ? key : path + "." + key;
    if (value.is_object())
      collect_counts(value, at, counts);
    else if (is_count(key, value))
      counts[at] = value.get<std::uint64_t>();
  }
}

}  // namespace

Counts counts_in(const Json& facts) {
  Counts counts;
  if (facts.is_object()) collect_counts(facts, "", counts);
  return counts;
}

}  // namespace lifeboat::drill
