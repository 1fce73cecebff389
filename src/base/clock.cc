#include "base/clock.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <thread>

namespace lifeboat {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::sys_days;
using std::chrono::system_clock;
using std::chrono::time_point_cast;
using std::chrono::year;
using std::chrono::year_month_day;

Result<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  if (text.size() < at + count) return fail(Code::usage, "a time is too short");
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, value);
  if (error != std::errc{} || end != begin + count || *begin == '-')
    return fail(Code::usage, "not a number in a time");
  return value;
}

Result<Time> parse_seconds(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
    return fail(Code::usage, "not of the form");
  const year_month_day date{year(TRY(digits(text, 0, 4))),
                            month(static_cast<unsigned>(TRY(digits(text, 5, 2)))),
                            day(static_cast<unsigned>(TRY(digits(text, 8, 2))))};
  const int hour = TRY(digits(text, 11, 2));
  const int minute = TRY(digits(text, 14, 2));
  const int second = TRY(digits(text, 17, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60)
    return fail(Code::usage, "no such time");
  return Time(sys_days(date) + hours(hour) + minutes(minute) + seconds(second));
}

// Takes ".123" off the front; returns microseconds.
Result<Duration> take_fraction(std::string_view& rest) {
  if (rest.empty() || rest[0] != '.') return Duration(0);
  rest.remove_prefix(1);
  Duration fraction(0);
  int scale = 100'000;
  std::size_t count = 0;
  while (count < rest.size() && rest[count] >= '0' && rest[count] <= '9') {
    fraction += Duration((rest[count] - '0') * scale);
    scale /= 10;
    ++count;
  }
  if (count == 0) return fail(Code::usage, "an empty fraction");
  rest.remove_prefix(count);
  return fraction;
}

Result<Duration> parse_offset(std::string_view rest) {
  if (rest == "Z" || rest == "z") return Duration(0);
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':')
    return fail(Code::usage, "no offset such as Z or +01:00");
  const Duration offset = hours(TRY(digits(rest, 1, 2))) + minutes(TRY(digits(rest, 4, 2)));
  return rest[0] == '+' ? offset : -offset;
}

Result<Time> parse_parts(std::string_view text) {
  const Time base = TRY(parse_seconds(text));
  auto rest = text.substr(19);
  const Duration fraction = TRY(take_fraction(rest));
  return base + fraction - TRY(parse_offset(rest));
}

struct Unit {
  std::string_view name;
  double factor;
};

template <std::size_t N>
Result<double> parse_with_unit(std::string_view text, const std::array<Unit, N>& units) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || !std::isfinite(number))
    return fail(Code::config_invalid, "does not begin with a number");
  auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  while (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  for (const auto& unit : units)
    if (unit.name == rest) return number * unit.factor;
  return fail(Code::config_invalid, "unknown unit \"" + std::string(rest) + "\"");
}

}  // namespace

Time SystemClock::now() const { return time_point_cast<Duration>(system_clock::now()); }
Duration SystemClock::steady() const {
  return duration_cast<Duration>(steady_clock::now().time_since_epoch());
}
void SystemClock::sleep(Duration time) const { std::this_thread::sleep_for(time); }

std::string to_rfc3339(Time time) {
  const auto date_start = floor<days>(time);
  const year_month_day date(date_start);
  const hh_mm_ss clock(time - date_start);
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()),
                          unsigned(date.month()), unsigned(date.day()), clock.hours().count(),
                          clock.minutes().count(), clock.seconds().count());
  const auto fraction = clock.subseconds().count();
  return text + (fraction == 0 ? "Z" : fmt::format(".{:06}Z", fraction));
}

std::string to_the_second(Time time) {
  return to_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
}

Result<Time> parse_rfc3339(std::string_view text) {
  auto parsed = parse_parts(text);
  if (parsed) return parsed;
  return fail(Error(Code::usage, "\"" + std::string(text) + "\" is not a time")
                  .with_hint("Write a time as 2026-11-20T14:32:07Z or 2026-11-20T15:32:07+01:00."));
}

Result<Duration> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 7> kUnits{{{"ms", 1e3},
                                               {"s", 1e6},
                                               {"m", 60e6},
                                               {"min", 60e6},
                                               {"h", 3600e6},
                                               {"d", 86400e6},
                                               {"w", 7 * 86400e6}}};
  auto value = parse_with_unit(text, kUnits);
  if (value && *value < 9e18) return Duration(static_cast<std::int64_t>(*value));
  return fail(Error(Code::config_invalid, "\"" + std::string(text) + "\" is not a duration")
                  .with_hint("Write a duration as 90s, 15m, 24h, 2d or 1w."));
}

std::string describe_duration(Duration time) {
  const auto total = duration_cast<seconds>(time).count();
  // Below a second "0.0 s" would say nothing.
  if (total == 0) return fmt::format("{} ms", duration_cast<milliseconds>(time).count());
  if (total < 60) return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1e6);
  if (total < 3600) return fmt::format("{} min {:02} s", total / 60, total % 60);
  if (total < 86400) return fmt::format("{} h {:02} min", total / 3600, total / 60 % 60);
  return fmt::format("{} d {} h", total / 86400, total / 3600 % 24);
}

std::string describe_size(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  static constexpr std::array<const char*, 5> kNames{"kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes) / 1000;
  std::size_t name = 0;
  while (value >= 999.95 && name + 1 < kNames.size()) {
    value /= 1000;
    ++name;
  }
  return fmt::format("{:.1f} {}", value, kNames[name]);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::array<Unit, 11> kUnits{{{"", 1},
                                                {"B", 1},
                                                {"kB", 1e3},
                                                {"KB", 1e3},
                                                {"MB", 1e6},
                                                {"GB", 1e9},
                                                {"TB", 1e12},
                                                {"KiB", 1024.0},
                                                {"MiB", 1048576.0},
                                                {"GiB", 1073741824.0},
                                                {"TiB", 1099511627776.0}}};
  const auto body = text.ends_with("/s") ? text.substr(0, text.size() - 2) : text;
  auto value = parse_with_unit(body, kUnits);
  if (value && *value < 9e18) return static_cast<std::uint64_t>(*value);
  return fail(Error(Code::config_invalid, "\"" + std::string(text) + "\" is not a size")
                  .with_hint("Write a size as 50MB, 4GiB or 20MB/s."));
}

}  // namespace lifeboat
