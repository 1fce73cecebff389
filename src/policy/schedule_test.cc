#include "policy/schedule.h"

#include <gtest/gtest.h>

namespace lifeboat::policy {
namespace {

Time at(const std::string& text) { return parse_rfc3339(text).value(); }

std::string next(const std::string& schedule, const std::string& after,
                 const std::string& tz = "UTC") {
  const auto parsed = Schedule::parse(schedule, tz);
  EXPECT_TRUE(parsed) << parsed.error().describe();
  return to_rfc3339(parsed->next_after(at(after)));
}

std::string complaint(const std::string& schedule, const std::string& tz = "UTC") {
  const auto parsed = Schedule::parse(schedule, tz);
  return parsed ? "" : parsed.error().message();
}

TEST(Schedule, IsDueAtTheNextMatchingMinute) {
  EXPECT_EQ(next("0 3 * * *", "2026-11-21T02:59:59Z"), "2026-11-21T03:00:00Z");
  EXPECT_EQ(next("*/15 * * * *", "2026-11-21T10:07:00Z"), "2026-11-21T10:15:00Z");
  EXPECT_EQ(next("5,10-12 9-17/4 * * *", "2026-11-21T09:12:00Z"), "2026-11-21T13:05:00Z");
}

TEST(Schedule, IsNeverDueAtTheMomentItself) {
  EXPECT_EQ(next("0 3 * * *", "2026-11-21T03:00:00Z"), "2026-11-22T03:00:00Z");
}

TEST(Schedule, KnowsDaysAndMonthsByName) {
  EXPECT_EQ(next("0 5 * * mon-FRI", "2026-11-21T00:00:00Z"), "2026-11-23T05:00:00Z");
  EXPECT_EQ(next("0 5 1 Jan,jul *", "2026-11-21T00:00:00Z"), "2027-01-01T05:00:00Z");
  EXPECT_EQ(next("0 5 * * 7", "2026-11-21T00:00:00Z"), "2026-11-22T05:00:00Z");
  EXPECT_EQ(next("@monthly", "2026-11-21T00:00:00Z"), "2026-12-01T00:00:00Z");
}

TEST(Schedule, OfADayOfTheMonthAndOneOfTheWeekIsDueOnEither) {
  EXPECT_EQ(next("0 0 13 * fri", "2026-11-21T00:00:00Z"), "2026-11-27T00:00:00Z");
  EXPECT_EQ(next("0 0 13 * fri", "2026-12-11T00:00:00Z"), "2026-12-13T00:00:00Z");
}

TEST(Schedule, FindsALeapDay) {
  EXPECT_EQ(next("0 0 29 2 *", "2026-11-21T00:00:00Z"), "2028-02-29T00:00:00Z");
}

TEST(Schedule, FollowsItsTimeZone) {
  EXPECT_EQ(next("0 3 * * *", "2026-11-21T00:00:00Z", "Europe/Berlin"), "2026-11-21T02:00:00Z");
  EXPECT_EQ(next("0 3 * * *", "2026-07-21T00:00:00Z", "Europe/Berlin"), "2026-07-21T01:00:00Z");
}

// Berlin, 29 March 2026: 02:00 becomes 03:00.
TEST(Schedule, IsDueAtTheEndOfAMissingHour) {
  EXPECT_EQ(next("30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(next("30 2 * * *", "2026-03-29T01:00:00Z", "Europe/Berlin"), "2026-03-30T00:30:00Z");
}

// Berlin, 25 October 2026: 03:00 becomes 02:00 again.
TEST(Schedule, IsDueOnceInARepeatedHour) {
  EXPECT_EQ(next("30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Berlin"), "2026-10-25T00:30:00Z");
  EXPECT_EQ(next("30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Berlin"), "2026-10-26T01:30:00Z");
}

TEST(Schedule, OfEveryHourKeepsToRealHours) {
  EXPECT_EQ(next("30 * * * *", "2026-10-25T00:30:00Z", "Europe/Berlin"), "2026-10-25T01:30:00Z");
  EXPECT_EQ(next("30 * * * *", "2026-03-29T00:30:00Z", "Europe/Berlin"), "2026-03-29T01:30:00Z");
}

TEST(Schedule, SaysWhichFieldIsWrong) {
  EXPECT_EQ(complaint("61 3 * * *"), "\"61\" is no minute of a schedule");
  EXPECT_EQ(complaint("0 3-1 * * *"), "\"3-1\" is no hour of a schedule");
  EXPECT_EQ(complaint("0 3 0 * *"), "\"0\" is no day of the month of a schedule");
  EXPECT_EQ(complaint("0 3 * foo *"), "\"foo\" is no month of a schedule");
  EXPECT_EQ(complaint("0 3 * * */0"), "\"*/0\" is no day of the week of a schedule");
  EXPECT_EQ(complaint("0 3 * *"), "\"0 3 * *\" is no schedule");
  EXPECT_EQ(complaint("@often"), "\"@often\" is no schedule");
  EXPECT_EQ(complaint("0 0 30 2 *"), "\"0 0 30 2 *\" is never due");
  EXPECT_NE(complaint("0 3 * * *", "Mars/Base"), "");
}

TEST(Schedule, IsWrittenForSystemd) {
  const auto line = [](const std::string& text) {
    return Schedule::parse(text, "Europe/Berlin")->on_calendar();
  };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(line("0 3 * * *"), Lines{"*-*-* 3:0:00 Europe/Berlin"});
  EXPECT_EQ(line("*/30 9 * * mon-fri"), Lines{"Mon,Tue,Wed,Thu,Fri *-*-* 9:0,30:00 Europe/Berlin"});
  EXPECT_EQ(line("0 5 1 */3 *"), Lines{"*-1,4,7,10-1 5:0:00 Europe/Berlin"});
  EXPECT_EQ(line("0 0 13 * fri"),
            (Lines{"*-*-13 0:0:00 Europe/Berlin", "Fri *-*-* 0:0:00 Europe/Berlin"}));
}

}  // namespace
}  // namespace lifeboat::policy
