#include "cli/check_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/test_watch.h"

namespace lifeboat::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(CheckLine, IsOneGoodLineWithPerformanceData) {
  const auto line = check_line({watched_shop()}, kWatchNow);
  EXPECT_EQ(line.status, 0);
  EXPECT_EQ(line.text,
            "LIFEBOAT OK - shop: backup 2 h 00 min ago, drill proven 1 d 6 h ago | "
            "shop_backup_age=7200s;;86400;0 shop_drill_age=108000s;3024000;;0 "
            "shop_local_snapshots=3;;;0");
}

TEST(CheckLine, NamesTheOneProblemAndItsLimit) {
  auto shop = watched_shop();
  answer_in(shop, 0) = {{"question", "backup"},
                        {"level", "critical"},
                        {"cause", "backup-old"},
                        {"age_seconds", 100'000}};
  const auto line = check_line({shop}, kWatchNow);
  EXPECT_EQ(line.status, 2);
  EXPECT_THAT(line.text, StartsWith("LIFEBOAT CRITICAL - shop: the newest backup is 1 d 3 h old, "
                                    "more than 1 d 0 h |"));
  EXPECT_THAT(line.text, Not(HasSubstr("\n")));
}

TEST(CheckLine, SaysThatNoticesWait) {
  auto shop = watched_shop();
  shop["notices_waiting"] = Json::array({Json{{"notifier", "pager"}, {"count", 2}}});
  answer_in(shop, 0) = {{"question", "notice"}, {"level", "warning"}, {"cause", "notice-waiting"}};
  const auto line = check_line({shop}, kWatchNow);
  EXPECT_EQ(line.status, 1);
  EXPECT_THAT(line.text, HasSubstr("shop: 2 notices wait for pager"));
}

TEST(CheckLine, NamesADrillThatMissedItsTime) {
  auto shop = watched_shop();
  answer_in(shop, 0) = {{"question", "drill"},
                        {"level", "warning"},
                        {"cause", "drill-old"},
                        {"drill", "nightly"},
                        {"age_seconds", 100'000}};
  EXPECT_THAT(
      check_line({shop}, kWatchNow).text,
      HasSubstr("drill nightly should have run, for 1 d 3 h it has not: `lifeboat drill run "
                "shop --drill nightly`"));
}

TEST(CheckLine, PutsTheWorstProblemFirstAndListsThemAll) {
  auto shop = watched_shop();
  answer_in(shop, 2) = {{"question", "drill"}, {"level", "warning"}, {"cause", "drill-missing"}};
  answer_in(shop, 1) = {{"question", "copy"},
                        {"level", "unknown"},
                        {"cause", "copy-silent"},
                        {"repository", "local"}};
  const auto line = check_line({shop}, kWatchNow);
  EXPECT_EQ(line.status, 3);
  EXPECT_THAT(line.text, StartsWith("LIFEBOAT UNKNOWN - shop: no answer from local"));
  EXPECT_THAT(line.text, HasSubstr("(and 1 more) |"));
  EXPECT_THAT(line.text, HasSubstr("\nWARNING: shop: no drill ever: `lifeboat drill run shop`"));
}

TEST(CheckLine, SaysWhyBeforeWhatFollowsFromIt) {
  auto shop = watched_shop();
  answer_in(shop, 0) = {{"question", "backup"}, {"level", "unknown"}, {"cause", "not-known"}};
  answer_in(shop, 1) = {{"question", "copy"},
                        {"level", "unknown"},
                        {"cause", "copy-silent"},
                        {"repository", "local"}};
  EXPECT_THAT(check_line({shop}, kWatchNow).text,
              StartsWith("LIFEBOAT UNKNOWN - shop: no answer from local"));
}

TEST(CheckLine, CriticalDecidesOverUnknown) {
  auto shop = watched_shop();
  answer_in(shop, 1)["level"] = "unknown";
  answer_in(shop, 1)["cause"] = "copy-silent";
  answer_in(shop, 3)["level"] = "critical";
  answer_in(shop, 3)["cause"] = "drill-failed";
  const auto line = check_line({shop}, kWatchNow);
  EXPECT_EQ(line.status, 2);
  EXPECT_THAT(line.text, StartsWith("LIFEBOAT CRITICAL - shop: the last drill nightly of local "
                                    "failed: `lifeboat drill list shop`"));
}

TEST(CheckLine, ARecordThatCannotBeReadIsOfNoDrill) {
  auto shop = watched_shop();
  answer_in(shop, 3) = {
      {"question", "verdict"}, {"level", "unknown"}, {"cause", "drill-undecided"}};
  EXPECT_THAT(check_line({shop}, kWatchNow).text,
              StartsWith("LIFEBOAT UNKNOWN - shop: the last drill could not decide: "));
}

TEST(CheckLine, MessagesCannotBreakThePerformanceData) {
  auto shop = watched_shop();
  shop["repositories"][0]["error"] = {{"message", "disk|gone\nand more"}};
  answer_in(shop, 1) = {{"question", "copy"},
                        {"level", "unknown"},
                        {"cause", "copy-silent"},
                        {"repository", "local"}};
  const auto text = check_line({shop}, kWatchNow).text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '|'), 1);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 0);
  EXPECT_THAT(text, HasSubstr("disk/gone"));
}

TEST(CheckLine, AWordItDoesNotKnowIsUnknown) {
  auto shop = watched_shop();
  answer_in(shop, 0)["level"] = "splendid";
  EXPECT_EQ(check_line({shop}, kWatchNow).status, 3);
  EXPECT_EQ(level_number("ok"), 0);
  EXPECT_EQ(level_number(""), 3);
}

TEST(CheckLine, WithoutAnythingToAskIsUnknown) {
  EXPECT_EQ(check_line(std::vector<Json>{}, kWatchNow).status, 3);
  const auto line = check_line(Error(Code::config_invalid, "there is no configuration"));
  EXPECT_EQ(line.status, 3);
  EXPECT_EQ(line.text, "LIFEBOAT UNKNOWN - there is no configuration");
}

TEST(CheckLine, MeasuresNothingWhereThereIsNothing) {
  auto shop = watched_shop();
  answer_in(shop, 0) = {{"question", "backup"}, {"level", "critical"}, {"cause", "backup-missing"}};
  EXPECT_THAT(check_line({shop}, kWatchNow).text, HasSubstr("shop_backup_age=U;;86400;0"));
}

}  // namespace
}  // namespace lifeboat::cli
