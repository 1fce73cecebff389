#include <fmt/format.h>

#include <map>

#include "base/file.h"
#include "cli/check_line.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/metrics_text.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

struct State {
  std::string text;
  Style style;
};

// What monitoring is told too, in a word or two; what a line of its own says is not among it.
std::string word_for(const Json& answer) {
  static const std::map<std::string, std::string> kCauses{
      {"backup-missing", "never backed up"},
      {"backup-old", "too old"},
      {"backup-incomplete", "newest incomplete"},
      {"copy-empty", "never backed up"},
      {"copy-behind", "behind"},
      {"copy-damaged", "damaged"},
      {"drill-failed", "drill failed"},
      {"drill-undecided", "drill undecided"},
      {"drill-old", "drill overdue"},
      {"drill-missing", "not proven yet"},
      {"key-unproven", "key not proven"},
      {"key-damaged", "key damaged"},
      {"clock-behind", "from the future"}};
  const auto found = kCauses.find(text_of(answer, "cause"));
  if (found == kCauses.end()) return {};
  const auto name = text_of(answer, "drill");
  const bool named = text_of(answer, "question") == "verdict" && !name.empty();
  return found->second + (named ? ": " + name : "");
}

// The worst that monitoring is told of this repository, or of the service as a whole.
State state_for_monitoring(const Json& body, const std::string& repository) {
  State worst{"fine", Style::plain};
  int rank = 0;
  for (const auto& answer : list_of(body["watch"], "answers")) {
    const auto level = severity(level_number(text_of(answer, "level")));
    const auto of = text_of(answer, "repository");
    const auto word = word_for(answer);
    if (word.empty() || level <= rank || (!of.empty() && of != repository)) continue;
    rank = level;
    worst = {word, text_of(answer, "level") == "critical" ? Style::bad : Style::caution};
  }
  return worst;
}

State state_of_repository(const Json& body, const Json& repository) {
  if (repository.contains("error")) return {"does not answer", Style::bad};
  const auto state = state_for_monitoring(body, text_of(repository, "repository"));
  const bool unproven = repository.contains("newest") && !repository.contains("last_proven");
  if (state.style == Style::plain && unproven) return {"not proven yet", Style::caution};
  return state;
}

void say_status(Session& session, Table& table, const Json& body) {
  const auto now = session.context().clock.now();
  for (const auto& repository : list_of(body, "repositories")) {
    const auto state = state_of_repository(body, repository);
    const auto age = [&](const char* member, const char* key) {
      const auto found = repository.find(member);
      return found == repository.end() ? std::string("–") : age_of(*found, key, now);
    };
    table.add({text_of(body, "service"), text_of(repository, "repository"), age("newest", "time"),
               age("last_proven", "proven_at"), std::to_string(number_of(repository, "snapshots")),
               state.text},
              state.style);
  }
}

// What people have not been told yet.
void say_waiting(Session& session, const Json& body) {
  for (const auto& each : list_of(body, "notices_waiting")) {
    const auto count = number_of(each, "count");
    const auto name = text_of(each, "notifier");
    const auto error = text_of(each, "error");
    auto text = fmt::format("{}: {} for {}", text_of(body, "service"),
                            counted(count, "notice waits", "notices wait"),
                            name.empty() ? "somebody whose name cannot be read" : name);
    if (each.contains("oldest")) text += " since " + moment_of(each, "oldest");
    if (!error.empty()) text += ": " + error;
    session.say(session.colour("waiting", Style::caution) + "  " +
                wrapped(text, session.terminal().width, 9));
  }
}

