#include <filesystem>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

std::string own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "lifeboat" : path.string();
}

void say_files(Session& session, const Json& body) {
  const auto& files = list_of(body, "files");
  for (const auto& file : files) {
    if (files.size() > 1) session.print("# " + text_of(file, "name"));
    session.print(text_of(file, "text"));
  }
}

Result<int> run_export(Session& session) {
  const auto& arguments = session.arguments();
  const auto answer = TRY(service::export_schedule(
      session.setup(), {arguments.text("SERVICE"), arguments.text("export"), own_path()}));
  if (!session.json()) say_files(session, answer.body);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_schedule(Session& session) {
  if (session.arguments().has("export")) return run_export(session);
  const auto answer = TRY(
      service::list_due(session.setup(), session.arguments().text("SERVICE"), session.context()));
  Table table({{"NEXT"}, {"SERVICE"}, {"WHAT"}, {"WHY"}, {"SCHEDULE"}, {"TIME ZONE"}});
  for (const auto& due : list_of(answer.body, "due"))
    table.add({text_of(due, "next"), text_of(due, "service"), text_of(due, "what"),
               text_of(due, "why"), text_of(due, "schedule"), text_of(due, "tz")});
  session.say(table.empty() ? "Nothing is scheduled." : table.text(session.terminal()));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

}  // namespace

CommandSpec schedule_command() {
  CommandSpec spec;
  spec.name = "schedule";
  spec.summary = "What is due next; the same for cron, systemd or GitHub Actions.";
  spec.about =
      "Lifeboat itself starts nothing: cron, systemd or a workflow does, with what this prints; "
      "for "
      "drills after a backup or on a change that is `lifeboat drill run --due`, every hour. An "
      "export "
      "that cannot keep the service's time zone is refused.";
  spec.positionals = {{"SERVICE", "Only of this service.", false}};
  spec.options = {{"export", "FORM", "Print it for `cron`, `systemd` or `github-actions`."}};
  spec.examples = {{"lifeboat schedule", "the next runs"},
                   {"lifeboat schedule --export cron", "lines for `crontab -e`"},
                   {"lifeboat schedule --export systemd --json", "units, for a program to write"}};
  spec.run = run_schedule;
  return spec;
}

}  // namespace lifeboat::cli
