#include "cli/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "cli/test_watch.h"

namespace lifeboat::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsText, TellsAllOfAGoodService) {
  const auto text = metrics_text({watched_shop()}, kWatchNow);
  for (const auto* line :
       {"# TYPE lifeboat_status_time_seconds gauge\nlifeboat_status_time_seconds 1763718300\n",
        "lifeboat_check_level{service=\"shop\",check=\"backup\"} 0\n",
        "lifeboat_check_level{service=\"shop\",repository=\"local\",check=\"copy\"} 0\n",
        "lifeboat_repository_up{service=\"shop\",repository=\"local\"} 1\n",
        "lifeboat_snapshots{service=\"shop\",repository=\"local\"} 3\n",
        "lifeboat_newest_backup_time_seconds{service=\"shop\",repository=\"local\"} 1763711100\n",
        "lifeboat_last_proven_time_seconds{service=\"shop\",repository=\"local\"} 1763610300\n",
        "lifeboat_last_drill_time_seconds{service=\"shop\",repository=\"local\","
        "drill=\"nightly\"} 1763610300\n",
        "lifeboat_last_drill_verdict{service=\"shop\",repository=\"local\",drill=\"nightly\","
        "verdict=\"proven\"} 1\n",
        "lifeboat_last_drill_verdict{service=\"shop\",repository=\"local\",drill=\"nightly\","
        "verdict=\"failed\"} 0\n",
        "lifeboat_key_proven{service=\"shop\",repository=\"local\",key=\"admin\"} 1\n",
        "lifeboat_backup_limit_seconds{service=\"shop\"} 86400\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(MetricsText, ASilentRepositoryHasNoValuesButThatItIsSilent) {
  auto shop = watched_shop();
  shop["repositories"][0]["error"] = {{"message", "gone"}};
  const auto text = metrics_text({shop}, kWatchNow);
  EXPECT_THAT(text, HasSubstr("lifeboat_repository_up{service=\"shop\",repository=\"local\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("lifeboat_snapshots")));
  EXPECT_THAT(text, Not(HasSubstr("lifeboat_newest_backup_time_seconds{")));
}

TEST(MetricsText, OneDrillHidesNoOtherAndNoOtherRepository) {
  auto shop = watched_shop();
  auto& drills = shop["watch"]["drills"];
  auto failed = drills[0];
  failed["verdict"] = "failed";
  for (const auto& [key, name] : {std::pair("drill", "full"), std::pair("repository", "offsite")}) {
    drills.push_back(failed);
    drills.back()[key] = name;
  }
  const auto text = metrics_text({shop}, kWatchNow);
  for (const auto* line : {"repository=\"local\",drill=\"nightly\",verdict=\"proven\"} 1\n",
                           "repository=\"local\",drill=\"full\",verdict=\"failed\"} 1\n",
                           "repository=\"offsite\",drill=\"nightly\",verdict=\"failed\"} 1\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(MetricsText, AVerdictThatItDoesNotKnowDidNotDecide) {
  auto shop = watched_shop();
  shop["watch"]["drills"][0] = {{"time", to_rfc3339(kWatchNow)}, {"verdict", "unreadable"}};
  const auto text = metrics_text({shop}, kWatchNow);
  EXPECT_THAT(text, HasSubstr("{service=\"shop\",verdict=\"unverified\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{service=\"shop\",verdict=\"proven\"} 0\n"));
}

TEST(MetricsText, EscapesWhatAKeyIsCalled) {
  auto shop = watched_shop();
  answer_in(shop, 4)["key"] = "the \"red\" one\\";
  EXPECT_THAT(metrics_text({shop}, kWatchNow), HasSubstr("key=\"the \\\"red\\\" one\\\\\"} 1\n"));
}

TEST(MetricsText, NeverSaysAValueTwice) {
  auto shop = watched_shop();
  auto twin = answer_in(shop, 4);
  twin["level"] = "warning";
  shop["watch"]["answers"].push_back(twin);
  const auto text = metrics_text({shop, shop}, kWatchNow);
  EXPECT_THAT(text, HasSubstr("key=\"admin\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("key=\"admin\"} 1\n")));
  std::map<std::string, int> seen;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_EQ(++seen[line.substr(0, line.rfind(' '))], 1) << line;
}

}  // namespace
}  // namespace lifeboat::cli
