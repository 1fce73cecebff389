#include "policy/schedule.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace lifeboat::policy {
namespace {

// Every schedule that can be due at all is due within this: 29 February beside a leap century.
constexpr int kMostDays = 366 * 9;

struct Field {
  std::string_view name;
  unsigned first;
  unsigned last;
  std::string_view words = {};  // three letters each, the first one for `first`
};

constexpr Field kMinute{"minute", 0, 59};
constexpr Field kHour{"hour", 0, 23};
constexpr Field kDay{"day of the month", 1, 31};
constexpr Field kMonth{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"};
constexpr Field kWeekday{"day of the week", 0, 7, "sunmontuewedthufrisat"};  // 7 is Sunday too

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNames{{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const auto end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  auto words = split(text, ' ');
  std::erase(words, std::string_view());
  return words;
}

std::optional<unsigned> number_in(const Field& field, std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (std::size_t at = 0; at < field.words.size(); at += 3)
    if (field.words.substr(at, 3) == lower) return field.first + static_cast<unsigned>(at / 3);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < field.first || number > field.last) return std::nullopt;
  return number;
}

// "5", "1-5", "*", each perhaps with "/2".
struct Range {
  unsigned first = 0;
  unsigned last = 0;
  unsigned step = 1;
};

std::optional<Range> parse_range(const Field& field, std::string_view text) {
  Range range{field.first, field.last, 1};
  const auto slash = text.find('/');
  const auto body = text.substr(0, slash);
  if (slash != std::string_view::npos) {
    const Field step{"step", 1, field.last};
    const auto number = number_in(step, text.substr(slash + 1));
    if (!number) return std::nullopt;
    range.step = *number;
  }
  if (body == "*") return range;
  const auto ends = split(body, '-');
  const auto first = number_in(field, ends[0]);
  const auto last = ends.size() == 2 ? number_in(field, ends[1]) : first;
  if (!first || !last || *first > *last || ends.size() > 2) return std::nullopt;
  range.first = *first;
  if (ends.size() == 2 || slash == std::string_view::npos) range.last = *last;
  return range;
}

template <std::size_t N>
Result<std::bitset<N>> parse_field(const Field& field, std::string_view text) {
  std::bitset<N> set;
  for (const auto part : split(text, ',')) {
    const auto range = parse_range(field, part);
    if (!range)
      return fail(Error(Code::config_invalid, "\"" + std::string(part) + "\" is no " +
                                                  std::string(field.name) + " of a schedule")
                      .with_hint("Write five fields such as \"0 3 * * *\": minute, hour, day of "
                                 "the month, month, day of the week."));
    for (unsigned value = range->first; value <= range->last; value += range->step)
      set.set(&field == &kWeekday ? value % 7 : value);
  }
  return set;
}

template <std::size_t N>
std::string list_of(const std::bitset<N>& set, unsigned first) {
  std::string list;
  std::size_t count = 0;
  for (unsigned value = first; value < N; ++value) {
    if (!set.test(value)) continue;
    list += (list.empty() ? "" : ",") + std::to_string(value);
    ++count;
  }
  return count == N - first ? "*" : list;
}

// The moments that a local time means: none in a gap, two where the clock is set back.
struct Moments {
  std::optional<Time> first;
  std::optional<Time> second;
  Time gap_end;
};

Moments moments_of(const date::time_zone& zone, date::local_time<std::chrono::minutes> local) {
  const auto info = zone.get_info(local);
  const auto at = [&](const date::sys_info& side) {
    return Time(local.time_since_epoch() - side.offset);
  };
  if (info.result == date::local_info::unique) return {at(info.first), std::nullopt, {}};
  if (info.result == date::local_info::ambiguous) return {at(info.first), at(info.second), {}};
  return {std::nullopt, std::nullopt, Time(info.first.end.time_since_epoch())};
}

}  // namespace

Result<Schedule> Schedule::parse(std::string_view text, const std::string& tz) {
  Schedule schedule;
  schedule.text_ = text;
  schedule.tz_ = tz;
  // The library tells of an unknown zone by an exception.
  try {
    date::locate_zone(tz);
  } catch (const std::exception& error) {
    return fail(Code::config_invalid, "time zone \"" + tz + "\": " + error.what());
  }
  const auto* named = std::ranges::find(kNames, text, &decltype(kNames)::value_type::first);
  schedule.fields_ = named == kNames.end() ? text : named->second;
  TRY(schedule.parse_fields(schedule.fields_));
  const Time far = Time(std::chrono::hours(24) * 365);
  if (schedule.next_after(far) == Time::max())
    return fail(Code::config_invalid, "\"" + std::string(text) + "\" is never due");
  return schedule;
}

Result<void> Schedule::parse_fields(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != 5)
    return fail(Error(Code::config_invalid, "\"" + std::string(text) + "\" is no schedule")
                    .with_hint("Write five fields such as \"0 3 * * *\", or @hourly, @daily, "
                               "@weekly, @monthly, @yearly."));
  minutes_ = TRY(parse_field<60>(kMinute, words[0]));
  hours_ = TRY(parse_field<24>(kHour, words[1]));
  days_ = TRY(parse_field<32>(kDay, words[2]));
  months_ = TRY(parse_field<13>(kMonth, words[3]));
  weekdays_ = TRY(parse_field<7>(kWeekday, words[4]));
  any_day_ = words[2].starts_with('*');
  any_weekday_ = words[4].starts_with('*');
  return {};
}

bool Schedule::matches_day(unsigned month, unsigned day, unsigned weekday) const {
  if (!months_.test(month)) return false;
  if (either_day()) return days_.test(day) || weekdays_.test(weekday);
  return days_.test(day) && weekdays_.test(weekday);
}

Time Schedule::next_after(Time time) const {
  const auto& zone = *date::locate_zone(tz_);
  const auto local = zone.to_local(date::floor<std::chrono::seconds>(time));
  auto day = date::floor<date::days>(local) - date::days(1);
  for (int days = 0; days < kMostDays; ++days, day += date::days(1)) {
    const date::year_month_day date(day);
    const date::weekday weekday(day);
    if (!matches_day(unsigned(date.month()), unsigned(date.day()), weekday.c_encoding())) continue;
    Time best = Time::max();
    const auto consider = [&](std::optional<Time> moment) {
      if (moment && *moment > time) best = std::min(best, *moment);
    };
    for (unsigned minute = 0; minute < 24 * 60; ++minute) {
      if (!hours_.test(minute / 60) || !minutes_.test(minute % 60)) continue;
      const auto moments = moments_of(zone, day + std::chrono::minutes(minute));
      consider(moments.first);
      if (hours_.all()) consider(moments.second);
      if (!moments.first && !hours_.all()) consider(moments.gap_end);
    }
    if (best != Time::max()) return best;
  }
  return Time::max();
}

std::vector<std::string> Schedule::on_calendar() const {
  if (either_day()) return {calendar_line(true, false), calendar_line(false, true)};
  return {calendar_line(true, true)};
}

std::string Schedule::calendar_line(bool days, bool weekdays) const {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                         "Thu", "Fri", "Sat"};
  std::string line;
  if (weekdays && !weekdays_.all())
    for (std::size_t i = 0; i < kDays.size(); ++i)
      if (weekdays_.test(i)) line += (line.empty() ? "" : ",") + std::string(kDays[i]);
  if (!line.empty()) line += " ";
  line += "*-" + list_of(months_, 1) + "-" + (days ? list_of(days_, 1) : "*");
  line += " " + list_of(hours_, 0) + ":" + list_of(minutes_, 0) + ":00";
  return line + " " + tz_;
}

}  // namespace lifeboat::policy
