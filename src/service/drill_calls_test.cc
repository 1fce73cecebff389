#include <gmock/gmock.h>

#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using testing::HasSubstr;

class DrillCalls : public TestShop {
 protected:
  static constexpr const char* kFindsGood =
      "    drills:\n      nightly:\n        checks:\n"
      "          - command: {name: good, run: 'test -e ${sandbox.uploads.path}/good'}\n";

  static Json check_of(const Json& body, const std::string& id) {
    for (const auto& each : body["evidence"]["checks"])
      if (each["id"] == id) return each;
    return {{"outcome", "absent"}};
  }
  static bool explained_by(const Json& body, const std::string& rule) {
    for (const auto& each : body["evidence"]["diagnosis"])
      if (each["rule"] == rule) return true;
    return false;
  }
};

TEST_F(DrillCalls, AWalkBackFindsTheNewestGoodSnapshotAndWhatChanged) {
  configure("{file: key}", kFindsGood);
  upload("good");
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(backed_up());
  std::filesystem::remove(at("uploads/good"));
  upload("later");
  for (int i = 0; i < 3; ++i) ids.push_back(backed_up());
  auto call = shop();
  call.walk_back = true;
  const auto walk = drill(call, 1)["walk_back"];
  EXPECT_EQ(walk["newest_good"]["id"], ids[2]);
  EXPECT_EQ(walk["first_bad"]["id"], ids[3]);
  EXPECT_LE(walk["trials"].size(), 3U);
  EXPECT_EQ(walk["contents"]["removed"], Json::array({"uploads/good"}));
  EXPECT_EQ(walk["contents"]["added"], Json::array({"uploads/later"}));
  EXPECT_FALSE(walk["facts"].empty());
  SnapshotChoice choice;
  choice.service = "shop";
  const auto list = list_snapshots(setup_, choice, context());
  EXPECT_THAT(list->body["snapshots"][3].dump(), HasSubstr("a walk back found this one bad"));
}

TEST_F(DrillCalls, WithoutAGoodOneAWalkBackSaysSo) {
  configure("{file: key}", kFindsGood);
  for (int i = 0; i < 3; ++i) backed_up();
  auto call = shop();
  call.walk_back = true;
  const auto walk = drill(call, 1)["walk_back"];
  EXPECT_TRUE(walk["newest_good"].is_null());
  EXPECT_EQ(walk["trials"].size(), 2U);
}

TEST_F(DrillCalls, AProvenDrillWalksNowhere) {
  backed_up();
  auto call = shop();
  call.walk_back = true;
  EXPECT_FALSE(drill(call, 0).contains("walk_back"));
}

TEST_F(DrillCalls, LatestProvenIsAnIdEverywhere) {
  const auto proven = backed_up();
  drilled();
  backed_up();
  SnapshotChoice choice;
  choice.service = "shop";
  choice.snapshot = "latest-proven";
  EXPECT_EQ(show_snapshot(setup_, choice, context())->body["snapshot"]["id"], proven);
  const auto ignore = [](const Json&) -> Result<void> { return {}; };
  EXPECT_EQ(list_entries(setup_, {choice, ""}, ignore, context())->body["snapshot"]["id"], proven);
  const auto swallow = [](ByteView) -> Result<void> { return {}; };
  EXPECT_EQ(
      read_entry(setup_, {choice, "uploads/first"}, swallow, context())->body["snapshot"]["id"],
      proven);
  auto latest = choice;
  latest.snapshot = "latest";
  const auto difference = compare_snapshots(setup_, latest, "latest-proven", context());
  EXPECT_EQ(difference->body["other"]["id"], proven);
  EXPECT_EQ(say_of_snapshot(setup_, {choice, "hold", "x"}, context())->body["snapshot"]["id"],
            proven);
  RestoreCall restored;
  restored.choice = choice;
  restored.to = {at("there")};
  const auto plan = restore(setup_, restored, agree, context());
  ASSERT_TRUE(plan) << plan.error().describe();
  EXPECT_EQ(plan->body["snapshot"]["id"], proven);
  auto call = shop();
  call.choice = choice;
  EXPECT_EQ(drill(call, 0)["evidence"]["snapshot"]["id"], proven);
  EXPECT_EQ(sabotage(setup_, call, context())->body["snapshot"]["id"], proven);
}

