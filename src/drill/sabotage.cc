#include "drill/sabotage.h"

#include <algorithm>

#include "drill/step.h"
#include "engine/all.h"

namespace lifeboat::drill {
namespace {

// What is spoiled between restore and check.
struct Target {
  const restore::PlanItem* item = nullptr;
  const engine::Engine* engine = nullptr;
};

// A drill without record: its steps, its verdict, and whatever happens its tear-down.
class Trial {
 public:
  Trial(const Request& request, repository::Repository& repository)
      : state_{request, repository, {}, {}, {}, {}} {}

  template <class Spoil>
  Result<Report> run(const Spoil& spoil, const RunContext& context) {
    auto steps = all_steps();
    auto done = run_steps(steps, spoil, context);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) (*step)->undo(state_);
    TRY(std::move(done));
    if (state_.report.tear_down && !state_.report.tear_down->clean())
      return fail(Code::io_error, "the sandbox could not be removed");
    state_.report.verdict = judge(state_.report).verdict;
    return std::move(state_.report);
  }

 private:
  template <class Spoil>
  Result<void> run_steps(std::vector<std::unique_ptr<Step>>& steps, const Spoil& spoil,
                         const RunContext& context) {
    state_.report.service = state_.request.service;
    state_.report.started = context.clock.now();
    for (auto& step : steps) {
      TRY(context.check_stop());
      if (step->name() == "check") TRY(spoil(state_));
      auto done = step->run(state_, context);
      // What cannot even be opened is noticed too.
      if (done) continue;
      if (step->name() != "check" || done.error().code() == Code::interrupted) return done;
      state_.report.error = std::move(done).error();
    }
    return {};
  }

  DrillState state_;
};

std::vector<std::string> failed_checks(const Report& report) {
  std::vector<std::string> failed;
  for (const auto& check : report.checks)
    if (check.outcome == Outcome::failed) failed.push_back(check.id);
  if (report.error) failed.emplace_back("opening");
  return failed;
}

// "counts.db" is for a defect of `db` that counts catch; one that names no kind is for any.
bool is_caught(const engine::Defect& defect, const Sabotage& sabotage) {
  if (sabotage.verdict != Verdict::failed) return false;
  if (defect.caught_by.empty()) return !sabotage.noticed_by.empty();
  return std::ranges::any_of(defect.caught_by, [&](const std::string& kind) {
    return std::ranges::find(sabotage.noticed_by, kind + "." + sabotage.source) !=
           sabotage.noticed_by.end();
  });
}

Result<Sabotage> try_defect(const Request& request, repository::Repository& repository,
                            const std::pair<std::string, engine::Defect>& what,
                            const RunContext& context) {
  Sabotage sabotage;
  sabotage.source = what.first;
  sabotage.defect = what.second.name;
  const auto spoil = [&](DrillState& state) -> Result<void> {
    const auto item = std::ranges::find(state.plan.items, what.first, &restore::PlanItem::source);
    if (item == state.plan.items.end()) return {};
    const auto* engine = TRY(engine::find_engine(item->type));
    sabotage.planted =
        TRY_CONTEXT("planting " + what.second.name, engine->plant(what.second.name, item->place))
            .value_or("");
    return {};
  };
  const auto report = TRY(Trial(request, repository).run(spoil, context));
  sabotage.verdict = report.verdict;
  sabotage.noticed_by = failed_checks(report);
  sabotage.caught = !sabotage.planted.empty() && is_caught(what.second, sabotage);
  return sabotage;
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
  if (!request.takes)
    return fail(Error(Code::usage,
                      "sabotage tries the drill of what Lifeboat took, and it took "
                      "nothing of this service")
                    .with_hint("Its sources are backups that other tools make."));
  SabotageReport result;
  std::vector<std::pair<std::string, engine::Defect>> all;
  const auto list = [&](DrillState& state) -> Result<void> {
    for (const auto& item : state.plan.items)
      for (auto& defect : TRY(engine::find_engine(item.type))->defects())
        all.emplace_back(item.source, std::move(defect));
    return {};
  };
  const auto sound = TRY(Trial(request, repository).run(list, context));
  if (sound.verdict != Verdict::proven)
    return fail(Error(Code::check_failed,
                      "without any defect the drill is not proven: " + judge(sound).reason)
                    .with_hint("Mend what `lifeboat drill run " + request.service +
                               "` finds, then sabotage."));
  result.snapshot = sound.snapshot;
  context.progress.stage("planting defects", all.size());
  for (const auto& each : all) {
    result.defects.push_back(TRY(try_defect(request, repository, each, context)));
    context.progress.advance(1, 1);
  }
  return result;
}

}  // namespace lifeboat::drill
