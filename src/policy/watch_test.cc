#include "policy/watch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/test_context.h"

namespace lifeboat::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const WatchLimits kDayAndWeek{hours(24), hours(24 * 7)};

CopyRecord copy_of(const std::string& name, Duration backup_age) {
  CopyRecord copy;
  copy.repository = name;
  copy.newest = kNow - backup_age;
  copy.drills["full"] = {kNow - hours(30), "proven", "full", name};
  copy.keys = {{"admin", true, false, true}, {"host", false, false, false}};
  return copy;
}

CopyRecord silent(const std::string& name) {
  CopyRecord copy;
  copy.repository = name;
  copy.answers = false;
  return copy;
}

// All is well, with one copy and with two.
WatchRecord good_one() { return {{copy_of("local", hours(2))}}; }
WatchRecord good_two() { return {{copy_of("local", hours(2)), copy_of("offsite", hours(3))}}; }

DrillRecord drilled(Duration ago, const std::string& verdict, Duration state_age) {
  return {kNow - ago, verdict, "full", "local", kNow - state_age};
}

Level level_of(const WatchRecord& record) {
  Level level = Level::ok;
  for (const auto& answer : judge_watch(record, kDayAndWeek, kNow))
    level = worse(level, answer.level);
  return level;
}

// The causes that are not good, in their order.
std::vector<Cause> causes(const WatchRecord& record) {
  std::vector<Cause> found;
  for (const auto& answer : judge_watch(record, kDayAndWeek, kNow))
    if (answer.cause != Cause::good) found.push_back(answer.cause);
  return found;
}

using Causes = std::vector<Cause>;

TEST(Watch, IsContentWithARecentBackupADrillAndAKeyThatOpenedIt) {
  EXPECT_EQ(level_of(good_one()), Level::ok);
  EXPECT_EQ(level_of(good_two()), Level::ok);
  for (const auto& answer : judge_watch(good_two(), kDayAndWeek, kNow))
    EXPECT_EQ(answer.cause, Cause::good) << to_text(answer.question);
}

TEST(Watch, CallsABackupTooOldJustAfterItsLimit) {
  auto record = good_one();
  record.copies[0].newest = kNow - hours(24);
  EXPECT_EQ(level_of(record), Level::ok);
  record.copies[0].newest = kNow - hours(24) - minutes(1);
  EXPECT_EQ(causes(record), Causes{Cause::backup_old});
  EXPECT_EQ(level_of(record), Level::critical);
}

TEST(Watch, CallsNoBackupAtAllCritical) {
  auto record = good_one();
  record.copies[0].newest.reset();
  EXPECT_EQ(causes(record), Causes{Cause::backup_missing});
  EXPECT_EQ(level_of(record), Level::critical);
}

TEST(Watch, AnIncompleteSnapshotIsNoBackupAndIsNamed) {
  auto record = good_one();
  record.copies[0].newest_incomplete = kNow - hours(1);
  EXPECT_EQ(causes(record), Causes{Cause::backup_incomplete});
  EXPECT_EQ(level_of(record), Level::warning);
  record.copies[0].newest_incomplete = kNow - hours(3);
  EXPECT_EQ(level_of(record), Level::ok) << "a complete one is newer";
}

TEST(Watch, WarnsOfACopyThatIsBehindOrEmptyWhileAnotherIsRecent) {
  auto behind = good_two();
  behind.copies[1].newest = kNow - hours(100);
  EXPECT_EQ(causes(behind), Causes{Cause::copy_behind});
  EXPECT_EQ(level_of(behind), Level::warning);
  auto empty = good_two();
  empty.copies[1].newest.reset();
  EXPECT_EQ(causes(empty), Causes{Cause::copy_empty});
  EXPECT_EQ(level_of(empty), Level::warning);
}

TEST(Watch, ACopyWithDamageIsCriticalThoughAnotherIsWhole) {
  auto record = good_two();
  record.copies[1].damage = 1;
  EXPECT_EQ(causes(record), Causes{Cause::copy_damaged});
  EXPECT_EQ(level_of(record), Level::critical);
}

TEST(Watch, ACopyThatDoesNotAnswerIsNeverFine) {
  auto record = good_two();
  record.copies[1] = silent("offsite");
  EXPECT_EQ(causes(record), Causes{Cause::copy_silent});
  EXPECT_EQ(level_of(record), Level::unknown);
}

TEST(Watch, WhatASilentCopyMayKnowBetterIsNotKnown) {
  auto record = good_two();
  record.copies[0].newest = kNow - hours(100);
  record.copies[0].drills.clear();
  record.copies[1] = silent("offsite");
  EXPECT_EQ(causes(record),
            (Causes{Cause::not_known, Cause::copy_behind, Cause::copy_silent, Cause::not_known}));
  EXPECT_EQ(level_of(record), Level::unknown);
}

TEST(Watch, WarnsOfNoDrillAndOfNoDrillForTooLong) {
  auto never = good_one();
  never.copies[0].drills.clear();
  EXPECT_EQ(causes(never), Causes{Cause::drill_missing});
  auto old = good_one();
  old.copies[0].drills["full"].time = kNow - hours(24 * 7) - minutes(1);
  EXPECT_EQ(causes(old), Causes{Cause::drill_old});
  EXPECT_EQ(level_of(old), Level::warning);
}

