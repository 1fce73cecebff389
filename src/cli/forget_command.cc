#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

void add_rows(Table& table, const Json& decisions, const char* what, Time now) {
  for (const auto& decision : decisions) {
    const Json& snapshot = decision["snapshot"];
    table.add({what, short_id(snapshot), moment_of(snapshot), age_of(snapshot, "time", now),
               join_words(list_of(decision, "reasons"))},
              std::string_view(what) == "forget" ? Style::caution : Style::plain);
  }
}

std::size_t count_of(const Json& body, const char* key) {
  std::size_t count = 0;
  for (const auto& repository : list_of(body, "repositories"))
    count += list_of(repository, key).size();
  return count;
}

void say_forget_plan(Session& session, const Json& body) {
  const auto now = session.context().clock.now();
  for (const auto& repository : list_of(body, "repositories")) {
    const auto service = text_of(body, "service");
    session.say(session.colour(
        (service.empty() ? "" : service + " in ") + text_of(repository, "repository"),
        Style::bold));
    Table table({{""}, {"SNAPSHOT"}, {"TIME"}, {"AGE"}, {"WHY", Align::left, true}});
    add_rows(table, list_of(repository, "keep"), "keep", now);
    add_rows(table, list_of(repository, "forget"), "forget", now);
    session.say(table.empty() ? "  There are no snapshots." : table.text(session.terminal()));
    say_findings(session, list_of(repository, "findings"));
  }
}

void say_outcome(Session& session, const Json& body) {
  const auto count = count_of(body, "forget");
  if (count == 0) return session.say("Nothing to forget.");
  if (session.arguments().has("dry-run"))
    return session.say("Nothing was changed: this was a dry run.");
  session.say(counted(count, "snapshot", "snapshots") +
              " forgotten. `lifeboat prune` frees their space.");
}

Result<int> run_named(Session& session) {
  const auto& arguments = session.arguments();
  const bool dry_run = arguments.has("dry-run");
  const auto confirm = [&](const Json& plan) -> Result<void> {
    say_forget_plan(session, plan);
    if (dry_run) return {};
    return session.confirm(counted(count_of(plan, "forget"), "snapshot", "snapshots") +
                           " will be forgotten for good.");
  };
  const auto answer = TRY(service::forget_named(
      session.setup(), {arguments.list("SERVICE"), arguments.list("snapshot"), dry_run}, confirm,
      session.context()));
  say_outcome(session, answer.body);
  session.result(Json::array({answer.body}), answer.exit_status);
  return answer.exit_status;
}

Result<int> run_forget(Session& session) {
  if (session.arguments().has("snapshot")) return run_named(session);
  const bool dry_run = session.arguments().has("dry-run");
  const auto names =
      TRY(service::service_names(session.setup(), session.arguments().list("SERVICE")));
  const auto confirm = [&](const Json& plan) -> Result<void> {
    say_forget_plan(session, plan);
    const auto count = count_of(plan, "forget");
    if (dry_run || count == 0) return {};
    return session.confirm(counted(count, "snapshot", "snapshots") + " will be forgotten.");
  };
  const auto ask = [&](const std::string& name) {
    return service::forget(session.setup(), {name, dry_run}, confirm, session.context());
  };
  return answer_each(session, names, ask, [&](const Json& body) { say_outcome(session, body); });
}

}  // namespace

CommandSpec forget_command() {
  CommandSpec spec;
  spec.name = "forget";
  spec.summary = "Forget the snapshots that retention does not keep, or one that is named.";
  spec.about =
      "Prints what is kept and forgotten, and why, before anything is. The newest complete "
      "snapshot, the last proven one and held ones are always kept, the last proven and the held "
      "ones also when they are named. Space is freed by `lifeboat prune`.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.options = {{"snapshot", "ID",
                   "Forget this one instead, whatever retention says; may be given again.", true},
                  {"dry-run", "", "Print the decisions and change nothing."}};
  spec.examples = {{"lifeboat forget shop --dry-run", "what would be forgotten, and why"},
                   {"lifeboat forget --snapshot 4f2a81c09b", "one that must not stay"},
                   {"lifeboat forget --yes", "in a timer, before `lifeboat prune --yes`"}};
  spec.run = run_forget;
  return spec;
}

}  // namespace lifeboat::cli
