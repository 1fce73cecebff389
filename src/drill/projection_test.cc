#include "drill/projection.h"

#include <gtest/gtest.h>

#include "drill/measure.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

SignedRecord record_taking(const std::string& tier, std::uint64_t bytes, std::int64_t check) {
  SignedRecord record;
  record.evidence = {{"drill", "other"},
                     {"tier", tier},
                     {"snapshot", {{"bytes", bytes}}},
                     {"stages",
                      {{{"name", "restore"}, {"milliseconds", 7000}},
                       {{"name", "check"}, {"milliseconds", check}}}}};
  return record;
}

History history_of(std::vector<SignedRecord> records) {
  History history;
  history.records = std::move(records);
  return history;
}

// Ten seconds of recovery, a tenth of it for comparing a little.
Report quick_drill(std::optional<Duration> objective = std::nullopt) {
  Report report;
  report.tier = "quick";
  report.snapshot.emplace().bytes = 1000;
  report.stages = {{"restore", 9s, true, ""}, {"check", 1s, true, ""}};
  Request request;
  request.rto = objective;
  measure(report, request);
  return report;
}

TEST(Projection, ExchangesTheCheckForOneOfEverythingAtThisSize) {
  auto report = quick_drill();
  project(report, history_of({record_taking("full", 500, 2000)}));
  ASSERT_TRUE(report.measures.projected);
  EXPECT_EQ(report.measures.projected->check, 4s);
  EXPECT_EQ(report.measures.projected->rto, 13s);
  EXPECT_EQ(to_json(report)["measures"]["rto"]["projected"]["outcome"], "projected");
}

TEST(Projection, IsNotKnownWithoutADrillOfEverything) {
  auto report = quick_drill();
  project(report, history_of({record_taking("quick", 1000, 500), record_taking("full", 9, 500)}));
  const auto said = to_json(report)["measures"]["rto"]["projected"];
  EXPECT_EQ(said["outcome"], "not_known");
  EXPECT_FALSE(said.contains("milliseconds"));
}

TEST(Projection, ADrillThatLeftNothingOutHasNone) {
  auto report = quick_drill();
  report.tier = "full";
  project(report, history_of({record_taking("full", 1000, 2000)}));
  EXPECT_FALSE(report.measures.projected);
}

TEST(Projection, ADrillThatStoppedHalfWayHasNone) {
  auto report = quick_drill();
  report.measures.recovery.reset();
  project(report, history_of({record_taking("full", 1000, 2000)}));
  EXPECT_FALSE(report.measures.projected);
}

TEST(Projection, ThatMissesTheObjectiveIsAFindingAndJudgesNothing) {
  auto report = quick_drill(12s);
  project(report, history_of({record_taking("full", 1000, 8000)}));
  EXPECT_EQ(report.measures.rto, Judgement::met);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, "projection-over-objective");
}

TEST(Projection, ThatMeetsTheObjectiveIsNoPass) {
  auto report = quick_drill(9500ms);
  project(report, history_of({record_taking("full", 1000, 1)}));
  EXPECT_LE(report.measures.projected->rto, 10s);
  EXPECT_EQ(report.measures.rto, Judgement::missed);
  EXPECT_TRUE(report.findings.empty());
}

}  // namespace
}  // namespace lifeboat::drill
