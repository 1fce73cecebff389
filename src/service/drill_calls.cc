#include "base/file.h"
#include "drill/envelope.h"
#include "drill/people.h"
#include "drill/render/junit.h"
#include "drill/render/markdown.h"
#include "drill/render/page.h"
#include "service/calls.h"
#include "service/cold_start.h"
#include "service/drill_records.h"
#include "service/json.h"
#include "service/notices.h"
#include "service/trigger_calls.h"
#include "service/walk_back_calls.h"

namespace lifeboat::service {
namespace {

// A repository that does not answer leaves it open who signed: that is not "nobody".
drill::Dossier dossier_of(Composition& composition, const drill::SignedRecord& record,
                          const RunContext& context) {
  const auto repository = repository_of(composition, record, context);
  const auto statements =
      repository ? (*repository)->statements("signed-off") : fail(repository.error());
  if (statements) return {record, drill::sign_offs_on(record.digest, *statements)};
  context.log.warning("who signed it off is not known: " + statements.error().describe());
  return {record, Json(nullptr)};
}

drill::Outcome outcome_of(const std::string& word) {
  using drill::Outcome;
  if (word == "passed") return Outcome::passed;
  return word == "failed" ? Outcome::failed : Outcome::not_run;
}

drill::AskPerson asker_of(const AskPerson& ask) {
  if (!ask) return {};
  return [ask](const drill::ManualQuestion& question) -> Result<drill::ManualAnswer> {
    const Json said = TRY(
        ask({{"ask", question.ask}, {"owner", question.owner}, {"directory", question.directory}},
            question.stop));
    return drill::ManualAnswer{outcome_of(said.at("outcome").get<std::string>()),
                               said.at("who").get<std::string>(),
                               said.at("words").get<std::string>()};
  };
}

// What the configuration says of the drill counts like the flag of the same name.
Result<void> take_configuration(const Composition& composition, DrillCall& call) {
  const auto& service = *TRY(composition.loaded.config.find_service(call.choice.service));
  const auto* drill = TRY(service.find_drill(call.drill));
  if (drill == nullptr) return {};
  call.cold_start = call.cold_start || drill->cold_start;
  if (call.choice.repository.empty()) call.choice.repository = drill->options.from;
  return {};
}

Result<void> check_choices(const DrillCall& call) {
  const bool has_key = !call.key_file.empty() || !call.recipient.empty();
  if (has_key && !call.cold_start)
    return fail(Error(Code::usage, "--key-file and --recipient are for --cold-start")
                    .with_hint("Any other drill uses the key of the configuration."));
  if (call.walk_back && call.cold_start)
    return fail(Code::usage, "--walk-back and --cold-start cannot be given together");
  return {};
}

Result<DrillRequest> drill_request_of(const Composition& composition, const DrillCall& call) {
  const auto& service = *TRY(composition.loaded.config.find_service(call.choice.service));
  DrillRequest request;
  request.service = service.name;
  request.drill = call.drill;
  request.from = call.choice.repository;
  request.ask_person = asker_of(call.ask);
  request.tell_person = call.tell;
  request.selector = TRY(selector_of(call.choice, service.tz));
  request.keep = call.keep;
  return request;
}

Answer drill_answer(const drill::Sealed& sealed, bool strict) {
  return {{{"evidence", sealed.record.evidence},
           {"file", sealed.evidence.string()},
           {"page", sealed.page.string()}},
          drill::exit_status(sealed.report, strict)};
}

Answer drill_answer(const drill::Report& report, bool strict) {
  return {{{"evidence", drill::to_json(report)},
           {"unsigned", "the key that signs evidence is in the repository, which did not open"}},
          drill::exit_status(report, strict)};
}

Result<Answer> run_one_drill(const Setup& setup, Composition& composition, const DrillCall& call,
                             const RunContext& context) {
  const auto request = TRY(drill_request_of(composition, call));
  const auto end = call.cold_start
                       ? TRY(run_cold_drill(setup, composition,
                                            {request, {call.key_file, call.recipient}}, context))
                       : TRY(composition.service.run_drill(request, context));
  return std::visit([&](const auto& each) { return drill_answer(each, call.strict); }, end);
}

// After one that failed on a snapshot.
struct Walk {
  const Setup& setup;
  Composition& composition;
  const DrillCall& call;
};

Result<void> walk_back(const Walk& walk, Answer& answer, const RunContext& context) {
  const auto& evidence = answer.body["evidence"];
  if (evidence["verdict"] != "failed" || !evidence.contains("snapshot")) return {};
  auto request = TRY(drill_request_of(walk.composition, walk.call));
  request.keep = false;  // one sandbox of many is not what somebody wants to look at
  const auto failed = TRY(
      repository::SnapshotId::from_hex(evidence["snapshot"]["id"].get_ref<const std::string&>()));
  const auto outcome = TRY(walk.composition.service.walk_back(request, failed, context));
  answer.body["walk_back"] = TRY(walk_back_answer(walk.setup, outcome, context));
  return {};
}

// As it is called in notices, also when it never came to its evidence.
std::string subject_of(const Composition& composition, const DrillCall& call) {
  const auto service = composition.loaded.config.find_service(call.choice.service);
  return "drill " + (service ? (*service)->drill_name(call.drill) : call.drill);
}

// Whoever names a snapshot that is not there is told so at once; nobody else needs to know.
bool is_mistyped(const DrillCall& call, const Error& error) {
  const bool named = !call.choice.snapshot.empty() || !call.choice.at.empty();
  return error.code() == Code::usage || (named && error.code() == Code::not_found);
}

// The repository in which the drill looks for the snapshot that was just taken.
Result<const Json*> outcome_for(const std::string& wanted, const Json& backup) {
  for (const auto& outcome : backup.at("repositories"))
    if (wanted.empty() ? !outcome.contains("error") : outcome.value("repository", "") == wanted)
      return &outcome;
  return fail(Code::unavailable, "no repository has the backup that was to be drilled");
}

// Exactly the snapshot that is made now. A drill of another one would prove something else.
Result<Answer> back_up_first(const Setup& setup, DrillCall& call, const RunContext& context) {
  if (!call.choice.snapshot.empty() || !call.choice.at.empty())
    return fail(Error(Code::usage, "--take-backup drills the snapshot that it takes")
                    .with_hint("Leave out --snapshot and --at."));
  auto backup = TRY(back_up(setup, call.choice.service, context));
  const auto& outcome = *TRY(outcome_for(call.choice.repository, backup.body));
  call.choice.repository = TRY(text_at(outcome, "repository"));
  if (outcome.contains("error"))
    return fail(Error(Code::unavailable, "the backup is not in " + call.choice.repository + ": " +
                                             outcome["error"].value("message", ""))
                    .with_hint("Nothing was drilled."));
  const Json& snapshot = outcome.at("snapshot");
  if (!snapshot.value("complete", false))
    return fail(Error(Code::incomplete, "the backup is incomplete: something could not be read")
                    .with_hint("Nothing was drilled. `lifeboat backup` names what is missing."));
  call.choice.snapshot = TRY(text_at(snapshot, "id"));
  return backup;
}

}  // namespace

Result<Answer> run_drill(const Setup& setup, const DrillCall& asked, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  auto call = asked;
  TRY(take_configuration(*composition, call));
  TRY(check_choices(call));
  std::optional<Answer> backup;
  if (call.take_backup) backup = TRY(back_up_first(setup, call, context));
  const auto began = context.clock.now();
  auto answer = run_one_drill(setup, *composition, call, context);
  if (!answer && is_mistyped(call, answer.error())) return answer;
  if (!answer && call.due && answer.error().code() == Code::busy) return answer;
  if (answer) remember_drill(*composition, {call.choice.service, answer->body, began}, context);
  if (answer && backup) {
    answer->body["backup"] = backup->body;
    answer->exit_status = worst_exit(answer->exit_status, backup->exit_status);
  }
  const auto make = [&](const Occasion& occasion) {
    return answer ? drill_notice(occasion, answer->body["evidence"])
                  : drill_notice(occasion, answer.error());
  };
  Notices notices(*composition, call.choice.service);
  add_deliveries(answer, notices.tell(subject_of(*composition, call), make, context), context);
  if (!answer || !call.walk_back) return answer;
  // The drill itself is over: what it found is said all the same.
  const auto walked = walk_back({setup, *composition, call}, *answer, context);
  if (!walked) answer->body["walk_back"] = {{"error", to_json(walked.error())}};
  return answer;
}

Result<Answer> sabotage(const Setup& setup, const DrillCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto report =
      TRY(composition->service.run_sabotage(TRY(drill_request_of(*composition, call)), context));
  Answer answer;
  answer.body = {{"service", call.choice.service},
                 {"snapshot", to_json(*report.snapshot)},
                 {"planted", report.planted()},
                 {"caught", report.caught()},
                 {"defects", Json::array()}};
  for (const auto& each : report.defects)
    answer.body["defects"].push_back({{"source", each.source},
                                      {"defect", each.defect},
                                      {"planted", each.planted},
                                      {"expected",
                                       {{"verdict", drill::name_of(each.expected.verdict)},
                                        {"checks", each.expected.checks},
                                        {"diagnoses", each.expected.diagnoses}}},
                                      {"verdict", drill::name_of(each.verdict)},
                                      {"noticed_by", each.noticed_by},
                                      {"diagnoses", each.diagnoses},
                                      {"caught", each.caught}});
  answer.exit_status = report.planted() == 0 ? 2 : report.caught() == report.planted() ? 0 : 1;
  return answer;
}

Result<Answer> list_drills(const Setup& setup, const std::string& service) {
  const auto composition = TRY(compose(setup));
  return Answer{{{"drills", TRY(drill_rows(*composition, service))}}, 0};
}

Result<Answer> show_drill(const Setup& setup, const std::string& service, const std::string& id) {
  const auto composition = TRY(compose(setup));
  const auto found = TRY(find_drill(*composition, service, id));
  return Answer{{{"evidence", found.record.evidence},
                 {"digest", found.record.digest},
                 {"file", found.file.string()},
                 {"page", found.page().string()}},
                0};
}

Result<std::string> render_drill(const Setup& setup, const RenderCall& call,
                                 const RunContext& context) {
  using Render = std::string (*)(const drill::Dossier&);
  static const std::map<std::string, Render> kForms{
      {"md", drill::render_markdown}, {"junit", drill::render_junit}, {"html", drill::render_page}};
  const auto composition = TRY(compose(setup));
  const auto found = TRY(find_drill(*composition, call.service, call.id));
  if (call.format == "json") return to_text(TRY(read_file(found.file, drill::kMaxEnvelope)));
  const auto form = kForms.find(call.format);
  if (form == kForms.end())
    return fail(Error(Code::usage, "there is no format \"" + call.format + "\"")
                    .with_hint("The formats are md, junit, html and json."));
  return form->second(dossier_of(*composition, found.record, context));
}

}  // namespace lifeboat::service
