#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

struct State {
  std::string text;
  Style style;
};

State state_of(const Json& body, const Json& repository) {
  if (repository.contains("error")) return {"does not answer", Style::bad};
  if (!repository.contains("newest")) return {"never backed up", Style::bad};
  if (text_of(body, "objective") == "missed") return {"too old", Style::bad};
  if (!repository.contains("last_proven")) return {"not proven yet", Style::caution};
  return {"fine", Style::plain};
}

void say_status(Session& session, Table& table, const Json& body) {
  const auto now = session.context().clock.now();
  for (const auto& repository : list_of(body, "repositories")) {
    const auto state = state_of(body, repository);
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

Result<int> run_status(Session& session) {
  const auto names =
      TRY(service::service_names(session.setup(), session.arguments().list("SERVICE")));
  Table table({{"SERVICE"},
               {"REPOSITORY"},
               {"NEWEST"},
               {"LAST PROVEN"},
               {"SNAPSHOTS", Align::right},
               {"STATE", Align::left, true}});
  std::vector<Json> errors;
  const auto ask = [&](const std::string& name) {
    return service::status(session.setup(), name, session.context());
  };
  const auto status = TRY(answer_each(session, names, ask, [&](const Json& body) {
    say_status(session, table, body);
    for (const auto& repository : list_of(body, "repositories"))
      if (repository.contains("error")) errors.push_back(repository["error"]);
  }));
  session.say(table.text(session.terminal()));
  for (const auto& error : errors) say_error(session, error);
  return status;
}

}  // namespace

CommandSpec status_command() {
  CommandSpec spec;
  spec.name = "status";
  spec.summary = "One line for each service and repository: newest snapshot, last proof.";
  spec.about =
      "Exit status 0 when all is fine, 1 when a service is behind its objective or was never "
      "backed up, 2 when a repository does not answer.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.examples = {{"lifeboat status", "everything that is configured"},
                   {"lifeboat status --quiet || echo behind", "in a script"}};
  spec.run = run_status;
  return spec;
}

}  // namespace lifeboat::cli
