#include "drill/sabotage.h"

#include <algorithm>

#include "base/counted.h"
#include "drill/diagnosis.h"
#include "drill/planting.h"
#include "drill/step.h"

namespace lifeboat::drill {
namespace {

constexpr const char* kCheckStage = "check";
constexpr const char* kAppStage = "app";

using Act = std::function<Result<void>(Request& request, DrillState& state)>;

// Stands between what was restored and those that judge it.
class PlantStep final : public Step {
 public:
  PlantStep(const Act& act, Request& request) : act_(act), request_(request) {}
  std::string name() const override { return "planting"; }
  Result<void> run(DrillState& state, const RunContext&) override { return act_(request_, state); }

  // Only what its owner may enter can be removed.
  void undo(DrillState& state) override {
    std::error_code ignored;
    for (const auto& each : state.restored)
      std::filesystem::permissions(each.place, std::filesystem::perms::owner_all,
                                   std::filesystem::perm_options::add, ignored);
  }

 private:
  const Act& act_;
  Request& request_;
};

// Which stages judge a trial.
struct Judges {
  bool data = true;
  bool application = false;
};

// Programs of the configuration, people and notices have no part in it.
Steps steps_with(const Judges& judges, std::unique_ptr<Step> planting) {
  auto steps = all_steps();
  auto check = std::exchange(steps.back(), std::move(planting));
  if (judges.data) steps.push_back(std::move(check));
  if (judges.application) steps.push_back(make_app_step());
  return steps;
}

// Restores one copy after another, without a record.
class Stage {
 public:
  Stage(const Request& request, repository::Repository& repository, const RunContext& context)
      : request_(request),
        repository_(repository),
        context_(context),
        earlier_(load_history(request.service, request.reports, repository)) {}

  // What cannot even be opened is noticed too; an error elsewhere says nothing about the drill.
  Result<Report> play_with(const Act& act, const Judges& judges) const {
    Request request = request_;
    request.keep = false;
    DrillState state{request, repository_, {}, {}, {}, {}};
    state.earlier = earlier_;
    auto& report = state.report;
    report.service = request.service;
    report.started = context_.clock.now();
    SilentProgress silent;
    play(steps_with(judges, std::make_unique<PlantStep>(act, request)), state,
         {context_.stop, context_.clock, context_.random, silent, context_.log});
    if (report.error && !is_of_judges(*report.error)) return fail(std::move(*report.error));
    if (report.tear_down && !report.tear_down->clean())
      return fail(Code::io_error, "the sandbox could not be removed");
    const auto judged = judge(report);
    report.verdict = judged.verdict;
    report.reason = judged.reason;
    report.diagnoses = diagnose(report);
    return std::move(report);
  }

 private:
  static bool is_of_judges(const Error& error) {
    if (error.code() == Code::interrupted || error.context().empty()) return false;
    const auto& stage = error.context().back();
    return stage == kCheckStage || stage == kAppStage;
  }

  const Request& request_;
  repository::Repository& repository_;
  const RunContext& context_;
  const History earlier_;  // none of the copies adds to it
};

// As the subjects of the diagnosis are called.
std::vector<std::string> noticed_in(const Report& report) {
  std::vector<std::string> noticed;
  for (const auto& check : report.checks)
    if (check.outcome == Outcome::failed) noticed.push_back(check.id);
  if (report.error) noticed.push_back(report.error->context().back());
  if (report.measures.rpo == Judgement::missed) noticed.emplace_back("rpo");
  return noticed;
}

std::vector<std::string> rules_in(const Report& report) {
  std::vector<std::string> rules;
  for (const auto& each : report.diagnoses)
    if (std::ranges::find(rules, each.rule) == rules.end()) rules.push_back(each.rule);
  return rules;
}

bool is_expected(const std::string& subject, const std::vector<std::string>& checks) {
  if (checks.empty()) return true;
  return std::ranges::any_of(checks, [&](const std::string& check) {
    return subject == check || subject.starts_with(check + ".");
  });
}

// A check that it is for failed, and the reason that is given for that very check is the right one.
bool is_caught(const Sabotage& sabotage, const Report& report) {
  if (sabotage.planted.empty() || report.verdict != sabotage.expected.verdict) return false;
  return std::ranges::any_of(report.diagnoses, [&](const Diagnosis& each) {
    return std::ranges::count(sabotage.noticed_by, each.subject) > 0 &&
           is_expected(each.subject, sabotage.expected.checks) &&
           std::ranges::count(sabotage.expected.diagnoses, each.rule) > 0;
  });
}

Result<Sabotage> try_out(const Stage& stage, const Planting& planting) {
  Sabotage sabotage;
  sabotage.source = planting.source;
  sabotage.defect = planting.defect;
  sabotage.expected = planting.expected;
  if (!planting.plant) return sabotage;
  const auto act = [&](Request& request, DrillState& state) -> Result<void> {
    sabotage.planted = TRY(planting.plant(request, state)).value_or("");
    return {};
  };
  const auto report =
      TRY(stage.play_with(act, {!planting.is_of_application, planting.is_of_application}));
  sabotage.verdict = report.verdict;
  sabotage.noticed_by = noticed_in(report);
  sabotage.diagnoses = rules_in(report);
  sabotage.caught = is_caught(sabotage, report);
  return sabotage;
}

Error not_proven(const Report& report) {
  const auto code = report.verdict == Verdict::failed ? Code::check_failed : Code::unavailable;
  return Error(code, "without any defect the drill is not proven: " + report.reason)
      .with_hint("Mend what `lifeboat drill run " + report.service +
                 "` finds, or name another drill with --drill, then sabotage.");
}

Result<void> refuse_foreign(const Request& request) {
  if (request.takes) return {};
  return fail(Error(Code::usage,
                    "sabotage tries the drill of what Lifeboat took, and it took nothing of this "
                    "service: a backup that another tool makes carries no facts, so nothing says "
                    "that a row was lost and not deleted")
                  .with_hint("Try your own checks: spoil a copy of the backup, name it in from: "
                             "and drill."));
}

}  // namespace

std::size_t SabotageReport::planted() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      defects, [](const Sabotage& defect) { return !defect.planted.empty(); }));
}

std::size_t SabotageReport::caught() const {
  return static_cast<std::size_t>(std::ranges::count(defects, true, &Sabotage::caught));
}

Result<SabotageReport> run_sabotage(const Request& request, repository::Repository& repository,
                                    const RunContext& context) {
  TRY(refuse_foreign(request));
  const Stage stage(request, repository, context);
  std::vector<Planting> plantings;
  const auto list = [&](const Request&, const DrillState& state) -> Result<void> {
    plantings = TRY(data_plantings(state));
    for (auto& each : stale_plantings(state.request)) plantings.push_back(std::move(each));
    for (auto& each : application_plantings(state)) plantings.push_back(std::move(each));
    return {};
  };
  context.progress.stage("drilling without a defect", 0);
  const auto sound = TRY(stage.play_with(list, {true, request.options.app.has_value()}));
  if (sound.verdict != Verdict::proven) return fail(not_proven(sound));
  SabotageReport result;
  result.snapshot = sound.snapshot;
  context.progress.stage("planting " + counted(plantings.size(), "defect", "defects"), 0);
  for (const auto& each : plantings) {
    result.defects.push_back(TRY(try_out(stage, each)));
    context.progress.advance(0, 1);
  }
  return result;
}

}  // namespace lifeboat::drill
