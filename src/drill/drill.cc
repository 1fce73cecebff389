#include "drill/drill.h"

#include <algorithm>

#include "base/undisturbed.h"
#include "drill/action_items.h"
#include "drill/deadline.h"
#include "drill/diagnosis.h"
#include "drill/history.h"
#include "drill/measure.h"
#include "drill/projection.h"
#include "drill/seal.h"
#include "drill/step.h"

namespace lifeboat::drill {
namespace {

CheckResult cold_start(const std::string& used) {
  CheckResult result;
  result.id = "cold-start";
  result.proves =
      "one key and the repository are enough: nothing of this machine's configuration, "
      "variables and cache was used";
  result.outcome = Outcome::passed;
  result.message = used;
  return result;
}

Report begin_report(const Request& request, const RunContext& context) {
  Report report;
  report.id = context.random.hex(8);
  report.service = request.service;
  report.drill = request.options.name;
  report.owner = request.owner;
  report.host = request.host;
  report.environment = request.options.environment;
  report.combined_with = request.options.combined_with;
  report.version = request.version;
  report.tier = request.options.tier;
  report.started = context.clock.now();
  report.findings = request.findings;
  return report;
}

Report begin_report(const Request& request, const repository::Repository& repository,
                    const RunContext& context) {
  auto report = begin_report(request, context);
  report.repository = repository.description();
  report.repository_id = repository.id();
  if (!request.cold_start.empty()) report.checks.push_back(cold_start(request.cold_start));
  return report;
}

// A stage would make the place anew, and what it puts there would carry no token.
Result<void> check_sandbox(const DrillState& state) {
  return state.sandbox ? state.sandbox->check_own() : Result<void>{};
}

// For whoever asks to be told everything: where it is, also in stages that move no bytes.
void begin_stage(const std::string& name, const RunContext& context) {
  context.progress.stage(name, 0);
  context.log.debug("stage " + name);
}

// A stage that stops ends the drill; those after it are listed as not run.
void run_step(Step& step, DrillState& state, const RunContext& context) {
  StageResult stage;
  stage.name = step.name();
  if (!state.report.error) {
    const Duration begun = context.clock.steady();
    begin_stage(stage.name, context);
    auto done = context.check_stop().and_then([&] { return check_sandbox(state); }).and_then([&] {
      return step.run(state, context);
    });
    stage.elapsed = context.clock.steady() - begun;
    stage.done = done.has_value();
    if (!done) {
      stage.error = done.error().describe();
      state.report.error = std::move(done).error().add_context(stage.name);
    }
  }
  state.report.stages.push_back(std::move(stage));
}

void tear_down(const Steps& steps, DrillState& state, const RunContext& context) {
  const Duration begun = context.clock.steady();
  begin_stage("tear-down", context);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) (*step)->undo(state);
  StageResult stage;
  stage.name = "tear-down";
  stage.elapsed = context.clock.steady() - begun;
  stage.done = !state.report.tear_down || state.report.tear_down->clean();
  if (!stage.done) stage.error = "something made by this drill could not be removed";
  state.report.stages.push_back(std::move(stage));
}

// What everything together says, in the light of earlier drills and of what people said.
void conclude_report(Report& report, const History& history) {
  for (const auto& finding : history.findings) report.findings.push_back(finding);
  apply_waivers(report, history.waivers);
  const auto judged = judge(report);
  report.verdict = judged.verdict;
  report.reason = judged.reason;
  report.diagnoses = diagnose(report);
  report.trend = trend_of(history);
  carry_items(report, history);
}

// Every step, as far as time and people allow.
void run_steps(const Steps& steps, DrillState& state, const RunContext& context) {
  const auto& within = state.request.options.within;
  const Deadline deadline(context.stop, within);
  const RunContext timed{deadline.token(), context.clock, context.random, context.progress,
                         context.log};
  for (const auto& step : steps) run_step(*step, state, timed);
  auto& error = state.report.error;
  if (!deadline.passed() || !error || error->code() != Code::interrupted) return;
  auto late = Error(Code::timed_out, "it was stopped: it took longer than the drill may take, " +
                                         describe_duration(*within))
                  .with_hint("Give the drill more time with within: …, or leave checks out of it.");
  const auto& stage = error->context();
  error = stage.empty() ? std::move(late) : std::move(late).add_context(stage.back());
}

template <class Kind>
bool asks(const DrillOptions& options) {
  return std::ranges::any_of(
      options.checks, [](const Check& check) { return std::holds_alternative<Kind>(check); });
}

}  // namespace

Steps all_steps() {
  Steps steps;
  steps.push_back(make_locate_step());
  steps.push_back(make_preflight_step());
  steps.push_back(make_fetch_step());
  steps.push_back(make_provision_step());
  steps.push_back(make_restore_step());
  steps.push_back(make_check_step());
  return steps;
}

// The programs ahead of it, and those that look at what was restored.
Steps steps_of(const DrillOptions& options) {
  auto steps = all_steps();
  if (!options.before.empty()) steps.insert(steps.begin(), make_before_step());
  if (asks<CommandCheck>(options)) steps.push_back(make_commands_step());
  if (options.app) steps.push_back(make_app_step());
  if (asks<ManualCheck>(options)) steps.push_back(make_manual_step());
  return steps;
}

const History& earlier_drills(DrillState& state) {
  const auto& request = state.request;
  if (!state.earlier)
    state.earlier = load_history(request.service, request.reports, state.repository);
  return *state.earlier;
}

void play(const Steps& steps, DrillState& state, const RunContext& context) {
  run_steps(steps, state, context);
  measure(state.report, state.request);
  tear_down(steps, state, undisturbed(context));
}

Report report_unopened(const Request& request, const Error& error, const RunContext& context) {
  auto report = begin_report(request, context);
  report.error = explain_denied(error).add_context(kOpenStage);
  report.stages.push_back({kOpenStage, Duration{0}, false, error.describe()});
  for (const auto& step : steps_of(request.options)) {
    StageResult stage;
    stage.name = step->name();
    report.stages.push_back(std::move(stage));
  }
  measure(report, request);
  report.ended = context.clock.now();
  conclude_report(report, {});
  return report;
}

Result<Sealed> run_drill(const Request& request, repository::Repository& repository,
                         const RunContext& context) {
  DrillState state{request, repository, begin_report(request, repository, context), {}, {}, {}};
  play(steps_of(request.options), state, context);
  state.report.ended = context.clock.now();
  begin_stage("seal", context);
  // Anew: while this one ran, another machine may have added to the chain.
  const auto history = load_history(request.service, request.reports, repository);
  project(state.report, history);
  compare_with_runbook(state.report, request.options.runbook);
  conclude_report(state.report, history);
  return seal(std::move(state.report), {request, history, repository}, undisturbed(context));
}

}  // namespace lifeboat::drill
