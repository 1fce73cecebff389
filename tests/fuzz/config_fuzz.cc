// The configuration: as a person writes it, as a snapshot from anywhere carries it, the schedules
// in it, and the application's `.env` beside it.
#include <set>

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

// Whatever could be a name: what the letters of names make up.
std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words{""};
  std::string word;
  for (const char letter : text) {
    const bool belongs = std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
    if (!belongs) words.insert(std::exchange(word, {}));
    if (belongs) word += letter;
  }
  words.insert(word);
  return words;
}

void env_file(fuzz::Input input) {
  Variables variables;
  variables.add_env_file(input.text());
  for (const auto& name : words_of(input.text())) {
    const auto value = variables.find(name);
    if (!value) continue;
    const bool is_name = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
    fuzz::promise(is_name, "what has a value has a name");
    fuzz::promise(value->find('\n') == std::string_view::npos &&
                      input.text().find(*value) != std::string_view::npos,
                  "a value is a part of one line");
    const char quote = value->find('"') == std::string_view::npos ? '"' : '\'';
    if (value->find(quote) != std::string_view::npos) continue;
    Variables again;
    again.add_env_file("export " + name + " = " + quote + std::string(*value) + quote + " # note");
    fuzz::promise(again.find(name) == value, "a value in quotes is read as it is");
  }
}

}  // namespace
}  // namespace lifeboat::config

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::config;
  switch (input.choose(4)) {
    case 0:
      return written_by_hand(input);
    case 1:
      return carried_by_a_snapshot(input);
    case 2:
      return schedule(input);
    default:
      return env_file(input);
  }
}
