#include <functional>

#include "drill/diagnosis.h"
#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

// Something that happens between two stages, and that nobody asked for.
class Accident final : public Step {
 public:
  explicit Accident(std::function<void(DrillState&)> what) : what_(std::move(what)) {}
  std::string name() const override { return "accident"; }
  Result<void> run(DrillState& state, const RunContext&) override {
    what_(state);
    return {};
  }

 private:
  std::function<void(DrillState&)> what_;
};

class AccidentTest : public ShopFixture {
 protected:
  // All stages, with an accident ahead of the named one, or at the end.
  Report drill_with(const std::string& ahead_of, std::function<void(DrillState&)> what) {
    auto steps = all_steps();
    const auto at =
        std::ranges::find_if(steps, [&](const auto& step) { return step->name() == ahead_of; });
    steps.insert(at, std::make_unique<Accident>(std::move(what)));
    const auto request = drill_request();
    DrillState state{request, *repository_, {}, {}, {}, {}};
    state.report.service = "shop";
    state.report.started = test_.clock.now();
    play(steps, state, test_.context);
    const auto judged = judge(state.report);
    state.report.verdict = judged.verdict;
    state.report.reason = judged.reason;
    state.report.diagnoses = diagnose(state.report);
    return std::move(state.report);
  }

  static bool explained_by(const Report& report, const std::string& rule) {
    return std::ranges::any_of(report.diagnoses,
                               [&](const auto& each) { return each.rule == rule; });
  }
};

TEST_F(AccidentTest, WithoutAnAccidentTheSameStagesAreProven) {
  const auto report = drill_with("check", [](DrillState&) {});
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(report.diagnoses.empty());
}

TEST_F(AccidentTest, ASandboxThatVanishesSaysNothingOfTheBackup) {
  for (const auto* stage : {"restore", "check", "the end"}) {
    const auto report =
        drill_with(stage, [](DrillState& state) { fs::remove_all(state.sandbox->directory()); });
    EXPECT_EQ(report.verdict, Verdict::unverified) << stage << ": " << report.reason;
    EXPECT_TRUE(explained_by(report, "sandbox-vanished")) << stage;
    EXPECT_TRUE(report.tear_down->remaining.empty()) << stage;
  }
}

// No engine of today makes such a chain: what its head would say is put into the list.
TEST_F(AccidentTest, ASnapshotWhoseBaseWasRemovedFailsAndSaysWhichOneIsGone) {
  back_up();
  const auto list = repository_->snapshots(test_.context);
  const auto base = list->snapshots.front().id;
  const auto needs_base = [&](DrillState& state) { state.report.snapshot->needs = {base.hex()}; };
  EXPECT_EQ(drill_with("fetch", needs_base).verdict, Verdict::proven);
  ASSERT_TRUE(repository_->forget(base, "retention", test_.context));
  const auto report = drill_with("fetch", needs_base);
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_TRUE(explained_by(report, "chain-broken"));
  EXPECT_NE(report.reason.find(base.hex().substr(0, 10) + ", which is gone"), std::string::npos)
      << report.reason;
}

// Files that are missing then were not missing from the backup.
TEST_F(AccidentTest, ASandboxThatIsEmptiedSaysNothingOfTheBackup) {
  const auto report = drill_with("check", [](DrillState& state) {
    for (const auto& each : fs::directory_iterator(state.sandbox->directory()))
      fs::remove_all(each.path());
  });
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_FALSE(report.tear_down->clean());
}

TEST_F(AccidentTest, ASandboxWhoseTokenWasExchangedStaysAndIsNamed) {
  fs::path directory;
  const auto report = drill_with("check", [&](DrillState& state) {
    directory = state.sandbox->directory();
    ASSERT_TRUE(write_file(directory / ".lifeboat-sandbox.json", view_of(R"({"token":"other"})")));
  });
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_TRUE(explained_by(report, "sandbox-left"));
  EXPECT_TRUE(fs::exists(directory / "data"));
}

TEST_F(AccidentTest, WhatWasRestoredAndIsNotThereWhenItIsCheckedIsTheRestoresFault) {
  const auto report =
      drill_with("check", [](DrillState& state) { fs::remove(data_of(state) / "db.db"); });
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_TRUE(explained_by(report, "restored-unreadable"));
}

TEST_F(AccidentTest, AClockThatJumpsBetweenStagesChangesNoDurationAndNoVerdict) {
  for (const auto jump : {std::chrono::hours(24 * 365), std::chrono::hours(-24 * 365)})
    for (const auto* stage : {"preflight", "fetch", "provision", "restore", "check", "the end"}) {
      const auto before = test_.clock.now();
      const auto report = drill_with(stage, [&](DrillState&) { test_.clock.set(before + jump); });
      test_.clock.set(before);
      EXPECT_EQ(report.verdict, Verdict::proven) << stage << ": " << report.reason;
      for (const auto& each : report.stages)
        EXPECT_LT(each.elapsed, std::chrono::hours(1)) << stage;
    }
}

}  // namespace
}  // namespace lifeboat::drill
