#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

std::string listed(const Json& words) {
  const auto text = join_words(words);
  return text.empty() ? "nothing" : text;
}

// Of all that the diagnosis says, what was expected of it.
Json right_of(const Json& defect) {
  Json right = Json::array();
  const auto& expected = list_of(defect["expected"], "diagnoses");
  for (const auto& rule : list_of(defect, "diagnoses"))
    if (std::ranges::count(expected, rule) > 0) right.push_back(rule);
  return right;
}

// What a person must know to mend the drill.
std::string shortfall(const Json& defect) {
  const auto& expected = defect["expected"];
  return fmt::format(
      "{} in {} was not caught. Expected: {}, by any of {}, explained as any of {}. Found: {}, by "
      "{}, explained as {}.",
      text_of(defect, "defect"), text_of(defect, "source"), text_of(expected, "verdict"),
      listed(list_of(expected, "checks")), listed(list_of(expected, "diagnoses")),
      text_of(defect, "verdict"), listed(list_of(defect, "noticed_by")),
      listed(list_of(defect, "diagnoses")));
}

void say_score(Session& session, const Json& body) {
  Table table(
      {{"SOURCE"}, {"DEFECT"}, {"CAUGHT"}, {"WHAT WAS DONE", Align::left, true}, {"DIAGNOSIS"}});
  std::vector<std::string> missed;
  for (const auto& each : list_of(body, "defects")) {
    const auto done = text_of(each, "planted");
    const bool caught = flag_of(each, "caught");
    table.add({text_of(each, "source"), text_of(each, "defect"),
               done.empty() ? "–"
               : caught     ? "yes"
                            : "NO",
               done.empty() ? "nothing to spoil" : done, join_words(right_of(each))},
              done.empty() || caught ? Style::plain : Style::bad);
    if (!done.empty() && !caught) missed.push_back(shortfall(each));
  }
  session.say(table.text(session.terminal()));
  for (const auto& each : missed) session.say(session.colour(each, Style::bad));
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
      "a missing index, swapped files, stale data …) or the application's surroundings (data that "
      "it may not read, another key, a broken login …) and lets the drill judge. A defect is "
      "caught when the verdict is the expected one, a check that it is for fails, and the "
      "diagnosis says why. The backup is not touched, and nothing counts as proof. Exit status 1 "
      "when a defect was not caught.";
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
