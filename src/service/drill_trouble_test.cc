#include <gmock/gmock.h>

#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using testing::HasSubstr;

// Drills whose repository, disk or older snapshots are not as they should be: each ends with an
// answer.
class DrillTrouble : public TestShop {
 protected:
  static std::string rules_of(const Json& body) {
    std::string rules;
    for (const auto& each : body["evidence"]["diagnosis"])
      rules += each["rule"].get<std::string>() + " ";
    return rules;
  }
  // Judged and explained, though nothing could sign it.
  void expect_unopened(const DrillCall& call, const std::string& verdict, const std::string& rule) {
    const auto body = drill(call, verdict == "failed" ? 1 : 2);
    EXPECT_EQ(body["evidence"]["verdict"], verdict) << body.dump();
    EXPECT_EQ(rules_of(body), rule + " ");
    EXPECT_EQ(body["evidence"]["stages"][0]["name"], "open");
    EXPECT_TRUE(body.contains("unsigned"));
    EXPECT_FALSE(std::filesystem::exists(at("state/drills/shop")));
  }
};

TEST_F(DrillTrouble, WithAnotherKeyItFailsAndSaysThatTheKeyIsWrong) {
  backed_up();
  std::filesystem::rename(at("key"), at("safe"));
  ASSERT_TRUE(make_key_file(setup_, "key", false));
  expect_unopened(shop(), "failed", "wrong-key");
  std::filesystem::rename(at("safe"), at("key"));
  EXPECT_EQ(drill(shop(), 0)["evidence"]["verdict"], "proven");
}

TEST_F(DrillTrouble, AColdStartWithAnotherKeyFailsToo) {
  backed_up();
  ASSERT_TRUE(make_key_file(setup_, "escrow", false));
  auto call = shop();
  call.cold_start = true;
  call.key_file = "escrow";
  expect_unopened(call, "failed", "wrong-key");
}

TEST_F(DrillTrouble, ARepositoryThatIsGoneFails) {
  backed_up();
  std::filesystem::rename(at("repository"), at("elsewhere"));
  expect_unopened(shop(), "failed", "repository-gone");
}

TEST_F(DrillTrouble, DamagedKeySlotsFailAndAreNotAWrongKey) {
  backed_up();
  for (const auto& slot : std::filesystem::directory_iterator(at("repository/keys"))) {
    auto bytes = *read_file(slot.path());
    bytes[bytes.size() / 2] ^= 1;
    std::filesystem::remove(slot.path());
    ASSERT_TRUE(write_file(slot.path(), bytes));
  }
  expect_unopened(shop(), "failed", "object-damaged");
}

TEST_F(DrillTrouble, AMistakeInTheCallIsNoVerdict) {
  backed_up();
  auto call = shop();
  call.choice.repository = "nowhere";
  const auto answer = run_drill(setup_, call, context());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::config_invalid);
}

TEST_F(DrillTrouble, ACopyThatCannotBeOpenedIsAFindingOfTheDrillOfAnother) {
  const std::string two =
      "version: 1\nservices:\n  shop:\n    sources:\n"
      "      uploads: {type: files, path: uploads}\n    repositories: [gone, local]\n"
      "repositories:\n  gone: {url: gone, key: {file: key}}\n"
      "  local: {url: repository, key: {file: key}}\n";
  backed_up();
  ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(two)));
  const auto body = drill(shop(), 0);
  EXPECT_EQ(rules_of(body), "copy-closed ");
  EXPECT_THAT(body["evidence"]["reason"].get<std::string>(), HasSubstr("with findings"));
}

// A state folder in which nothing can be written: the repository has the evidence all the same.
TEST_F(DrillTrouble, EvidenceThatThisDiskCannotHoldIsInTheRepository) {
  backed_up();
  ASSERT_TRUE(make_directories(at("state/drills")));
  ASSERT_TRUE(write_file(at("state/drills/shop"), view_of("in the way")));
  const auto body = drill(shop(), 0);
  EXPECT_EQ(body["file"], "");
  std::filesystem::remove(at("state/drills/shop"));
  const auto next = drill(shop(), 0)["evidence"];
  EXPECT_EQ(next["chain"]["position"], 2);
  EXPECT_EQ(next["trend"].size(), 1U);
}

TEST_F(DrillTrouble, AWalkBackThatCannotGoOnLeavesTheDrillsAnswer) {
  const std::string checks =
      "    drills:\n      nightly:\n        checks:\n"
      "          - command: {name: good, run: 'test -e ${sandbox.uploads.path}/good'}\n"
      "          - manual: {ask: \"Is it right?\"}\n";
  configure("{file: key}", checks);
  backed_up();
  backed_up();
  auto call = shop();
  call.walk_back = true;
  // The repository goes away while a person is asked.
  call.ask = [&](const Json&, const std::stop_token&) -> Result<Json> {
    std::error_code gone;
    std::filesystem::rename(at("repository/snapshots"), at("away"), gone);
    return Json{{"outcome", "passed"}, {"who", "Ada"}, {"words", "yes"}};
  };
  const auto body = drill(call, 1);
  EXPECT_EQ(body["evidence"]["verdict"], "failed");
  EXPECT_FALSE(body["walk_back"]["error"]["message"].get<std::string>().empty());
}

}  // namespace
}  // namespace lifeboat::service
