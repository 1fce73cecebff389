// The configuration: as a person writes it, as a snapshot from anywhere carries it, and the
// schedules in it.
#include "base/json_value.h"
#include "config/config.h"
#include "config/portable.h"
#include "fuzz/fuzz.h"
#include "policy/schedule.h"

namespace lifeboat::config {
namespace {

void stays_as_it_is(const Config& config) {
  const auto written = portable_json(config);
  const auto again = from_portable_json(written);
  fuzz::promise(again.has_value(), "a configuration that was written is read");
  fuzz::promise(portable_json(*again) == written, "a configuration stays as it is");
}

void written_by_hand(fuzz::Input input) {
  const auto loaded = parse_config(input.text(), "/etc/shop/lifeboat.yaml", Variables());
  if (loaded) stays_as_it_is(loaded->config);
}

void carried_by_a_snapshot(fuzz::Input input) {
  const auto json = parse_json(input.text());
  if (!json) return;
  const auto config = from_portable_json(*json);
  if (config) stays_as_it_is(*config);
}

void schedule(fuzz::Input input) {
  constexpr Time kNow{std::chrono::days(20'000)};
  const auto parsed = policy::Schedule::parse(input.text(), "UTC");
  if (!parsed) return;
  const auto again = policy::Schedule::parse(parsed->fields(), "UTC");
  fuzz::promise(again.has_value(), "the fields of a schedule are a schedule");
  const auto next = parsed->next_after(kNow);
  fuzz::promise(next > kNow, "what is due next is later");
  fuzz::promise(again->next_after(kNow) == next, "its fields are due when it is");
}

}  // namespace
}  // namespace lifeboat::config

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::config;
  switch (input.choose(3)) {
    case 0:
      return written_by_hand(input);
    case 1:
      return carried_by_a_snapshot(input);
    default:
      return schedule(input);
  }
}
