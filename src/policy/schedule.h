#pragma once
// When something is due: the five fields of crontab(5), in a time zone. Immutable; thread-safe.
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace lifeboat::policy {

// A day matches when both its day of the month and its day of the week do; when neither field
// begins with "*", one of the two is enough, as in cron. Where the clock is set forward, what falls
// into the missing hour is due at its end; where it is set back, what falls into the repeated hour
// is due once. A schedule of every hour keeps to real hours: it skips and repeats with the clock.
class Schedule {
 public:
  // "0 3 * * *", "*/15 9-17 * * mon-fri", "@daily"; `config_invalid` names the field or the zone.
  static Result<Schedule> parse(std::string_view text, const std::string& tz);

  // The first moment later than `time`.
  Time next_after(Time time) const;

  const std::string& text() const { return text_; }  // as written
  // Its five fields: "0 0 * * *" of "@daily".
  const std::string& fields() const { return fields_; }
  const std::string& tz() const { return tz_; }
  // The same for `OnCalendar=` of systemd.time(7), which needs two lines where one of two days is
  // enough.
  std::vector<std::string> on_calendar() const;

 private:
  Schedule() = default;
  Result<void> parse_fields(std::string_view text);
  bool matches_day(unsigned month, unsigned day, unsigned weekday) const;
  bool either_day() const { return !any_day_ && !any_weekday_; }
  std::string calendar_line(bool days, bool weekdays) const;

  std::string text_;
  std::string fields_;
  std::string tz_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;     // from 1
  std::bitset<13> months_;   // from 1
  std::bitset<7> weekdays_;  // Sunday is 0
  bool any_day_ = false;     // the field begins with "*"
  bool any_weekday_ = false;
};

}  // namespace lifeboat::policy
