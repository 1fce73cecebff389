// The texts of base: JSON, times, durations, sizes, hex and base64.
#include "base/clock.h"
#include "base/json_value.h"
#include "fuzz/fuzz.h"

namespace lifeboat {
namespace {

void json(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return;
  const auto canonical = canonical_json(*value);
  const auto again = parse_json(canonical);
  fuzz::promise(again.has_value(), "canonical JSON is JSON");
  fuzz::promise(canonical_json(*again) == canonical, "canonical JSON stays as it is");
}

void time(std::string_view text) {
  const auto value = parse_rfc3339(text);
  if (!value) return;
  const auto again = parse_rfc3339(to_rfc3339(*value));
  fuzz::promise(again && *again == *value, "a time that was printed is read as the same time");
}

void amount(std::string_view text) {
  if (const auto duration = parse_duration(text))
    fuzz::promise(duration->count() >= 0, "no duration is negative");
  (void)parse_size(text);
}

void digits(std::string_view text) {
  if (const auto bytes = from_hex(text))
    fuzz::promise(to_hex(*bytes) == text, "hex is written as it was read");
  if (const auto bytes = from_base64(text)) {
    const auto again = from_base64(to_base64(*bytes));
    fuzz::promise(again && *again == *bytes, "base64 round trips");
  }
}

}  // namespace
}  // namespace lifeboat

LIFEBOAT_FUZZ(input) {
  using Parser = void (*)(std::string_view);
  constexpr Parser kParsers[] = {lifeboat::json, lifeboat::time, lifeboat::amount,
                                 lifeboat::digits};
  kParsers[input.choose(4)](input.text());
}
