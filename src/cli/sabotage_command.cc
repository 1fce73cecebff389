#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

void say_score(Session& session, const Json& body) {
  Table table(
      {{"SOURCE"}, {"DEFECT"}, {"CAUGHT"}, {"WHAT WAS DONE", Align::left, true}, {"NOTICED BY"}});
  for (const auto& each : list_of(body, "defects")) {
    const auto done = text_of(each, "planted");
    const bool caught = flag_of(each, "caught");
    table.add({text_of(each, "source"), text_of(each, "defect"),
               done.empty() ? "–"
               : caught     ? "yes"
                            : "NO",
               done.empty() ? "nothing to spoil" : done, join_words(list_of(each, "noticed_by"))},
              done.empty() || caught ? Style::plain : Style::bad);
  }
  session.say(table.text(session.terminal()));
  const auto planted = number_of(body, "planted");
  const auto caught = number_of(body, "caught");
  session.say(session.colour(
      fmt::format("{}: {} of {} defects were caught.", text_of(body, "service"), caught, planted),
      planted > 0 && caught == planted ? Style::good : Style::bad));
}

Result<int> run_sabotage(Session& session) {
  const auto& arguments = session.arguments();
  const auto names = TRY(service::service_names(session.setup(), arguments.list("SERVICE")));
  service::DrillCall call;
  call.drill = arguments.text("drill");
  call.choice.repository = arguments.text("from");
  call.choice.snapshot = arguments.text("snapshot");
  const auto ask = [&](const std::string& name) {
    call.choice.service = name;
    return service::sabotage(session.setup(), call, session.context());
  };
  return answer_each(session, names, ask, [&](const Json& body) { say_score(session, body); });
}

}  // namespace

CommandSpec sabotage_command() {
  CommandSpec spec;
  spec.name = "drill sabotage";
  spec.summary = "Drill the drill: plant defects in restored copies, and see each caught.";
  spec.about =
      "Restores into a sandbox once for each defect, spoils the copy (a lost row, a changed value, "
      "a missing index, swapped files …) and lets the drill's checks look. The backup is not "
      "touched, and nothing counts as proof. Exit status 1 when a defect was not caught.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.options = {
      {"drill", "NAME", "With the checks of this drill; else the first of the configuration."},
      {"snapshot", "ID", "An id, its beginning, latest, first or latest-proven; else latest."},
      {"from", "REPOSITORY", "From this one; else as the drill says."}};
  spec.examples = {{"lifeboat drill sabotage shop", "would the drill notice?"}};
  spec.run = run_sabotage;
  return spec;
}

}  // namespace lifeboat::cli
