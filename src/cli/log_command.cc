#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

void say_log(Session& session, const std::string& repository, const Json& log) {
  const auto broken = text_of(log, "broken");
  const auto pieces = number_of(log, "pieces");
  if (pieces != 0 || !broken.empty())
    session.say(fmt::format("{} in {}: {}, {}, known until {}", text_of(log, "source"), repository,
                            counted(pieces, "piece", "pieces"), size_of(log, "bytes"),
                            text_of(log, "reaches")));
  if (broken.empty()) return;
  session.say(session.colour("  It does NOT go on from what was there: " + broken, Style::bad));
  session.say("  Run a full backup now: no moment from here on can be had without it.");
}

// Hours and minutes are what people ask for.
Result<int> run_follow(Session& session) {
  const auto& arguments = session.arguments();
  service::LogCall call;
  call.service = TRY(service::only_service(session.setup(), arguments.text("SERVICE")));
  constexpr Duration kEvery = std::chrono::seconds(10);
  if (!arguments.has("once")) call.every = TRY(arguments.duration("every")).value_or(kEvery);
  const auto visit = [&](const Json& round) { say_log_round(session, round); };
  const auto answer = TRY(service::follow_log(session.setup(), call, visit, session.context()));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_log_status(Session& session) {
  const auto name =
      TRY(service::only_service(session.setup(), session.arguments().text("SERVICE")));
  const bool quick = session.arguments().has("quick");
  const auto answer = TRY(service::log_status(session.setup(), name, session.context(), quick));
  Table table({{"REPOSITORY"}, {"SOURCE"}, {"ANY SECOND FROM"}, {"TO"}});
  for (const auto& each : list_of(answer.body, "repositories"))
    for (const auto& range : list_of(each, "ranges"))
      table.add({text_of(each, "repository"), text_of(range, "source"), text_of(range, "from"),
                 text_of(range, "to")});
  session.say(!table.empty() ? table.text(session.terminal())
              : flag_of(answer.body, "keeps_log")
                  ? "No log yet: `lifeboat backup " + name +
                        "` begins one, where `lifeboat doctor` names nothing against it."
                  : "No source of " + name +
                        " keeps a log: what can be restored are "
                        "the moments of its snapshots.");
  if (quick)
    session.say(
        "By what the pieces say of themselves: their contents were not read. `lifeboat "
        "verify` finds damage in them.");
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

CommandSpec follow_command() {
  CommandSpec spec;
  spec.name = "log follow";
  spec.summary = "Archive the log of a service's databases, until it is stopped.";
  spec.about =
      "What was written since the last piece goes into each repository of the service, again and "
      "again; `restore --at` then reaches any second. Ends cleanly when it is interrupted, and "
      "goes on from there when it is begun again. Exit status 1 when the server no longer had what "
      "comes next, or its past was changed: then a full backup is needed.";
  spec.positionals = {{"SERVICE", "Which one; else the only one of the configuration.", false}};
  spec.options = {{"every", "TIME", "How often to look, such as 30s; else 10s."},
                  {"once", "", "Archive what is there and end."}};
  spec.examples = {{"lifeboat log follow shop", "in a service of systemd"},
                   {"lifeboat log follow shop --once", "from cron, each minute"}};
  spec.run = run_follow;
  return spec;
}

CommandSpec status_of_log_command() {
  CommandSpec spec;
  spec.name = "log status";
  spec.summary = "Show which moments can be restored.";
  spec.positionals = {{"SERVICE", "Which one; else the only one of the configuration.", false}};
  spec.about =
      "Lists what a restore would take: every piece of the log is read, for one that is damaged "
      "leads nowhere.";
  spec.options = {{"quick", "", "Read what the pieces say of themselves, and not the pieces."}};
  spec.examples = {{"lifeboat log status shop", "from which second to which"},
                   {"lifeboat log status shop --quick", "of a large log, or one that is far away"}};
  spec.run = run_log_status;
  return spec;
}

}  // namespace

void say_log_round(Session& session, const Json& round) {
  for (const auto& outcome : list_of(round, "repositories")) {
    const auto repository = text_of(outcome, "repository");
    for (const auto& log : list_of(outcome, "logs")) say_log(session, repository, log);
    if (const auto error = outcome.find("error"); error != outcome.end()) {
      session.say(session.colour("the log is not in " + repository, Style::bad));
      say_error(session, *error);
    }
  }
}

std::vector<CommandSpec> log_commands() {
  CommandSpec group;
  group.name = "log";
  group.summary = "The log between snapshots: archive it, and see which moments it gives.";
  return {group, follow_command(), status_of_log_command()};
}

}  // namespace lifeboat::cli