Result<int> run_table(Session& session) {
  const auto names =
      TRY(service::service_names(session.setup(), session.arguments().list("SERVICE")));
  Table table({{"SERVICE"},
               {"REPOSITORY"},
               {"NEWEST"},
               {"LAST PROVEN"},
               {"SNAPSHOTS", Align::right},
               {"STATE", Align::left, true}});
  std::vector<Json> errors;
  std::vector<Json> bodies;
  const auto ask = [&](const std::string& name) {
    service::StatusCall call;
    call.service = name;
    return service::status(session.setup(), call, session.context());
  };
  const auto status = TRY(answer_each(session, names, ask, [&](const Json& body) {
    say_status(session, table, body);
    bodies.push_back(body);
    for (const auto& repository : list_of(body, "repositories"))
      if (repository.contains("error")) errors.push_back(repository["error"]);
  }));
  session.say(table.text(session.terminal()));
  for (const auto& error : errors) say_error(session, error);
  for (const auto& body : bodies) say_waiting(session, body);
  return status;
}

Result<std::vector<Json>> ask_watched(Session& session) {
  const auto& arguments = session.arguments();
  service::StatusCall call;
  call.tell = arguments.has("check");
  call.backup_within = TRY(arguments.duration("backup-within"));
  call.drill_within = TRY(arguments.duration("drill-within"));
  std::vector<Json> bodies;
  for (const auto& name : TRY(service::service_names(session.setup(), arguments.list("SERVICE")))) {
    call.service = name;
    bodies.push_back(TRY(service::status(session.setup(), call, session.context())).body);
  }
  return bodies;
}

Result<void> write_metrics(Session& session, const std::vector<Json>& bodies) {
  const auto file = session.setup().working_directory / session.arguments().text("textfile");
  if (file.extension() != ".prom")
    session.note("node_exporter reads only files that end in .prom: " + file.string());
  const auto text = metrics_text(bodies, session.context().clock.now());
  // Others read it: node_exporter has a user of its own.
  return write_file(file, view_of(text), 0644);
}

Result<CheckLine> watch_services(Session& session) {
  const auto bodies = TRY(ask_watched(session));
  if (session.arguments().has("textfile")) TRY(write_metrics(session, bodies));
  const auto line = check_line(bodies, session.context().clock.now());
  Json result;
  result["services"] = bodies;
  result["check"] = {{"status", line.status}, {"text", line.text}};
  if (session.arguments().has("check")) session.say(line.text);
  session.result(result, session.arguments().has("check") ? line.status : 0);
  return line;
}

// A monitoring system reads the first line and the exit status, whatever went wrong.
Result<int> run_check(Session& session) {
  const auto line = watch_services(session);
  if (line) return line->status;
  const auto unknown = check_line(line.error());
  session.say(unknown.text);
  if (session.json()) session.failed(line.error());
  return unknown.status;
}

Result<int> run_status(Session& session) {
  const auto& arguments = session.arguments();
  if (arguments.has("check")) return run_check(session);
  if (arguments.has("textfile")) {
    TRY(watch_services(session));
    return 0;
  }
  for (const auto* option : {"backup-within", "drill-within"})
    if (arguments.has(option))
      return fail(Error(Code::usage, fmt::format("--{} judges nothing here", option))
                      .with_hint("It goes with --check or --textfile."));
  return run_table(session);
}

}  // namespace

CommandSpec status_command() {
  CommandSpec spec;
  spec.name = "status";
  spec.summary = "One line for each service and repository: newest snapshot, last proof.";
  spec.about =
      "Exit status 0 when nothing is wrong, 1 when a service is behind its objective, was never "
      "backed up or failed a drill, 2 when a repository does not answer or a drill did not decide. "
      "With --check those of monitoring plugins: 0 ok, 1 warning, 2 critical, 3 unknown.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.options = {
      {"check", "", "One line and performance data, for Nagios and its kin."},
      {"textfile", "FILE", "Write metrics for node_exporter's textfile collector (FILE.prom)."},
      {"backup-within", "TIME",
       "How old a backup may be; else objectives.rpo and the schedule, else 26h."},
      {"drill-within", "TIME",
       "How long ago the last drill may be; else the drills' own times, else 35d."}};
  spec.examples = {
      {"lifeboat status", "everything that is configured"},
      {"lifeboat status --check shop --drill-within 8d", "as a monitoring plugin"},
      {"lifeboat status --textfile /var/lib/node_exporter/lifeboat.prom", "in a timer"}};
  spec.run = run_status;
  return spec;
}

}  // namespace lifeboat::cli
