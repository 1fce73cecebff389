#include "drill/runbook.h"

#include <algorithm>
#include <array>

#include "drill/report.h"

namespace lifeboat::drill {
namespace {

std::string step_subject(const RunbookStep& step) {
  return step.stage.empty() ? "check " + step.check : "stage " + step.stage;
}

RunbookOutcome timed(const RunbookStep& step, Duration elapsed) {
  return step.within && elapsed > *step.within ? RunbookOutcome::slow : RunbookOutcome::done;
}

RunbookOutcome unmet(const Report& report) {
  return report.error ? RunbookOutcome::not_reached : RunbookOutcome::missing;
}

RunbookLine look_for_stage(const Report& report, const RunbookStep& step) {
  const auto found = std::ranges::find(report.stages, step.stage, &StageResult::name);
  if (found == report.stages.end()) return {step, RunbookOutcome::missing, {}};
  if (!found->error.empty()) return {step, RunbookOutcome::failed, found->elapsed};
  if (!found->done) return {step, unmet(report), {}};
  return {step, timed(step, found->elapsed), found->elapsed};
}

RunbookLine look_for_check(const Report& report, const RunbookStep& step) {
  const auto found = std::ranges::find(report.checks, step.check, &CheckResult::id);
  if (found == report.checks.end() || found->outcome == Outcome::not_run)
    return {step, unmet(report), {}};
  if (found->outcome == Outcome::failed) return {step, RunbookOutcome::failed, found->elapsed};
  return {step, timed(step, found->elapsed), found->elapsed};
}

void note_line(Report& report, const RunbookLine& line) {
  const auto what = line.step.step + " (" + step_subject(line.step) + ")";
  if (line.outcome == RunbookOutcome::missing)
    report.findings.push_back(
        {"runbook-missing", what, "the runbook has this step, the drill did not do it", false});
  if (line.outcome == RunbookOutcome::slow)
    report.findings.push_back({"runbook-slow", what,
                               "took " + describe_duration(*line.elapsed) +
                                   ", the runbook allows " + describe_duration(*line.step.within),
                               false});
}

}  // namespace

std::string_view name_of(RunbookOutcome outcome) {
  static constexpr std::array<std::string_view, 5> kNames{"done", "slow", "missing", "failed",
                                                          "not_reached"};
  return kNames[static_cast<std::size_t>(outcome)];
}

void compare_with_runbook(Report& report, const std::vector<RunbookStep>& runbook) {
  for (const auto& step : runbook) {
    auto line = step.stage.empty() ? look_for_check(report, step) : look_for_stage(report, step);
    note_line(report, line);
    report.runbook.push_back(std::move(line));
  }
}

Json to_json(const RunbookLine& line) {
  Json json{{"step", line.step.step},
            {"of", step_subject(line.step)},
            {"outcome", name_of(line.outcome)}};
  if (line.elapsed) json["milliseconds"] = whole_milliseconds(*line.elapsed);
  if (line.step.within) json["allowed_ms"] = whole_milliseconds(*line.step.within);
  return json;
}

}  // namespace lifeboat::drill