TEST_F(DrillCalls, ForgetKeepsTheLastProvenWhateverRetentionSays) {
  const auto proven = backed_up();
  drilled();
  for (int i = 0; i < 3; ++i) backed_up();
  configure("{file: key}", "    retention: {keep_last: 1}\n");
  ASSERT_TRUE(forget(setup_, {"shop", false}, agree, context()));
  const auto left = snapshot_ids();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0], proven);
  const auto named = forget_named(setup_, {{"shop"}, {proven}, false}, agree, context());
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code(), Code::refused);
}

TEST_F(DrillCalls, AColdStartNeedsOnlyTheRepositoryAndTheKey) {
  configure("{file: key}", kFindsGood);
  upload("good");
  backed_up();
  std::filesystem::rename(at("key"), at("safe"));
  std::filesystem::remove_all(at("cache"));
  // What this machine says of drills now is not asked.
  configure("{file: key}", "    drills: {nightly: {checks: [{command: {run: 'false'}}]}}\n");
  auto call = shop();
  call.cold_start = true;
  call.key_file = "safe";
  const auto body = drill(call, 0);
  EXPECT_EQ(check_of(body, "cold-start")["outcome"], "passed");
  EXPECT_THAT(check_of(body, "cold-start")["message"].get<std::string>(),
              HasSubstr("the key file safe"));
  EXPECT_EQ(check_of(body, "command.good")["outcome"], "passed");
  EXPECT_FALSE(std::filesystem::exists(at("cache")));
}

TEST_F(DrillCalls, AColdStartMayBeConfigured) {
  configure("{file: key}", "    drills: {nightly: {cold_start: true}}\n");
  backed_up();
  auto call = shop();
  call.key_file = "key";
  EXPECT_EQ(check_of(drill(call, 0), "cold-start")["outcome"], "passed");
  call.walk_back = true;
  EXPECT_EQ(run_drill(setup_, call, context()).error().code(), Code::usage);
}

TEST_F(DrillCalls, AColdStartAsksPeopleAndKeepsItsSandboxToo) {
  configure("{file: key}", "    drills: {nightly: {checks: [{manual: {ask: 'Well?'}}]}}\n");
  backed_up();
  auto call = shop();
  call.cold_start = call.keep = true;
  call.key_file = "key";
  call.ask = [](const Json&, const std::stop_token&) {
    return Json{{"outcome", "passed"}, {"who", "Ada"}, {"words", "it is"}};
  };
  EXPECT_FALSE(drill(call, 0)["evidence"]["tear_down"]["kept"].empty());
}

TEST_F(DrillCalls, AColdStartHasNoVariables) {
  setup_.environment["TOKEN"] = "x";
  configure("{file: key}",
            "    drills: {nightly: {checks: [{command: {run: 'test -n \"${TOKEN}\"'}}]}}\n");
  backed_up();
  auto call = shop();
  drill(call, 0);
  call.cold_start = true;
  call.key_file = "key";
  const auto answer = run_drill(setup_, call, context());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::config_invalid);
  EXPECT_THAT(answer.error().describe(), HasSubstr("TOKEN"));
}

TEST_F(DrillCalls, AKeyIsOnlyForAColdStart) {
  backed_up();
  auto call = shop();
  call.key_file = "key";
  EXPECT_EQ(run_drill(setup_, call, context()).error().code(), Code::usage);
}

TEST_F(DrillCalls, AnotherReleaseOrKeyThanAtTheBackupIsDiagnosed) {
  configure("{file: key}", "    release: \"${RELEASE}\"\n    secrets: [TOKEN_KEY]\n");
  setup_.environment["RELEASE"] = "1.4.2";
  setup_.environment["TOKEN_KEY"] = "hunter2-and-more";
  backed_up();
  const auto same = drill(shop(), 0);
  EXPECT_EQ(check_of(same, "release")["message"], "1.4.2, as at the backup");
  EXPECT_EQ(check_of(same, "secret.TOKEN_KEY")["outcome"], "passed");
  setup_.environment["RELEASE"] = "1.5.0";
  setup_.environment["TOKEN_KEY"] = "another";
  const auto other = drill(shop(), 0);
  EXPECT_EQ(check_of(other, "release")["outcome"], "warned");
  EXPECT_EQ(check_of(other, "secret.TOKEN_KEY")["outcome"], "warned");
  EXPECT_TRUE(explained_by(other, "other-release"));
  EXPECT_TRUE(explained_by(other, "other-key"));
  EXPECT_EQ(other.dump().find("hunter2"), std::string::npos);
  // What is not known here is not compared.
  setup_.environment.erase("RELEASE");
  setup_.environment.erase("TOKEN_KEY");
  EXPECT_EQ(check_of(drill(shop(), 0), "secret.TOKEN_KEY")["outcome"], "absent");
}

