#include <gmock/gmock.h>

#include <algorithm>

#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

class StatusCalls : public TestShop {
 protected:
  Json watched(StatusCall call = {}) {
    call.service = "shop";
    const auto answer = status(setup_, call, context());
    EXPECT_TRUE(answer) << answer.error().describe();
    exit_ = answer ? answer->exit_status : -1;
    return answer ? answer->body["watch"] : Json();
  }
  static std::vector<std::string> causes(const Json& watch) {
    std::vector<std::string> found;
    for (const auto& answer : watch["answers"])
      if (answer["cause"] != "good") found.push_back(answer["cause"].get<std::string>());
    return found;
  }
  // "full of local failed" of each, as the last one said.
  static std::vector<std::string> verdicts(const Json& watch) {
    std::vector<std::string> found;
    for (const auto& each : watch["drills"])
      found.push_back(each.value("drill", "") + " of " + each.value("repository", "") + " " +
                      each.value("verdict", ""));
    return found;
  }
  // Two drills, of which one is proven by what has the upload "good" alone, and two repositories.
  void two_of_each() {
    const std::string text = R"(version: 1
services:
  shop:
    sources:
      uploads: {type: files, path: uploads}
    repositories: [local, offsite]
    drills:
      full:
        checks:
          - command: {name: good, run: 'test -e ${sandbox.uploads.path}/good'}
      quick: {}
repositories:
  local: {url: repository, key: {file: key}}
  offsite: {url: copy, key: {file: key}}
)";
    ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(text)));
    ASSERT_TRUE(init_repositories(setup_, "offsite", context()));
    backed_up();
  }
  void run(const std::string& name, const std::string& from, int expected) {
    auto call = shop();
    call.drill = name;
    call.choice.repository = from;
    drill(call, expected);
  }

  int exit_ = -1;
};

TEST_F(StatusCalls, KnowsWhatWasNeverDone) {
  EXPECT_THAT(causes(watched()), ElementsAre("backup-missing", "drill-missing", "key-unproven"));
  EXPECT_EQ(watched()["level"], "critical");
  backed_up();
  EXPECT_THAT(causes(watched()), ElementsAre("drill-missing", "key-unproven"));
  drilled();
  const auto watch = watched();
  EXPECT_THAT(causes(watch), IsEmpty());
  EXPECT_EQ(watch["level"], "ok");
  EXPECT_EQ(watch["last_drill"]["verdict"], "proven");
}

