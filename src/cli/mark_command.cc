#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

Result<int> run_mark(Session& session) {
  const auto& arguments = session.arguments();
  service::MarkCall call;
  call.service = TRY(service::only_service(session.setup(), arguments.text("SERVICE")));
  call.once = arguments.has("once");
  const auto answer = TRY(service::mark(session.setup(), call, session.context()));
  const auto& body = answer.body;
  if (const auto newest = body.find("newest"); newest != body.end())
    session.say(fmt::format("{} written, the last is number {} of {}",
                            counted(number_of(body, "written"), "marker", "markers"),
                            number_of(*newest, "number"), moment_of(*newest)));
  if (number_of(body, "missed") != 0)
    session.say(session.colour(
        counted(number_of(body, "missed"), "marker", "markers") + " could not be written",
        Style::caution));
  session.result(body, answer.exit_status);
  return answer.exit_status;
}

}  // namespace

CommandSpec mark_command() {
  CommandSpec spec;
  spec.name = "mark";
  spec.summary = "Write a marker into a source at an interval, until it is stopped.";
  spec.about =
      "A drill reads the markers back and says which writes a recovery would have lost. They go "
      "where `markers` of the configuration says: into a table of their own, or a file.";
  spec.positionals = {{"SERVICE", "Which one; else the only one of the configuration.", false}};
  spec.options = {{"once", "", "Write one and end, for a timer of your own."}};
  spec.examples = {{"lifeboat mark shop", "in a service of systemd, beside the application"},
                   {"lifeboat mark shop --once", "from cron, each minute"}};
  spec.run = run_mark;
  return spec;
}

}  // namespace lifeboat::cli