TEST_F(DrillCalls, AFingerprintIsOfTheRepositorysOwnKey) {
  configure("{file: key}", "    secrets: [TOKEN_KEY]\n");
  setup_.environment["TOKEN_KEY"] = "hunter2-and-more";
  backed_up();
  SnapshotChoice choice;
  choice.service = "shop";
  const auto one = show_snapshot(setup_, choice, context())->body["snapshot"]["labels"];
  std::filesystem::remove_all(at("repository"));
  std::filesystem::remove_all(at("cache"));
  std::filesystem::remove(at("key"));
  ASSERT_TRUE(make_key_file(setup_, "key", false));
  ASSERT_TRUE(init_repositories(setup_, "", context()));
  backed_up();
  const auto two = show_snapshot(setup_, choice, context())->body["snapshot"]["labels"];
  EXPECT_EQ(one["secret.TOKEN_KEY"].get<std::string>().size(), 64U);
  EXPECT_NE(one["secret.TOKEN_KEY"], two["secret.TOKEN_KEY"]);
}

TEST_F(DrillCalls, WithoutMarkersLostWritesAreNotMeasured) {
  backed_up();
  EXPECT_EQ(drill(shop(), 0)["evidence"]["measures"]["rpo"]["lost_writes"]["outcome"], "not_run");
}

TEST_F(DrillCalls, MarkersSayWhichWritesWouldBeLost) {
  configure("{file: key}", "    markers: {source: uploads, every: 1m}\n");
  const auto mark_once = [&] {
    test_.clock.advance(std::chrono::minutes(1));
    return mark(setup_, {"shop", true}, context());
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(mark_once());
  backed_up();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(mark_once());
  const auto body = drill(shop(), 0);
  const auto& lost = body["evidence"]["measures"]["rpo"]["lost_writes"];
  EXPECT_EQ(lost["outcome"], "measured");
  EXPECT_EQ(lost["markers"], 2);
  EXPECT_EQ(lost["window_ms"], 4 * 60'000);
  EXPECT_EQ(check_of(body, "markers")["message"], "3 markers without a gap");
  // On another machine only the clock is known.
  std::filesystem::remove_all(at("state/markers"));
  const auto elsewhere = drill(shop(), 0)["evidence"]["measures"]["rpo"]["lost_writes"];
  EXPECT_FALSE(elsewhere.contains("markers"));
}

TEST_F(DrillCalls, AMarkerLostInTheMiddleFailsTheDrill) {
  configure("{file: key}", "    markers: {source: uploads}\n");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(mark(setup_, {"shop", true}, context()));
  const auto file = std::filesystem::path(at("uploads/lifeboat_markers"));
  auto text = to_text(*read_file(file));
  const auto second = text.find('\n') + 1;
  text.erase(second, text.find('\n', second) + 1 - second);
  ASSERT_TRUE(write_file(file, view_of(text)));
  backed_up();
  EXPECT_TRUE(explained_by(drill(shop(), 1), "writes-lost-between"));
}

TEST_F(DrillCalls, MarkersThatWereNeverWrittenAreNotMeasured) {
  backed_up();
  configure("{file: key}", "    markers: {source: uploads}\n");
  const auto lost = drill(shop(), 0)["evidence"]["measures"]["rpo"]["lost_writes"];
  EXPECT_EQ(lost["reason"], "the snapshot holds no marker");
  configure();
  EXPECT_EQ(mark(setup_, {"shop", true}, context()).error().code(), Code::config_invalid);
}

TEST_F(DrillCalls, APersonIsAskedWhereThereIsOne) {
  configure("{file: key}",
            "    drills: {nightly: {checks: [{manual: {ask: \"Is it right?\"}}]}}\n");
  backed_up();
  EXPECT_EQ(check_of(drill(shop(), 2), "manual.1")["outcome"], "not_run");
  auto call = shop();
  call.ask = [](const Json& question, const std::stop_token&) -> Result<Json> {
    EXPECT_EQ(question["ask"], "Is it right?");
    return Json{{"outcome", "passed"}, {"who", "Ada"}, {"words", "yes"}};
  };
  EXPECT_EQ(check_of(drill(call, 0), "manual.1")["message"], "Ada says that it is right");
}

}  // namespace
}  // namespace lifeboat::service
