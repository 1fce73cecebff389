#include "policy/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/test_context.h"

namespace lifeboat::policy {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

RetainedSnapshot aged(std::string id, Duration age) {
  RetainedSnapshot snapshot;
  snapshot.id = std::move(id);
  snapshot.time = kNow - age;
  return snapshot;
}

RetainedSnapshot incomplete_at(std::string id, Duration age) {
  auto snapshot = aged(std::move(id), age);
  snapshot.complete = false;
  return snapshot;
}

std::vector<std::string> kept(const std::vector<Decision>& decisions) {
  std::vector<std::string> ids;
  for (const auto& decision : decisions)
    if (decision.keep) ids.push_back(decision.id);
  return ids;
}

std::vector<std::string> reasons(const std::vector<Decision>& decisions, const std::string& id) {
  for (const auto& decision : decisions)
    if (decision.id == id) return decision.reasons;
  return {};
}

const std::vector<RetainedSnapshot> kDaily{aged("a", days(4)), aged("b", days(3)),
                                           aged("c", days(2)), aged("d", days(1))};

TEST(Retention, KeepsEverythingWithoutARule) {
  const auto decisions = Retention({}).decide(kDaily, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(reasons(decisions, "a"), ElementsAre("no retention rule"));
}

TEST(Retention, KeepsTheNewestSnapshotsByNumberAndSaysWhich) {
  const auto decisions = Retention({.keep_last = 2}).decide(kDaily, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("d", "c"));
  EXPECT_THAT(reasons(decisions, "c"), ElementsAre("last 2 of 2"));
  EXPECT_THAT(reasons(decisions, "a"), ElementsAre("no rule keeps it"));
}

TEST(Retention, DecidesTheSameWhateverTheOrderGiven) {
  auto shuffled = kDaily;
  std::reverse(shuffled.begin(), shuffled.end());
  EXPECT_EQ(kept(Retention({.keep_last = 2}).decide(shuffled, kNow)),
            kept(Retention({.keep_last = 2}).decide(kDaily, kNow)));
}

TEST(Retention, KeepsWhatIsYoungerThanTheWindow) {
  const auto decisions = Retention({.keep_within = days(2)}).decide(kDaily, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("d", "c"));
  EXPECT_THAT(reasons(decisions, "c"), ElementsAre("within 2 d 0 h"));
}

TEST(Retention, AddsTheRulesUp) {
  const auto decisions = Retention({.keep_last = 3, .keep_within = hours(1)}).decide(kDaily, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("d", "c", "b"));
}

TEST(Retention, KeepsTheWindowBeforeTheLastBackupWhenBackupsHaveStopped) {
  const auto later = kNow + days(400);
  EXPECT_THAT(kept(Retention({.keep_within = days(2)}).decide(kDaily, later)),
              ElementsAre("d", "c"));
}

TEST(Retention, DoesNotLetASnapshotFromTheFutureExpireTheOthers) {
  auto snapshots = kDaily;
  snapshots.push_back(aged("future", -days(400)));
  EXPECT_THAT(kept(Retention({.keep_within = days(2) + hours(1)}).decide(snapshots, kNow)),
              ElementsAre("future", "d", "c"));
}

TEST(Retention, NeverRemovesTheLastProvenSnapshot) {
  auto snapshots = kDaily;
  snapshots[0].proven = true;
  snapshots[1].proven = true;
  const auto decisions = Retention({.keep_last = 1}).decide(snapshots, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("d", "b"));
  EXPECT_THAT(reasons(decisions, "b"), ElementsAre("last proven"));
}

TEST(Retention, NeverRemovesAHeldSnapshot) {
  auto snapshots = kDaily;
  snapshots[0].held = true;
  const auto decisions = Retention({.keep_last = 1}).decide(snapshots, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("d", "a"));
  EXPECT_THAT(reasons(decisions, "a"), ElementsAre("held"));
}

TEST(Retention, KeepsWhatAKeptSnapshotNeedsToAnyDepth) {
  auto snapshots = kDaily;
  snapshots[3].needs = {"b"};
  snapshots[1].needs = {"a", "long gone"};
  const auto decisions = Retention({.keep_last = 1}).decide(snapshots, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("d", "b", "a"));
  EXPECT_THAT(reasons(decisions, "a"), ElementsAre("needed by b"));
}

TEST(Retention, EndsWhenSnapshotsNeedEachOther) {
  auto snapshots = kDaily;
  snapshots[0].needs = {"d", "a"};
  snapshots[3].needs = {"a"};
  EXPECT_THAT(kept(Retention({.keep_last = 1}).decide(snapshots, kNow)),
              UnorderedElementsAre("a", "d"));
}

TEST(Retention, DoesNotKeepWhatOnlyARemovedSnapshotNeeds) {
  auto snapshots = kDaily;
  snapshots[1].needs = {"a"};
  EXPECT_THAT(kept(Retention({.keep_last = 1}).decide(snapshots, kNow)), ElementsAre("d"));
}

TEST(Retention, DoesNotCountIncompleteSnapshotsForKeepLast) {
  auto snapshots = kDaily;
  snapshots.push_back(incomplete_at("part", hours(1)));
  const auto decisions = Retention({.keep_last = 2}).decide(snapshots, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("part", "d", "c"));
  EXPECT_THAT(reasons(decisions, "part"), ElementsAre("incomplete, but nothing complete is newer"));
}

TEST(Retention, RemovesAnIncompleteSnapshotOnceACompleteOneIsNewer) {
  std::vector<RetainedSnapshot> snapshots{aged("old", days(3)), incomplete_at("part", days(2)),
                                          aged("new", days(1))};
  const auto decisions = Retention({.keep_last = 2}).decide(snapshots, kNow);
  EXPECT_THAT(kept(decisions), ElementsAre("new", "old"));
  EXPECT_THAT(reasons(decisions, "part"), ElementsAre("incomplete, and a complete one is newer"));
}

TEST(Retention, KeepsTheOnlyCompleteSnapshotHoweverOld) {
  std::vector<RetainedSnapshot> snapshots{aged("whole", days(900)), incomplete_at("p1", days(2)),
                                          incomplete_at("p2", days(1))};
  const auto decisions = Retention({.keep_within = days(3)}).decide(snapshots, kNow);
  EXPECT_THAT(kept(decisions), Contains("whole"));
}

TEST(Retention, DecidesNothingAboutNothing) {
  EXPECT_THAT(Retention({.keep_last = 1}).decide({}, kNow), IsEmpty());
}

using Names = std::vector<std::string>;

TEST(Removal, LetsWhatIsNamedGoAndNothingElse) {
  const auto decisions = decide_removal(kDaily, Names{"c", "a", "strange"});
  ASSERT_EQ(decisions.size(), 2U);
  EXPECT_THAT(kept(decisions), IsEmpty());
  EXPECT_EQ(decisions[0].id, "c") << "newest first";
  EXPECT_THAT(reasons(decisions, "a"), ElementsAre("named"));
}

TEST(Removal, SaysWhenItIsTheNewestCompleteOne) {
  auto snapshots = kDaily;
  snapshots.push_back(incomplete_at("e", hours(1)));
  const auto decisions = decide_removal(snapshots, Names{"d", "e"});
  EXPECT_THAT(reasons(decisions, "d"), ElementsAre("named", "the newest complete one"));
  EXPECT_THAT(reasons(decisions, "e"), ElementsAre("named"));
}

TEST(Removal, KeepsAHeldSnapshot) {
  auto snapshots = kDaily;
  snapshots[1].held = true;
  const auto decisions = decide_removal(snapshots, Names{"a", "b"});
  EXPECT_THAT(kept(decisions), ElementsAre("b"));
  EXPECT_THAT(reasons(decisions, "b"), ElementsAre("held"));
}

TEST(Removal, KeepsTheLastProvenSnapshotAndNotTheOnesBefore) {
  auto snapshots = kDaily;
  snapshots[0].proven = snapshots[2].proven = true;
  EXPECT_THAT(kept(decide_removal(snapshots, Names{"a", "c"})), ElementsAre("c"));
  EXPECT_THAT(kept(decide_removal(snapshots, Names{"a"})), IsEmpty());
}

TEST(Removal, KeepsWhatAnotherNeedsUnlessThatGoesToo) {
  auto snapshots = kDaily;
  snapshots[3].needs = {"c"};
  const auto decisions = decide_removal(snapshots, Names{"c"});
  EXPECT_THAT(kept(decisions), ElementsAre("c"));
  EXPECT_THAT(reasons(decisions, "c"), ElementsAre("needed by d"));
  EXPECT_THAT(kept(decide_removal(snapshots, Names{"c", "d"})), IsEmpty());
}

}  // namespace
}  // namespace lifeboat::policy
