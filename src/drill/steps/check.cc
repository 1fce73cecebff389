#include "drill/check.h"

#include <algorithm>

#include "base/json_value.h"
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

bool is_of(const repository::SnapshotReader& snapshot, const std::string& name) {
  return std::ranges::any_of(snapshot.sources(),
                             [&](const auto& source) { return source.name == name; });
}

// As the facts say or, where they speak of none, by looking: facts of a dump never do.
bool has_ledger(const Json& facts, engine::Inspector& inspector, const RunContext& context) {
  const auto found = facts.is_object() ? facts.find("migrations") : facts.end();
  if (found != facts.end() && !found->empty()) return true;
  const auto ledgers = inspector.ledgers(context);
  return !ledgers || !ledgers->empty();
}

struct Asked {
  std::unique_ptr<Question> question;
  std::vector<std::string> sources = {};  // that it asks something particular of
};

std::vector<std::string> sources_of(const Check& check) {
  if (const auto* blobs = std::get_if<BlobsCheck>(&check)) return {blobs->source, blobs->files};
  if (const auto* query = std::get_if<QueryCheck>(&check)) return {query->source};
  if (const auto* fresh = std::get_if<FreshnessCheck>(&check)) return {fresh->source};
  if (const auto* migrations = std::get_if<MigrationsCheck>(&check)) return {migrations->source};
  return {};
}

void ask_of_own(const repository::SourceManifest& source, const std::string& tier,
                std::vector<Asked>& questions) {
  questions.push_back({make_facts_check(source.name)});
  if (source.type == "files" && tier != "quick")
    questions.push_back({make_contents_check(source.name)});
}

void ask_of_history(const std::string& tier, std::vector<Asked>& questions) {
  questions.push_back({make_trend_check()});
  if (tier != "quick") questions.push_back({make_rewritten_check()});
  questions.push_back({make_erased_check()});
}

// What the snapshot says of its sources, what was found in foreign ones, and what is asked of both.
std::vector<Asked> all_questions(const DrillState& state, const CheckScope& scope,
                                 const RunContext& context) {
  std::vector<Asked> questions;
  const auto& checks = state.request.options.checks;
  for (const auto& each : state.restored) {
    const bool own = state.snapshot && is_of(*state.snapshot, each.source);
    if (own) ask_of_own(*each.manifest, state.request.options.tier, questions);
    if (each.type != "files") questions.push_back({make_integrity_check(each.source)});
    if (!asks_for_migrations(checks, each.source) &&
        has_ledger(each.manifest->facts, *scope.sources.at(each.source).inspector, context))
      questions.push_back({make_migrations_check({each.source, ""})});
  }
  if (state.snapshot) ask_of_history(state.request.options.tier, questions);
  if (state.report.snapshot)
    questions.push_back(
        {make_circumstances_check(state.report.snapshot->labels, state.request.circumstances)});
  for (const auto& backup : state.foreign)
    if (!backup.earlier.empty())
      questions.push_back({make_foreign_trend_check(backup), {backup.source->name}});
  for (const auto& check : checks)
    if (auto question = make_question(check))
      questions.push_back({std::move(question), sources_of(check)});
  return questions;
}

bool says_damage(Code code) { return code == Code::corrupt || code == Code::damage_found; }

// What is damaged or not there was restored so; a right or a file descriptor that is missing is
// this machine's.
Error cannot_open(Error error) {
  if (!says_damage(error.code()) && error.code() != Code::not_found) return error;
  return {Code::check_failed, "what was restored cannot be opened: " + error.describe()};
}

// A question that could not be asked is never a pass.
CheckResult unasked(const Question& question, const Error& error) {
  CheckResult result;
  result.id = question.id();
  result.proves = question.proves();
  result.outcome = says_damage(error.code()) ? Outcome::failed : Outcome::not_run;
  result.refused = error.code() == Code::refused;
  result.unreadable = says_damage(error.code());
  result.message = error.describe();
  return result;
}

// Asks every question, also after one failed: a person wants to see them all at once.
class CheckStep final : public Step {
 public:
  std::string name() const override { return "check"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    CheckScope scope{
        {}, state.repository, state.snapshot.get(), state.request.options.tier, state.snapshots};
    TRY(open_sources(state, scope));
    for (std::size_t i = 0; i < state.foreign.size(); ++i) {
      TRY(context.check_stop());
      ask(*make_readable_check(state.foreign[i]), scope, state.report, context);
      auto& facts = state.report.foreign[i].facts;
      facts = trend_facts(state.foreign[i].manifest.facts);
      leave_out_same(state.foreign[i], facts);
    }
    for (const auto& [question, sources] : all_questions(state, scope, context)) {
      TRY(context.check_stop());
      const auto before = state.report.checks.size();
      ask(*question, scope, state.report, context);
      if (was_answered(state.report, before)) note_questioned(state.report, sources);
    }
    read_markers(state);
    return {};
  }

 private:
  static bool was_answered(const Report& report, std::size_t from) {
    return std::any_of(report.checks.begin() + static_cast<std::ptrdiff_t>(from),
                       report.checks.end(), [](const CheckResult& check) {
                         return check.proves_data && check.outcome != Outcome::not_run;
                       });
  }

  static void note_questioned(Report& report, const std::vector<std::string>& sources) {
    for (auto& record : report.foreign)
      record.questioned |= std::ranges::find(sources, record.source) != sources.end();
  }

  static Result<void> open_sources(DrillState& state, CheckScope& scope) {
    for (const auto& each : state.restored) {
      auto& source = scope.sources[each.source];
      source.manifest = each.manifest;
      source.place = each.place;
      source.time = each.time;
      source.facts = each.facts;
      source.without_users = is_on_scratch(state, each.source);
      const auto* engine = TRY(engine::find_engine(each.type));
      auto inspector = engine->open_inspector(each.place);
      if (!inspector) return fail(cannot_open(std::move(inspector).error()));
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

std::string describe_value(const Json& value) {
  if (value.is_object()) return "a document of " + counted(value.size(), "member", "members");
  if (value.is_array()) return "a list of " + counted(value.size(), "value", "values");
  if (!value.is_string()) return canonical_json(value);
  const auto& text = value.get_ref<const std::string&>();
  const auto letters =
      std::ranges::count_if(text, [](unsigned char byte) { return (byte & 0xc0U) != 0x80U; });
  return "a text of " + counted(static_cast<std::size_t>(letters), "letter", "letters");
}

}  // namespace lifeboat::drill
