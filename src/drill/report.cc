#include "drill/report.h"

#include <algorithm>
#include <array>

namespace lifeboat::drill {
namespace {

// Errors that say the backup itself is bad; all others only say that this drill could not decide.
bool is_damage(Code code) {
  static constexpr std::array kDamage{
      Code::damage_found, Code::corrupt,   Code::incomplete,   Code::not_restorable,
      Code::not_found,    Code::wrong_key, Code::check_failed, Code::unsupported_format};
  return std::find(kDamage.begin(), kDamage.end(), code) != kDamage.end();
}

const CheckResult* first_with(const Report& report, Outcome outcome) {
  const auto found = std::find_if(report.checks.begin(), report.checks.end(),
                                  [&](const auto& each) { return each.outcome == outcome; });
  return found == report.checks.end() ? nullptr : &*found;
}

bool data_was_checked(const Report& report) {
  return std::any_of(report.checks.begin(), report.checks.end(), [](const auto& each) {
    return each.proves_data && (each.outcome == Outcome::passed || each.outcome == Outcome::warned);
  });
}

// A foreign backup of which only the form was looked at; empty when there is none.
std::string unquestioned(const Report& report) {
  for (const auto& each : report.foreign)
    if (!each.questioned) return each.source;
  return "";
}

bool was_questioned(const Report& report) {
  return data_was_checked(report) || (!report.foreign.empty() && unquestioned(report).empty());
}

std::string proven_sentence(const Report& report) {
  if (report.foreign.empty()) return "the restored data equals what was backed up";
  std::string names;
  for (const auto& each : report.foreign) names += (names.empty() ? "" : ", ") + each.source;
  const bool one = report.foreign.size() == 1;
  return std::string(report.snapshot ? "the restored data of its own sources equals what was "
                                       "backed up; "
                                     : "what was asked of it was answered as expected; ") +
         names + (one ? ", made by another tool, carries" : ", made by other tools, carry") +
         " no facts, so that " + (one ? "it equals its source" : "they equal their sources") +
         " was not compared";
}

std::string sentence(const CheckResult& check) { return check.id + ": " + check.message; }

bool missed(const Report& report) {
  return report.measures.rto == Judgement::missed || report.measures.rpo == Judgement::missed;
}

bool was_refused(const Report& report) {
  if (report.error && report.error->code() == Code::refused) return true;
  return std::any_of(report.checks.begin(), report.checks.end(),
                     [](const auto& each) { return each.refused; });
}

Json objective_json(const std::optional<Duration>& objective, Judgement judgement) {
  Json json{{"judgement", name_of(judgement)}};
  if (objective) json["objective_ms"] = whole_milliseconds(*objective);
  return json;
}

Json environment_json(const Report& report) {
  Json json{{"host", report.host}, {"sandbox", "directory"}};
  if (!report.environment.empty()) json["name"] = report.environment;
  return json;
}

Json stages_json(const Report& report) {
  Json list = Json::array();
  for (const auto& stage : report.stages) {
    Json json{{"name", stage.name},
              {"milliseconds", whole_milliseconds(stage.elapsed)},
              {"outcome", stage.done            ? "done"
                          : stage.error.empty() ? "not_run"
                                                : "stopped"}};
    if (!stage.error.empty()) json["error"] = stage.error;
    list.push_back(std::move(json));
  }
  return list;
}

Json checks_json(const Report& report) {
  Json list = Json::array();
  for (const auto& check : report.checks) {
    list.push_back({{"id", check.id},
                    {"proves", check.proves},
                    {"outcome", name_of(check.outcome)},
                    {"message", check.message},
                    {"details", check.details},
                    {"milliseconds", whole_milliseconds(check.elapsed)}});
    if (check.asks_rights) list.back()["rights"] = true;
    if (!check.waived.empty()) list.back()["waived"] = check.waived;
  }
  return list;
}

Json findings_json(const Report& report) {
  Json list = Json::array();
  for (const auto& each : report.findings)
    list.push_back({{"code", each.code}, {"subject", each.subject}, {"message", each.message}});
  return list;
}

Json items_json(const Report& report) {
  Json list = Json::array();
  for (const auto& each : report.items) list.push_back(to_json(each));
  return list;
}

Json diagnoses_json(const Report& report) {
  Json list = Json::array();
  for (const auto& each : report.diagnoses)
    list.push_back({{"rule", each.rule},
                    {"subject", each.subject},
                    {"cause", each.cause},
                    {"grounds", each.grounds},
                    {"next", each.next},
                    {"owner", each.owner}});
  return list;
}

Json trend_json(const Report& report) {
  Json list = Json::array();
  for (const auto& each : report.trend)
    list.push_back({{"id", each.id},
                    {"started", each.started},
                    {"verdict", each.verdict},
                    {"rto_ms", each.rto_ms ? Json(*each.rto_ms) : Json(nullptr)},
                    {"bytes", each.bytes}});
  return list;
}

Json runbook_json(const Report& report) {
  Json list = Json::array();
  for (const auto& each : report.runbook) list.push_back(to_json(each));
  return list;
}

Json lost_writes_json(const Measures& measures) {
  if (!measures.lost_writes) return {{"outcome", "not_run"}, {"reason", measures.no_lost_writes}};
  Json json{{"outcome", "measured"},
            {"window_ms", whole_milliseconds(measures.lost_writes->window)}};
  if (measures.lost_writes->markers) json["markers"] = *measures.lost_writes->markers;
  return json;
}

Json memory_measures_json(const Measures& measures) {
  Json json{{"own", measures.own_memory}};
  if (measures.application_memory) json["application"] = *measures.application_memory;
  return json;
}

// All that the forecast is about.
Duration taken_of(const Report& report) {
  Duration sum{0};
  for (const auto& stage : report.stages)
    if (stage.name != kManualStage) sum += stage.elapsed;
  return sum;
}

Json projection_json(const Projection& projected) {
  if (projected.drills == 0)
    return {{"outcome", "not_known"},
            {"reason", "no earlier drill of tier full, of a like size, came to its end"}};
  return {{"outcome", "projected"},
          {"milliseconds", whole_milliseconds(projected.rto)},
          {"check_ms", whole_milliseconds(projected.check)},
          {"drills", projected.drills}};
}

Json measures_json(const Measures& measures) {
  Json rto = objective_json(measures.rto_objective, measures.rto);
  if (measures.recovery) rto["measured_ms"] = whole_milliseconds(*measures.recovery);
  rto["covers"] = measures.covered;
  if (measures.projected) rto["projected"] = projection_json(*measures.projected);
  Json rpo = objective_json(measures.rpo_objective, measures.rpo);
  if (measures.rpo_age) rpo["measured_ms"] = whole_milliseconds(*measures.rpo_age);
  rpo["lost_writes"] = lost_writes_json(measures);
  rpo["covers"] = "age of the restored position when the drill began";
  return {{"rto", rto},
          {"rpo", rpo},
          {"memory", memory_measures_json(measures)},
          {"bytes_restored", measures.bytes_restored},
          {"entries_restored", measures.entries_restored}};
}

Json snapshot_json(const repository::SnapshotInfo& snapshot) {
  return {{"id", snapshot.id.hex()},       {"writer", snapshot.writer.hex()},
          {"sequence", snapshot.seq},      {"time", to_rfc3339(snapshot.time)},
          {"complete", snapshot.complete}, {"bytes", snapshot.bytes},
          {"entries", snapshot.entries},   {"version", snapshot.version}};
}

Json foreign_json(const Report& report) {
  Json list = Json::array();
  for (const auto& each : report.foreign) {
    Json json{{"source", each.source},
              {"type", each.type},
              {"name", each.name},
              {"bytes", each.bytes},
              {"entries", each.entries},
              {"unpacked", each.unpacked},
              {"facts", each.facts.is_object() ? each.facts : Json::object()},
              {"questioned", each.questioned}};
    if (each.written) json["written"] = to_rfc3339(*each.written);
    if (each.time) json["time"] = to_rfc3339(*each.time);
    list.push_back(std::move(json));
  }
  return list;
}

Json tear_down_json(const sandbox::TearDownProof& proof) {
  return {{"token", proof.token}, {"removed", proof.removed},   {"remaining", proof.remaining},
          {"kept", proof.kept},   {"vanished", proof.vanished}, {"clean", proof.clean()}};
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  static constexpr std::array<std::string_view, 5> kNames{"passed", "warned", "failed", "not_run",
                                                          "waived"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(Verdict verdict) {
  static constexpr std::array<std::string_view, 4> kNames{"proven", "failed", "unverified",
                                                          "proven with waivers"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(Judgement judgement) {
  static constexpr std::array<std::string_view, 4> kNames{"met", "missed", "not_judged",
                                                          "not_judged"};
  return kNames[static_cast<std::size_t>(judgement)];
}

Json to_json(const ActionItem& item) {
  const auto& what = item.diagnosis;
  return {{"id", item.id},
          {"rule", what.rule},
          {"subject", what.subject},
          {"cause", what.cause},
          {"grounds", what.grounds},
          {"next", what.next},
          {"owner", what.owner},
          {"grave", what.grave},
          {"since", to_rfc3339(item.since)},
          {"due", to_rfc3339(item.due)},
          {"seen", item.seen}};
}

Judged judge(const Report& report) {
  // Whatever was found may have been found in something else, or in nothing.
  if (report.tear_down && report.tear_down->vanished)
    return {Verdict::unverified, "the sandbox was removed or exchanged while the drill used it"};
  if (const auto* failed = first_with(report, Outcome::failed))
    return {Verdict::failed, sentence(*failed)};
  if (report.error) {
    const auto verdict = is_damage(report.error->code()) ? Verdict::failed : Verdict::unverified;
    return {verdict, report.error->describe()};
  }
  if (const auto* open = first_with(report, Outcome::not_run))
    return {Verdict::unverified, sentence(*open)};
  if (const auto source = unquestioned(report); !source.empty())
    return {Verdict::unverified, "nothing says yet what ought to be in " + source +
                                     ", which another tool made: no check, no application and no "
                                     "earlier drill of another backup"};
  if (!was_questioned(report)) return {Verdict::unverified, "0 checks of the data were executed"};
  if (!report.tear_down || !report.tear_down->clean())
    return {Verdict::unverified, "the sandbox could not be removed"};
  if (const auto* waived = first_with(report, Outcome::waived))
    return {Verdict::proven_with_waivers, waived->id + " was " + waived->waived};
  const auto* warned = first_with(report, Outcome::warned);
  const auto limits = report.foreign.empty() ? "" : "; " + proven_sentence(report);
  if (warned != nullptr) return {Verdict::proven, "with findings: " + sentence(*warned) + limits};
  if (!report.findings.empty()) {
    const auto& first = report.findings.front();
    return {Verdict::proven, "with findings: " + first.code + ": " + first.message + limits};
  }
  return {Verdict::proven, proven_sentence(report)};
}

int exit_status(const Report& report, bool strict) {
  if (report.error && report.error->code() == Code::interrupted) return 130;
  if (was_refused(report)) return 4;
  if (report.verdict == Verdict::failed) return 1;
  if (report.verdict == Verdict::unverified) return 2;
  return strict && missed(report) ? 1 : 0;
}

Json to_json(const Report& report) {
  Json json{{"format", 1},
            {"kind", "drill"},
            {"id", report.id},
            {"service", report.service},
            {"drill", report.drill},
            {"owner", report.owner},
            {"environment", environment_json(report)},
            {"version", report.version},
            {"tier", report.tier},
            {"started", to_rfc3339(report.started)},
            {"ended", to_rfc3339(report.ended)},
            {"repository", {{"id", report.repository_id.hex()}, {"medium", report.repository}}},
            {"verdict", name_of(report.verdict)},
            {"reason", report.reason},
            {"stages", stages_json(report)},
            {"checks", checks_json(report)},
            {"findings", findings_json(report)},
            {"diagnosis", diagnoses_json(report)},
            {"open", items_json(report)},
            {"trend", trend_json(report)},
            {"measures", measures_json(report.measures)}};
  if (!report.combined_with.empty()) json["combined_with"] = report.combined_with;
  if (!report.foreign.empty()) json["foreign"] = foreign_json(report);
  if (!report.runbook.empty()) json["runbook"] = runbook_json(report);
  if (report.forecast) json["forecast"] = to_json(*report.forecast, taken_of(report));
  if (report.snapshot) json["snapshot"] = snapshot_json(*report.snapshot);
  if (report.tear_down) json["tear_down"] = tear_down_json(*report.tear_down);
  if (report.error)
    json["error"] = {{"code", info_of(report.error->code()).name},
                     {"message", report.error->describe()},
                     {"hint", report.error->hint()}};
  return json;
}

}  // namespace lifeboat::drill
