#include "drill/sabotage.h"

#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

class SabotageTest : public ShopFixture {};

TEST_F(SabotageTest, CatchesEveryDefectThatItPlants) {
  const auto report = run_sabotage(drill_request(), *repository_, test_.context);
  ASSERT_TRUE(report) << report.error().describe();
  std::set<std::string> planted;
  for (const auto& each : report->defects) {
    if (each.planted.empty()) continue;
    planted.insert(each.defect);
    EXPECT_TRUE(each.caught) << each.defect << " in " << each.source << ": " << each.planted << ", "
                             << name_of(each.verdict) << " by "
                             << ::testing::PrintToString(each.noticed_by);
  }
  EXPECT_EQ(report->planted(), 15U) << ::testing::PrintToString(planted);
  EXPECT_EQ(report->caught(), report->planted());
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
