#include "drill/runbook.h"

#include <gtest/gtest.h>

#include "drill/report.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

Report report_of_a_drill() {
  Report report;
  report.stages = {{"locate", 1s, true, ""}, {"restore", 60s, true, ""}};
  CheckResult check;
  check.id = "journey.login";
  check.outcome = Outcome::passed;
  check.elapsed = 2s;
  report.checks = {check};
  return report;
}

RunbookStep stage(const std::string& name, std::optional<Duration> within = std::nullopt) {
  return {"do " + name, name, "", within};
}
RunbookStep check_step(const std::string& id, std::optional<Duration> within = std::nullopt) {
  return {"do " + id, "", id, within};
}

// The outcomes of all steps, and the codes of the findings that they make.
std::string outcomes(Report report, const std::vector<RunbookStep>& runbook) {
  compare_with_runbook(report, runbook);
  std::string text;
  for (const auto& line : report.runbook) text += std::string(name_of(line.outcome)) + " ";
  for (const auto& finding : report.findings) text += "! " + finding.code + " ";
  return text;
}

TEST(Runbook, StepsThatWereDoneInTimeAreNoFinding) {
  EXPECT_EQ(outcomes(report_of_a_drill(),
                     {stage("locate"), stage("restore", 60s), check_step("journey.login", 2s)}),
            "done done done ");
}

TEST(Runbook, ASlowStepIsAFinding) {
  EXPECT_EQ(outcomes(report_of_a_drill(), {stage("restore", 59s), check_step("journey.login", 1s)}),
            "slow slow ! runbook-slow ! runbook-slow ");
}

TEST(Runbook, AMissingStepIsAFinding) {
  EXPECT_EQ(outcomes(report_of_a_drill(), {stage("app"), check_step("journey.pay")}),
            "missing missing ! runbook-missing ! runbook-missing ");
}

TEST(Runbook, ACheckThatDidNotRunIsMissing) {
  auto report = report_of_a_drill();
  report.checks[0].outcome = Outcome::not_run;
  EXPECT_EQ(outcomes(report, {check_step("journey.login")}), "missing ! runbook-missing ");
}

TEST(Runbook, WhatFailedIsSaidByTheCheckOrTheStageItself) {
  auto report = report_of_a_drill();
  report.checks[0].outcome = Outcome::failed;
  report.stages[1] = {"restore", 3s, false, "no"};
  EXPECT_EQ(outcomes(report, {stage("restore"), check_step("journey.login")}), "failed failed ");
}

TEST(Runbook, StepsBehindTheOneThatStoppedTheDrillAreNotBlamed) {
  auto report = report_of_a_drill();
  report.error = Error(Code::io_error, "no");
  report.stages[1] = {"restore", 0s, false, ""};
  report.checks.clear();
  EXPECT_EQ(outcomes(report, {stage("restore"), check_step("journey.login")}),
            "not_reached not_reached ");
}

TEST(Runbook, TheRecordHasEachStepWithWhatItTookAndMayTake) {
  auto report = report_of_a_drill();
  compare_with_runbook(report, {stage("restore", 59s)});
  EXPECT_EQ(to_json(report)["runbook"].dump(),
            R"([{"allowed_ms":59000,"milliseconds":60000,"of":"stage restore",)"
            R"("outcome":"slow","step":"do restore"}])");
}

TEST(Runbook, WithoutOneTheRecordSaysNothingOfIt) {
  EXPECT_FALSE(to_json(report_of_a_drill()).contains("runbook"));
}

}  // namespace
}  // namespace lifeboat::drill