TEST(Watch, AFailedDrillIsHiddenByNoOtherDrillAndNoOtherCopy) {
  auto record = good_two();
  record.copies[1].drills["full"] = {kNow - hours(1), "failed", "full", "offsite"};
  record.copies[0].drills["full"].time = kNow - minutes(1);
  record.copies[1].drills["quick"] = {kNow - minutes(1), "proven", "quick", "offsite"};
  EXPECT_EQ(causes(record), Causes{Cause::drill_failed});
  EXPECT_EQ(level_of(record), Level::critical);
  const auto answers = judge_watch(record, kDayAndWeek, kNow);
  const auto failed = std::ranges::find(answers, Cause::drill_failed, &WatchAnswer::cause);
  EXPECT_EQ(failed->drill + " of " + failed->repository, "full of offsite");
  record.copies[1].drills["full"] = {kNow, "proven", "full", "offsite"};
  EXPECT_EQ(level_of(record), Level::ok) << "the same one of the same copy was proven";
}

TEST(Watch, TheWorstOfSeveralDrillsCounts) {
  auto record = good_one();
  record.copies[0].drills["app"] = {kNow - hours(1), "unverified", "app", "local"};
  EXPECT_EQ(level_of(record), Level::unknown);
  record.copies[0].drills["data"] = {kNow - hours(2), "failed", "data", "local"};
  EXPECT_EQ(level_of(record), Level::critical);
}

TEST(Watch, ALaterProofMendsUnlessItIsOfAnOlderSnapshot) {
  for (const auto* bad : {"failed", "unverified"}) {
    std::optional<DrillRecord> last;
    follow(last, drilled(hours(5), bad, hours(6)));
    follow(last, drilled(hours(4), "proven", hours(30)));
    EXPECT_EQ(last->verdict, bad) << "somebody walked back to a good one";
    follow(last, drilled(hours(3), "failed", hours(20)));
    follow(last, drilled(hours(2), "proven", hours(10)));
    EXPECT_EQ(last->verdict, "failed") << "the newest that was found bad counts";
    follow(last, drilled(hours(1), "proven", hours(6)));
    EXPECT_EQ(last->verdict, "proven") << "the same snapshot was drilled again";
    follow(last, drilled(minutes(1), bad, hours(30)));
    EXPECT_EQ(last->verdict, bad) << "whatever is found wrong counts";
  }
}

TEST(Watch, WithoutASnapshotTheLaterWordCounts) {
  std::optional<DrillRecord> last;
  follow(last, {kNow - hours(2), "failed", "full", "local"});
  follow(last, drilled(hours(1), "proven", hours(30)));
  EXPECT_EQ(last->verdict, "proven");
}

TEST(Watch, AsksForEachDrillWithTimesOfItsOwn) {
  auto record = good_one();
  record.planned = {{"nightly", kNow - hours(2), hours(30)},
                    {"quarterly", kNow - hours(24 * 120), hours(24 * 95)},
                    {"yearly", std::nullopt, hours(1)}};
  std::vector<std::string> said;
  for (const auto& answer : judge_watch(record, {}, kNow))
    if (answer.question == Question::drill)
      said.push_back(answer.drill + " " + std::string(to_text(answer.cause)));
  EXPECT_EQ(said, (std::vector<std::string>{"nightly good", "quarterly drill-old",
                                            "yearly drill-missing"}));
}

TEST(Watch, ADrillThatIsProvenWithWaiversIsGood) {
  auto record = good_one();
  record.drills_here = {{kNow - hours(1), "proven with waivers"}};
  EXPECT_EQ(level_of(record), Level::ok);
}

TEST(Watch, ADrillThatDidNotDecideIsUnknown) {
  for (const auto* verdict : {"unverified", "unreadable", ""}) {
    auto record = good_one();
    record.drills_here = {{kNow - hours(1), verdict}};
    EXPECT_EQ(causes(record), Causes{Cause::drill_undecided}) << verdict;
    EXPECT_EQ(level_of(record), Level::unknown);
  }
}

TEST(Watch, NamesEveryReadingKeyThatNeverOpenedADrill) {
  auto record = good_one();
  record.copies[0].keys.push_back({"escrow", true, false, false});
  EXPECT_EQ(causes(record), Causes{Cause::key_unproven});
  const auto answers = judge_watch(record, kDayAndWeek, kNow);
  EXPECT_EQ(answers.back().key, "escrow");
  EXPECT_EQ(answers.back().repository, "local");
  EXPECT_EQ(level_of(record), Level::warning);
}

TEST(Watch, NamesADamagedKey) {
  auto record = good_one();
  record.copies[0].keys.push_back({"(damaged)", false, true, false});
  EXPECT_EQ(causes(record), Causes{Cause::key_damaged});
}

TEST(Watch, CannotTellTheAgeOfWhatIsFromTheFuture) {
  auto record = good_one();
  record.copies[0].newest = kNow + minutes(4);
  EXPECT_EQ(level_of(record), Level::ok) << "clocks differ a little";
  record.copies[0].newest = kNow + minutes(6);
  EXPECT_EQ(causes(record), Causes{Cause::clock_behind});
  EXPECT_EQ(level_of(record), Level::unknown);
}

TEST(Watch, PutsCriticalBeforeUnknownBeforeWarning) {
  EXPECT_EQ(worse(Level::critical, Level::unknown), Level::critical);
  EXPECT_EQ(worse(Level::warning, Level::unknown), Level::unknown);
  EXPECT_EQ(worse(Level::warning, Level::ok), Level::warning);
}

TEST(Watch, TellsTheAgesItJudged) {
  const auto answers = judge_watch(good_two(), kDayAndWeek, kNow);
  EXPECT_EQ(answers[0].question, Question::backup);
  EXPECT_EQ(answers[0].age, Duration(hours(2)));
  const auto drill = std::ranges::find(answers, Question::drill, &WatchAnswer::question);
  ASSERT_NE(drill, answers.end());
  EXPECT_EQ(drill->age, Duration(hours(30)));
}

}  // namespace
}  // namespace lifeboat::policy
