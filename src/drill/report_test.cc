#include "drill/report.h"

#include <gtest/gtest.h>

#include "drill/measure.h"

namespace lifeboat::drill {
namespace {

CheckResult check_with(Outcome outcome, bool proves_data = true) {
  CheckResult result;
  result.id = "counts.db";
  result.outcome = outcome;
  result.message = "found";
  result.proves_data = proves_data;
  return result;
}

Report report_with(std::vector<CheckResult> checks) {
  Report report;
  report.service = "shop";
  report.checks = std::move(checks);
  report.stages = {{"locate", std::chrono::seconds(1), true, ""},
                   {"restore", std::chrono::seconds(2), true, ""}};
  report.tear_down = sandbox::TearDownProof{"token", {"/sandbox"}, {}};
  return report;
}

TEST(Judge, PassedChecksAndACleanTearDownAreProven) {
  EXPECT_EQ(judge(report_with({check_with(Outcome::passed)})).verdict, Verdict::proven);
}

TEST(Judge, AFindingDoesNotHideThatItIsProven) {
  const auto judged =
      judge(report_with({check_with(Outcome::passed), check_with(Outcome::warned)}));
  EXPECT_EQ(judged.verdict, Verdict::proven);
  EXPECT_TRUE(judged.reason.starts_with("with findings"));
}

TEST(Judge, OneFailedCheckFailsTheDrill) {
  EXPECT_EQ(judge(report_with({check_with(Outcome::passed), check_with(Outcome::failed)})).verdict,
            Verdict::failed);
}

TEST(Judge, ACheckThatDidNotRunIsNeverAPass) {
  EXPECT_EQ(judge(report_with({check_with(Outcome::passed), check_with(Outcome::not_run)})).verdict,
            Verdict::unverified);
}

TEST(Judge, NoChecksAtAllAreUnverified) {
  EXPECT_EQ(judge(report_with({})).verdict, Verdict::unverified);
}

TEST(Judge, AStructuralCheckAloneProvesNothing) {
  EXPECT_EQ(judge(report_with({check_with(Outcome::passed, false)})).verdict, Verdict::unverified);
}

TEST(Judge, ASandboxLeftBehindIsNotProven) {
  auto report = report_with({check_with(Outcome::passed)});
  report.tear_down->remaining = {"/sandbox"};
  EXPECT_EQ(judge(report).verdict, Verdict::unverified);
  report.tear_down.reset();
  EXPECT_EQ(judge(report).verdict, Verdict::unverified);
}

TEST(Judge, DamageFailsAndAFullDiskDecidesNothing) {
  auto report = report_with({});
  report.error = Error(Code::damage_found, "a chunk is missing");
  EXPECT_EQ(judge(report).verdict, Verdict::failed);
  report.error = Error(Code::no_space, "the disk is full");
  EXPECT_EQ(judge(report).verdict, Verdict::unverified);
  report.error = Error(Code::timed_out, "no answer");
  EXPECT_EQ(judge(report).verdict, Verdict::unverified);
}

TEST(ExitStatus, FollowsTheTable) {
  auto report = report_with({check_with(Outcome::passed)});
  report.verdict = Verdict::proven;
  EXPECT_EQ(exit_status(report, true), 0);
  report.measures.rto = Judgement::missed;
  EXPECT_EQ(exit_status(report, false), 0);
  EXPECT_EQ(exit_status(report, true), 1);
  report.verdict = Verdict::failed;
  EXPECT_EQ(exit_status(report, false), 1);
  report.verdict = Verdict::unverified;
  EXPECT_EQ(exit_status(report, false), 2);
  report.checks[0].refused = true;
  EXPECT_EQ(exit_status(report, false), 4);
  report.error = Error(Code::interrupted, "stopped");
  EXPECT_EQ(exit_status(report, false), 130);
}

TEST(Measure, ObjectivesAreMetOrMissedOnlyWhenMeasured) {
  Request request;
  request.rto = std::chrono::seconds(2);
  request.rpo = std::chrono::hours(1);
  auto report = report_with({});
  measure(report, request);
  EXPECT_EQ(report.measures.rto, Judgement::missed);
  EXPECT_EQ(report.measures.rpo, Judgement::not_measured);
  report.snapshot.emplace();
  report.started = report.snapshot->time + std::chrono::minutes(30);
  report.measures = {};
  measure(report, request);
  EXPECT_EQ(report.measures.rpo, Judgement::met);
  report.stages[1].done = false;
  report.measures = {};
  measure(report, request);
  EXPECT_EQ(report.measures.rto, Judgement::not_measured);
  EXPECT_FALSE(report.measures.recovery);
}

TEST(Measure, ASnapshotFromTheFutureIsAFindingAndNotJudged) {
  Request request;
  request.rpo = std::chrono::hours(1);
  auto report = report_with({});
  report.snapshot.emplace();
  report.started = report.snapshot->time - std::chrono::hours(3);
  measure(report, request);
  EXPECT_EQ(report.measures.rpo, Judgement::not_measured);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, "clock-skew");
}

}  // namespace
}  // namespace lifeboat::drill
