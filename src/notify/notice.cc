#include "notify/notice.h"

#include <algorithm>
#include <array>

#include "base/counted.h"
#include "base/json_value.h"

namespace lifeboat::notify {
namespace {

constexpr int kFormat = 1;
constexpr std::size_t kMostEvents = 9;
constexpr std::array<std::string_view, kMostEvents> kNames{"failed",  "unverified", "missed",
                                                           "overdue", "recovered",  "restore",
                                                           "proven",  "backup",     "test"};
static_assert(kNames.size() == static_cast<std::size_t>(Event::test) + 1);

// A cut may not leave half a letter.
std::size_t whole_letters(std::string_view text, std::size_t size) {
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return size;
}

struct Field {
  const char* key;
  std::string Notice::* member;
};
constexpr std::array<Field, 9> kFields{{{"id", &Notice::id},
                                        {"service", &Notice::service},
                                        {"subject", &Notice::subject},
                                        {"verdict", &Notice::verdict},
                                        {"reason", &Notice::reason},
                                        {"since", &Notice::since},
                                        {"next", &Notice::next},
                                        {"host", &Notice::host},
                                        {"owner", &Notice::owner}}};

void add_line(std::string& text, std::string_view label, const std::string& value) {
  if (!value.empty()) text += "\n" + std::string(label) + ": " + value;
}

}  // namespace

bool Notice::is(Event event) const {
  return std::find(events.begin(), events.end(), event) != events.end();
}

bool is_good(const Notice& notice) { return notice.is(Event::proven) || notice.is(Event::backup); }

std::string_view name_of(Event event) { return kNames[static_cast<std::size_t>(event)]; }

Result<Event> parse_event(std::string_view text) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), text);
  if (found != kNames.end()) return static_cast<Event>(found - kNames.begin());
  return fail(Code::corrupt, "there is no event \"" + std::string(text) + "\"");
}

std::string headline(const Notice& notice) {
  if (notice.is(Event::test)) return "Lifeboat: a test of this notifier";
  auto text = notice.service + ": " + notice.subject + " " + notice.verdict;
  if (notice.is(Event::recovered)) text += " again";
  if (notice.is(Event::missed)) text += ", but an objective was missed";
  return text;
}

std::string text_of(const Notice& notice) {
  auto text = headline(notice);
  add_line(text, "Why", notice.reason);
  add_line(text, notice.is(Event::recovered) ? "It was not since" : "Since", notice.since);
  add_line(text, "Next", notice.next);
  add_line(text, "Owner", notice.owner);
  add_line(text, "When", to_the_second(notice.time));
  add_line(text, "Where", notice.host);
  if (notice.lost != 0)
    add_line(text, "Lost",
             counted(notice.lost, "earlier notice was", "earlier notices were") +
                 " given up, for too many waited");
  return text;
}

Json to_json(const Notice& notice) {
  Json json{{"format", kFormat}, {"time", to_rfc3339(notice.time)}, {"events", Json::array()}};
  for (const auto event : notice.events) json["events"].push_back(name_of(event));
  for (const auto& field : kFields) json[field.key] = notice.*field.member;
  json["lost"] = notice.lost;
  return json;
}

Result<Notice> notice_of(const Json& json) {
  if (TRY(number_at(json, "format")) != kFormat)
    return fail(Code::unsupported_format, "a notice of a newer form");
  Notice notice;
  notice.time = TRY(parse_rfc3339(TRY(text_at(json, "time"))));
  for (const auto& field : kFields) notice.*field.member = TRY(text_at(json, field.key));
  notice.lost = static_cast<unsigned>(TRY(number_at(json, "lost")));
  const auto& events = *TRY(member(json, "events"));
  if (!events.is_array() || events.empty() || events.size() > kMostEvents)
    return fail(Code::corrupt, "a notice about nothing");
  for (const auto& event : events) {
    if (!event.is_string()) return fail(Code::corrupt, "an event that is no text");
    notice.events.push_back(TRY(parse_event(event.get<std::string>())));
  }
  return notice;
}

std::string one_line(std::string_view text, std::size_t longest) {
  std::string line;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    const bool blank = code < 0x20 || code == 0x7F;
    if (!blank) line += letter;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() <= longest) return line;
  constexpr std::string_view kMore = "…";
  const auto room = longest > kMore.size() ? longest - kMore.size() : 0;
  line.resize(whole_letters(line, room));
  return line + std::string(kMore);
}

}  // namespace lifeboat::notify
