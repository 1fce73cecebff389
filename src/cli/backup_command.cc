#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

// What ended the reading of a source is one of its findings, and its error: said once, with the
// hint.
void say_source_trouble(Session& session, const Json& source) {
  const auto error = source.find("error");
  if (error == source.end()) {
    say_findings(session, list_of(source, "findings"));
    return;
  }
  Json others = Json::array();
  for (const auto& finding : list_of(source, "findings"))
    if (text_of(finding, "code") != "source-unreadable") others.push_back(finding);
  say_findings(session, others);
  auto named = *error;
  named["message"] = text_of(source, "name") + ": " + text_of(*error, "message");
  say_error(session, named);
}

void say_sources(Session& session, const Json& sources) {
  Table table({{"SOURCE"},
               {"TYPE"},
               {"ENTRIES", Align::right},
               {"UNCHANGED", Align::right},
               {"SIZE", Align::right}});
  for (const auto& source : sources)
    table.add({text_of(source, "name"), text_of(source, "type"),
               std::to_string(number_of(source, "entries")),
               std::to_string(number_of(source, "unchanged")), size_of(source, "bytes")},
              flag_of(source, "complete") ? Style::plain : Style::bad);
  session.say(table_indented(table.text(session.terminal()), 2));
  for (const auto& source : sources) say_source_trouble(session, source);
}

void say_snapshot(Session& session, const std::string& service, const Json& outcome) {
  const auto repository = text_of(outcome, "repository");
  if (const auto error = outcome.find("error"); error != outcome.end()) {
    session.say(session.colour(fmt::format("{} was not backed up into {}", service, repository),
                               Style::bad));
    return say_error(session, *error);
  }
  const Json& snapshot = outcome["snapshot"];
  const Json& stats = outcome["stats"];
  const bool complete = flag_of(snapshot, "complete");
  session.say(fmt::format(
      "{} is in {}: snapshot {}, {}", service, repository, short_id(snapshot),
      session.colour(complete ? "complete" : "INCOMPLETE", complete ? Style::good : Style::bad)));
  say_sources(session, list_of(outcome, "sources"));
  if (const auto log = outcome.find("log"); log != outcome.end())
    say_log_round(session, {{"repositories", {*log}}});
  session.say(fmt::format("  {} in the snapshot; {} of it new, stored in {}. {}.",
                          size_of(snapshot, "bytes"), size_of(stats, "new"),
                          size_of(stats, "stored"), milliseconds_of(outcome)));
  if (!complete)
    session.say("  What is missing is named above; the last complete snapshot stays the latest.");
}

// Both archive what came since the last piece of the log: all since the last snapshot is there
// then.
Result<bool> is_of_log(const Session& session) {
  const auto type = session.arguments().text("type");
  if (type.empty() || type == "full") return false;
  if (type == "incremental" || type == "differential") return true;
  return fail(Error(Code::usage, "\"" + type + "\" is no type of a backup")
                  .with_hint("Write full, incremental or differential."));
}

Result<int> run_full(Session& session, const std::vector<std::string>& names) {
  const auto ask = [&](const std::string& name) {
    return service::back_up(session.setup(), name, session.context());
  };
  return answer_each(session, names, ask, [&](const Json& body) {
    for (const auto& outcome : list_of(body, "repositories"))
      say_snapshot(session, text_of(body, "service"), outcome);
    say_notices(session, body);
  });
}

// The exit status where the log alone does it. Sources without one have no part of a snapshot, and
// a log that does not go on needs a whole one: then none.
Result<std::optional<int>> done_by_log(Session& session, const std::string& name) {
  const auto note = [&](const std::string& why) -> std::optional<int> {
    session.note(name + ": " + why + ", so the backup is a full one; only what changed is stored.");
    return std::nullopt;
  };
  const auto answer = service::follow_log(
      session.setup(), {name, {}}, [&](const Json& round) { say_log_round(session, round); },
      session.context());
  if (!answer && answer.error().code() == Code::usage) return note("its sources keep no log");
  const auto done = TRY(answer);
  const auto& body = done.body;
  if (!list_of(body, "without_log").empty()) return note("not all of its sources keep a log");
  for (const auto& outcome : list_of(body, "repositories")) {
    if (outcome.contains("error") && text_of(outcome["error"], "code") == "not_found")
      return note("there is no snapshot that a log could go on from");
    if (outcome.contains("error") && text_of(outcome["error"], "code") == "not_restorable")
      return note("its log does not go on");
    for (const auto& log : list_of(outcome, "logs"))
      if (!text_of(log, "broken").empty()) return note("its log does not go on");
  }
  if (!list_of(body, "newest_without_log").empty())
    return note("no log leads on from its newest snapshot");
  session.result(body, done.exit_status);
  return std::optional(done.exit_status);
}

// As answer_each() does: after one that failed the others go on.
Result<int> run_incremental(Session& session, const std::vector<std::string>& names) {
  std::vector<std::string> whole;
  int worst = 0;
  for (const auto& name : names) {
    const auto status = done_by_log(session, name);
    if (!status)
      worst = service::worst_exit(worst, TRY(failed_one(session, status.error(), names.size())));
    else if (*status)
      worst = service::worst_exit(worst, **status);
    else
      whole.push_back(name);
  }
  if (whole.empty()) return worst;
  const auto rest = run_full(session, whole);
  return service::worst_exit(worst,
                             rest ? *rest : TRY(failed_one(session, rest.error(), names.size())));
}

Result<int> run_backup(Session& session) {
  const bool of_log = TRY(is_of_log(session));
  const auto names =
      TRY(service::names_to_back_up(session.setup(), session.arguments().list("SERVICE")));
  return of_log ? run_incremental(session, names) : run_full(session, names);
}

}  // namespace

CommandSpec backup_command() {
  CommandSpec spec;
  spec.name = "backup";
  spec.summary = "Back up services: one consistent snapshot in each of their repositories.";
  spec.about =
      "Exit status 1 when something could not be read: the snapshot is then incomplete, and never "
      "the latest. What is stored already is not stored again, also after a run that was "
      "interrupted. SQLite databases and files keep no log: every snapshot is complete in itself. "
      "Sources of type foreign are drilled and never taken: their own tools back them up.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.options = {
      {"type", "TYPE", "full; incremental or differential archive the log where there is one."}};
  spec.examples = {{"lifeboat backup", "everything that is configured"},
                   {"lifeboat backup shop --lock-wait 10m", "wait for a backup that is running"}};
  spec.run = run_backup;
  return spec;
}

}  // namespace lifeboat::cli
