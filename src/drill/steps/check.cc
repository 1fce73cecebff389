#include "drill/check.h"

#include <algorithm>

#include "drill/markers.h"
#include "engine/all.h"

namespace lifeboat::drill {
namespace {

std::unique_ptr<Question> make_question(const Check& check) {
  if (const auto* blobs = std::get_if<BlobsCheck>(&check)) return make_blobs_check(*blobs);
  if (const auto* query = std::get_if<QueryCheck>(&check)) return make_query_check(*query);
  if (const auto* freshness = std::get_if<FreshnessCheck>(&check))
    return make_freshness_check(*freshness);
  if (const auto* migrations = std::get_if<MigrationsCheck>(&check))
    return make_migrations_check(*migrations);
  return nullptr;  // asked in a step of its own
}

bool asks_for_migrations(const std::vector<Check>& checks, const std::string& source) {
  return std::ranges::any_of(checks, [&](const Check& check) {
    const auto* migrations = std::get_if<MigrationsCheck>(&check);
    return migrations != nullptr && migrations->source == source;
  });
}

bool has_ledger(const repository::SourceManifest& source) {
  const auto found = source.facts.find("migrations");
  return found != source.facts.end() && !found->empty();
}

std::vector<std::unique_ptr<Question>> all_questions(const DrillState& state) {
  std::vector<std::unique_ptr<Question>> questions;
  for (const auto& source : state.snapshot->sources()) {
    questions.push_back(make_facts_check(source.name));
    if (source.type == "files" && state.request.options.tier != "quick")
      questions.push_back(make_contents_check(source.name));
    if (source.type != "files") questions.push_back(make_integrity_check(source.name));
    if (has_ledger(source) && !asks_for_migrations(state.request.options.checks, source.name))
      questions.push_back(make_migrations_check({source.name, ""}));
  }
  questions.push_back(make_trend_check());
  if (state.report.snapshot)
    questions.push_back(
        make_circumstances_check(state.report.snapshot->labels, state.request.circumstances));
  for (const auto& check : state.request.options.checks)
    if (auto question = make_question(check)) questions.push_back(std::move(question));
  return questions;
}

bool says_damage(Code code) { return code == Code::corrupt || code == Code::damage_found; }

// A question that could not be asked is never a pass.
CheckResult unasked(const Question& question, const Error& error) {
  CheckResult result;
  result.id = question.id();
  result.proves = question.proves();
  result.outcome = says_damage(error.code()) ? Outcome::failed : Outcome::not_run;
  result.refused = error.code() == Code::refused;
  result.message = error.describe();
  return result;
}

// Asks every question, also after one failed: a person wants to see them all at once.
class CheckStep final : public Step {
 public:
  std::string name() const override { return "check"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    CheckScope scope{{}, state.repository, *state.snapshot, state.request.options.tier};
    TRY(open_sources(state, scope));
    for (const auto& question : all_questions(state)) {
      TRY(context.check_stop());
      ask(*question, scope, state.report, context);
    }
    read_markers(state);
    return {};
  }

 private:
  static Result<void> open_sources(DrillState& state, CheckScope& scope) {
    for (const auto& manifest : state.snapshot->sources())
      scope.sources[manifest.name].manifest = &manifest;
    for (const auto& item : state.plan.items) {
      auto& source = scope.sources[item.source];
      source.place = item.place;
      const auto* engine = TRY(engine::find_engine(item.type));
      auto inspector = engine->open_inspector(item.place);
      if (!inspector)
        return fail(Error(Code::check_failed,
                          "what was restored cannot be opened: " + inspector.error().describe()));
      source.inspector = std::move(*inspector);
    }
    return {};
  }

  static void ask(Question& question, CheckScope& scope, Report& report,
                  const RunContext& context) {
    const Duration begun = context.clock.steady();
    auto results = question.run(scope, context);
    const Duration elapsed = context.clock.steady() - begun;
    if (!results) results = std::vector{unasked(question, results.error())};
    for (auto& result : *results) {
      if (result.proves.empty()) result.proves = question.proves();
      result.elapsed = elapsed;
      report.checks.push_back(std::move(result));
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_check_step() { return std::make_unique<CheckStep>(); }

Result<RestoredSource*> source_of(CheckScope& scope, const std::string& name) {
  const auto found = scope.sources.find(name);
  if (found == scope.sources.end() || !found->second.inspector)
    return fail(Code::config_invalid, "the snapshot has no source \"" + name + "\"");
  return &found->second;
}

std::string quote_identifier(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace lifeboat::drill