TEST_F(StatusCalls, TakesTheLimitFromTheOptionThenTheObjectiveThenTheDefault) {
  backed_up();
  EXPECT_EQ(watched()["backup_limit"], (Json{{"seconds", 26 * 3600}, {"from", "default"}}));
  configure("{file: key}", "    objectives: {rpo: 2h}\n");
  EXPECT_EQ(watched()["backup_limit"], (Json{{"seconds", 7200}, {"from", "objective"}}));
  StatusCall call;
  call.backup_within = hours(5);
  EXPECT_EQ(watched(call)["backup_limit"], (Json{{"seconds", 18'000}, {"from", "option"}}));
}

TEST_F(StatusCalls, GrowsOldWithTheClock) {
  backed_up();
  drilled();
  test_.clock.advance(hours(27));
  EXPECT_THAT(causes(watched()), ElementsAre("backup-old"));
  backed_up();
  test_.clock.advance(hours(24 * 36));
  EXPECT_THAT(causes(watched()), ElementsAre("backup-old", "drill-old"));
}

TEST_F(StatusCalls, MissesABackupWhoseTimeHasPassedLongAgo) {
  configure("{file: key}", "    schedule: {full: \"0 * * * *\"}\n    objectives: {rpo: 24h}\n");
  backed_up();
  drilled();
  EXPECT_EQ(watched()["backup_limit"]["from"], "schedule") << "tighter than what was promised";
  test_.clock.advance(hours(3));
  EXPECT_THAT(causes(watched()), ElementsAre("backup-old"));
  backed_up();
  EXPECT_THAT(causes(watched()), IsEmpty());
  StatusCall call;
  call.backup_within = std::chrono::minutes(1);
  test_.clock.advance(std::chrono::minutes(2));
  EXPECT_THAT(causes(watched(call)), ElementsAre("backup-old")) << "the option decides";
}

TEST_F(StatusCalls, KeepsWhatWasPromisedWhereTheScheduleIsLooser) {
  configure("{file: key}", "    schedule: {full: \"0 3 1 * *\"}\n    objectives: {rpo: 24h}\n");
  backed_up();
  EXPECT_EQ(watched()["backup_limit"], (Json{{"seconds", 24 * 3600}, {"from", "objective"}}));
}

TEST_F(StatusCalls, MissesEachDrillThatHasTimesOfItsOwn) {
  configure("{file: key}",
            "    drills:\n      hourly: {trigger: {cron: \"0 * * * *\"}}\n"
            "      monthly: {trigger: {cron: \"0 3 1 * *\"}}\n");
  backed_up();
  drilled();
  EXPECT_THAT(causes(watched()), ElementsAre("drill-missing")) << "the other one never ran";
  DrillCall call;
  call.choice.service = "shop";
  call.drill = "monthly";
  ASSERT_TRUE(run_drill(setup_, call, context()));
  EXPECT_THAT(causes(watched()), IsEmpty());
  test_.clock.advance(hours(3));
  backed_up();
  const auto watch = watched();
  EXPECT_THAT(causes(watch), ElementsAre("drill-old"));
  EXPECT_EQ(watch["drill_limit"]["from"], "schedule");
  for (const auto& answer : watch["answers"])
    EXPECT_TRUE(answer["cause"] != "drill-old" || answer["drill"] == "hourly");
  ASSERT_TRUE(remove_tree(at("state")));
  EXPECT_THAT(causes(watched()), ElementsAre("drill-old")) << "the repository knows of both";
  StatusCall any;
  any.drill_within = hours(24);
  EXPECT_THAT(causes(watched(any)), IsEmpty()) << "the option asks for any drill";
}

TEST_F(StatusCalls, CountsADrillThatRanElsewhere) {
  backed_up();
  drilled();
  ASSERT_TRUE(remove_tree(at("state")));
  EXPECT_THAT(causes(watched()), IsEmpty()) << "its evidence is in the repository";
}

TEST_F(StatusCalls, EvidenceThatCannotBeReadDecidedNothing) {
  backed_up();
  drilled();
  ASSERT_TRUE(write_file(at("state/drills/shop/99991231T000000Z-x.json"), view_of("{")));
  EXPECT_THAT(causes(watched()), ElementsAre("drill-undecided"));
  EXPECT_EQ(watched()["level"], "unknown");
}

TEST_F(StatusCalls, ARestoreProvesTheKeyThatMadeIt) {
  backed_up();
  RestoreCall call;
  call.choice.service = "shop";
  call.to = {"back"};
  ASSERT_TRUE(restore(setup_, call, agree, context()));
  EXPECT_THAT(causes(watched()), ElementsAre("drill-missing"));
}

TEST_F(StatusCalls, TwoKeysOfOneNameCannotBeToldApart) {
  backed_up();
  drilled();
  KeyCall call;
  call.repository = "local";
  call.role = call.name = "admin";
  call.new_key_file = "other";
  ASSERT_TRUE(add_key(setup_, call, context()));
  EXPECT_THAT(causes(watched()), ElementsAre("key-unproven", "key-unproven"));
}

TEST_F(StatusCalls, ARepositoryThatIsGoneIsUnknown) {
  backed_up();
  drilled();
  fs::rename(at("repository"), at("elsewhere"));
  const auto watch = watched();
  EXPECT_EQ(watch["level"], "unknown");
  EXPECT_THAT(causes(watch), testing::Contains("copy-silent"));
}

TEST_F(StatusCalls, AFailedDrillIsHiddenByNoOtherDrillOrCopy) {
  two_of_each();
  run("full", "local", 1);
  run("quick", "local", 0);
  run("quick", "offsite", 0);
  const auto watch = watched();
  EXPECT_THAT(causes(watch), ElementsAre("drill-failed"));
  EXPECT_EQ(exit_, 1);
  EXPECT_THAT(verdicts(watch), ElementsAre("full of local failed", "quick of local proven",
                                           "quick of offsite proven"));
  upload("good");
  backed_up();
  run("full", "offsite", 0);
  EXPECT_THAT(causes(watched()), ElementsAre("drill-failed")) << "of the other copy";
  run("full", "local", 0);
  EXPECT_THAT(causes(watched()), IsEmpty()) << "the same one of the same copy was proven";
  EXPECT_EQ(exit_, 0);
}

TEST_F(StatusCalls, ADrillThatTheConfigurationNoLongerHasCountsNoLonger) {
  two_of_each();
  run("full", "local", 1);
  run("quick", "offsite", 0);
  auto text = to_text(*read_file(at("lifeboat.yaml"), 4096));
  text.replace(text.find("full:"), 4, "gone");
  ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(text)));
  EXPECT_THAT(verdicts(watched()), ElementsAre("quick of offsite proven"));
}

TEST_F(StatusCalls, AWalkBackHidesNothingOfTheNewestSnapshot) {
  upload("good");
  two_of_each();
  std::filesystem::remove(at("uploads/good"));
  backed_up();
  auto call = shop();
  call.walk_back = true;
  EXPECT_FALSE(drill(call, 1)["walk_back"]["newest_good"].is_null());
  EXPECT_THAT(causes(watched()), testing::Contains("drill-failed"));
}

TEST_F(StatusCalls, WhatASilentRepositoryFailedIsKnownHere) {
  two_of_each();
  run("full", "offsite", 1);
  run("full", "local", 1);
  fs::rename(at("copy"), at("elsewhere"));
  EXPECT_THAT(verdicts(watched()), ElementsAre("full of local failed", "full of  failed"));
  auto text = to_text(*read_file(at("lifeboat.yaml"), 4096));
  text.replace(text.find(", offsite"), 9, "");
  ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(text)));
  EXPECT_THAT(verdicts(watched()), ElementsAre("full of local failed"))
      << "the service has that repository no longer";
}

}  // namespace
}  // namespace lifeboat::service
