#include "service/forget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/json.h"
#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using repository::SnapshotId;
using repository::SnapshotInfo;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SnapshotInfo snapshot(std::uint8_t number, const std::string& service = "shop") {
  SnapshotInfo info;
  info.id.bytes.fill(number);
  info.service = service;
  info.time = info.first_stored = Time(std::chrono::hours(number));
  return info;
}

std::vector<ForgetPlan> plans_of(std::vector<SnapshotInfo> snapshots) {
  std::vector<ForgetPlan> plans(1);
  plans[0].repository_name = "local";
  plans[0].snapshots = std::move(snapshots);
  return plans;
}

Result<void> decide(std::vector<ForgetPlan>& plans, const std::vector<std::string>& words) {
  std::vector<NamedSnapshot> named;
  for (const auto& word : words)
    for (auto& each : TRY(find_named(plans, word))) named.push_back(std::move(each));
  return decide_named(plans, named);
}

TEST(ForgetNamed, TakesAnIdOrItsBeginning) {
  auto plans = plans_of({snapshot(0x11), snapshot(0x12)});
  EXPECT_TRUE(decide(plans, {"1111"}));
  ASSERT_EQ(plans[0].decisions.size(), 1U);
  EXPECT_FALSE(plans[0].decisions[0].keep);
  EXPECT_EQ(to_json(plans[0])["forget"].size(), 1U);
}

TEST(ForgetNamed, TakesNoWordsAndNothingTooShortOrUnknown) {
  auto plans = plans_of({snapshot(0x11), snapshot(0x12)});
  for (const auto* word : {"latest", "111", "", "1111 "})
    EXPECT_EQ(decide(plans, {word}).error().code(), Code::usage) << word;
  EXPECT_EQ(decide(plans, {"2222"}).error().code(), Code::not_found);
}

TEST(ForgetNamed, AsksForMoreOfAnIdThatIsNotOne) {
  auto other = snapshot(0x11);
  other.id.bytes.back() = 0;
  auto plans = plans_of({snapshot(0x11), other});
  const auto several = decide(plans, {"1111"});
  ASSERT_FALSE(several);
  EXPECT_THAT(several.error().describe(), HasSubstr("more than one"));
}

TEST(ForgetNamed, RefusesAHeldOneAndSaysHowToLetItGo) {
  auto held = snapshot(0x11);
  held.held = true;
  auto plans = plans_of({held, snapshot(0x12)});
  const auto refused = decide(plans, {"1212", "1111"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(refused.error().describe(), HasSubstr("snapshot 1111111111 of shop is held"));
  EXPECT_THAT(std::string(refused.error().hint()),
              HasSubstr("lifeboat snapshots release 1111111111"));
  EXPECT_TRUE(decide(plans, {"1212"}));
}

TEST(ForgetNamed, RefusesTheLastProvenOneOfItsOwnService) {
  auto proven = snapshot(0x11);
  proven.proven_at = Time(std::chrono::hours(50));
  auto other = snapshot(0x12, "blog");
  other.proven_at = proven.proven_at;
  auto plans = plans_of({proven, other, snapshot(0x13)});
  const auto refused = decide(plans, {"1111"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().describe(), HasSubstr("the last one that a drill has proven"));
  auto later = snapshot(0x14);
  later.proven_at = proven.proven_at;
  plans = plans_of({proven, other, later});
  EXPECT_TRUE(decide(plans, {"1111"}));
}

TEST(ForgetNamed, RefusesWhatAnotherNeedsUnlessThatGoesToo) {
  auto needing = snapshot(0x12);
  needing.needs = {snapshot(0x11).id.hex()};
  auto plans = plans_of({snapshot(0x11), needing});
  const auto refused = decide(plans, {"1111"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().describe(), HasSubstr("is needed by 1212"));
  ASSERT_TRUE(decide(plans, {"1111", "1212"}));
  EXPECT_EQ(plans[0].decisions[0].id, needing.id.hex()) << "the one that needs it goes first";
}

class ForgetCalls : public TestShop {
 protected:
  Result<Answer> forget_ids(const std::vector<std::string>& ids, bool dry_run = false) {
    return forget_named(setup_, {{}, ids, dry_run}, agree, context());
  }
};

TEST_F(ForgetCalls, ForgetsWhatIsNamedAndKeepsTheRest) {
  const auto first = backed_up();
  const auto second = backed_up();
  ASSERT_TRUE(forget_ids({first}, true));
  EXPECT_THAT(snapshot_ids(), ElementsAre(first, second)) << "a dry run";
  const auto done = forget_ids({first.substr(0, 6)});
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(done->body["repositories"][0]["forgotten"], 1);
  EXPECT_THAT(snapshot_ids(), ElementsAre(second));
}

TEST_F(ForgetCalls, ForgetsNothingWithoutAConfirmation) {
  const auto first = backed_up();
  const auto no = [](const Json&) -> Result<void> { return fail(Code::refused, "no"); };
  EXPECT_FALSE(forget_named(setup_, {{}, {first}, false}, no, context()));
  EXPECT_THAT(snapshot_ids(), ElementsAre(first));
}

TEST_F(ForgetCalls, ForgetsWhatWasSavedBeforeARestore) {
  const auto first = backed_up();
  RestoreCall call;
  call.choice.service = "shop";
  call.to = {"uploads=" + at("target")};
  ASSERT_TRUE(make_directories(at("target")));
  ASSERT_TRUE(write_file(at("target/mine"), view_of("mine")));
  call.overwrite = true;
  const auto restored = restore(setup_, call, agree, context());
  ASSERT_TRUE(restored) << restored.error().describe();
  const auto before = restored->body["before"]["id"].get<std::string>();
  EXPECT_TRUE(forget_named(setup_, {{"shop"}, {before}, false}, agree, context()));
  EXPECT_THAT(snapshot_ids(), ElementsAre(first));
}

TEST_F(ForgetCalls, RetentionForgetsByItsRules) {
  configure("{file: key}", "    retention: {keep_last: 1}\n");
  backed_up();
  const auto second = backed_up();
  ASSERT_TRUE(forget(setup_, {"shop", false}, agree, context()));
  EXPECT_THAT(snapshot_ids(), ElementsAre(second));
}

TEST_F(ForgetCalls, SaysWhichRepositoryDidNotAnswerWhenNothingIsFound) {
  const auto first = backed_up();
  fs::rename(at("repository"), at("elsewhere"));
  const auto lost = forget_ids({first});
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.error().describe(), HasSubstr("repository local"));
}

}  // namespace
}  // namespace lifeboat::service
