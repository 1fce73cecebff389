#include "drill/sabotage.h"

#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

class SabotageTest : public ShopFixture {
 protected:
  static void expect_all_caught(const SabotageReport& report) {
    for (const auto& each : report.defects)
      EXPECT_EQ(each.caught, !each.planted.empty())
          << each.defect << " in " << each.source << ": " << each.planted << ", "
          << name_of(each.verdict) << " by " << ::testing::PrintToString(each.noticed_by)
          << ", explained as " << ::testing::PrintToString(each.diagnoses);
  }

  static const Sabotage& of(const SabotageReport& report, const std::string& defect) {
    static const Sabotage kNone;
    const auto found = std::ranges::find(report.defects, defect, &Sabotage::defect);
    if (found != report.defects.end()) return *found;
    ADD_FAILURE() << "nothing was said of " << defect;
    return kNone;
  }
};

TEST_F(SabotageTest, CatchesEveryDefectThatItPlants) {
  const auto report = run_sabotage(drill_request(), *repository_, test_.context);
  ASSERT_TRUE(report) << report.error().describe();
  expect_all_caught(*report);
  EXPECT_EQ(report->planted(), 16U);
  EXPECT_EQ(report->caught(), report->planted());
  for (const auto* defect : {"migration-lost", "snapshot-stale", "login-broken", "never-ready"})
    EXPECT_TRUE(of(*report, defect).planted.empty()) << "there is nothing to spoil: " << defect;
}

// It looks at no digest and no file, and says so by its score.
TEST_F(SabotageTest, ShowsWhatAWeakDrillMisses) {
  auto request = drill_request();
  request.options.tier = "quick";
  request.options.checks.clear();
  const auto report = run_sabotage(request, *repository_, test_.context);
  ASSERT_TRUE(report) << report.error().describe();
  std::set<std::string> missed;
  for (const auto& each : report->defects)
    if (!each.planted.empty() && !each.caught) missed.insert(each.defect);
  EXPECT_EQ(missed, (std::set<std::string>{"byte-changed", "file-emptied", "files-swapped",
                                           "mode-changed", "value-changed"}));
  EXPECT_EQ(report->planted() - report->caught(), missed.size());
  const auto& changed = of(*report, "value-changed");
  EXPECT_EQ(changed.verdict, Verdict::proven);
  EXPECT_EQ(changed.expected.checks, std::vector<std::string>{"digests.db"});
  EXPECT_EQ(changed.expected.diagnoses, std::vector<std::string>{"values-changed"});
}

TEST_F(SabotageTest, CatchesASnapshotThatIsOlderThanPromisedByItsObjectiveAlone) {
  auto request = drill_request();
  request.rpo = std::chrono::hours(24);
  const auto report = run_sabotage(request, *repository_, test_.context);
  ASSERT_TRUE(report) << report.error().describe();
  const auto& stale = of(*report, "snapshot-stale");
  EXPECT_TRUE(stale.caught) << ::testing::PrintToString(stale.diagnoses);
  EXPECT_EQ(stale.verdict, Verdict::proven);
  EXPECT_EQ(stale.noticed_by, std::vector<std::string>{"rpo"});
}

TEST_F(SabotageTest, LeavesNoSandboxAndNoProof) {
  ASSERT_TRUE(run_sabotage(drill_request(), *repository_, test_.context));
  EXPECT_TRUE(fs::is_empty(drill_request().sandboxes));
  EXPECT_TRUE(repository_->statements("proven")->empty());
  EXPECT_FALSE(fs::exists(drill_request().reports));
}

// A score over a drill that fails anyway would say nothing.
TEST_F(SabotageTest, IsRefusedWhenTheDrillFailsWithoutAnyDefect) {
  execute(live() / "shop.db", "UPDATE images SET size = 1 WHERE id = 2");
  back_up();
  const auto report = run_sabotage(drill_request(), *repository_, test_.context);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::check_failed);
}

}  // namespace
}  // namespace lifeboat::drill
