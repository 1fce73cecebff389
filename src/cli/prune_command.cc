#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

void say_prune_report(Session& session, const Json& body) {
  const bool dry_run = flag_of(body, "dry_run");
  session.say(session.colour(text_of(body, "repository"), Style::bold));
  session.say(fmt::format(
      "  {} {} freed by removing {}; {} moved out of {}; {} kept", size_of(body, "bytes_freed"),
      dry_run ? "would be" : "was", counted(number_of(body, "packs_removed"), "pack", "packs"),
      size_of(body, "bytes_moved"), counted(number_of(body, "packs_moved"), "pack", "packs"),
      size_of(body, "bytes_kept")));
  if (number_of(body, "sessions_voided") != 0)
    session.say(fmt::format("  {} that never ended, older than their patience, voided",
                            counted(number_of(body, "sessions_voided"), "backup", "backups")));
  say_findings(session, list_of(body, "findings"));
}

// Frees space, or puts back what the storage lost.
bool does_anything(const Json& body) {
  for (const auto& each : list_of(body, "findings"))
    if (text_of(each, "code") == "statement-missing") return true;
  for (const auto* key : {"packs_removed", "packs_moved", "bytes_freed"})
    if (number_of(body, key) != 0) return true;
  return false;
}

// Where a person is asked, the plan comes first.
Result<int> run_prune(Session& session) {
  const auto& arguments = session.arguments();
  service::PruneCall call;
  call.despite_missing = arguments.has("despite-missing");
  call.wait = TRY(arguments.duration("wait")).value_or(Duration(0));
  const auto names = TRY(service::repository_names(session.setup(), arguments.list("REPOSITORY")));
  const auto ask = [&](const std::string& name) {
    call.repository = name;
    return service::prune(session.setup(), call, session.context());
  };
  bool anything = false;
  const auto say = [&](const Json& body) {
    say_prune_report(session, body);
    anything = anything || does_anything(body);
  };
  call.dry_run = arguments.has("dry-run") || !arguments.has("yes");
  if (call.dry_run) {
    const auto planned = TRY(answer_each(session, names, ask, say));
    if (arguments.has("dry-run") || planned != 0) return planned;
    if (!anything && !call.despite_missing) {
      session.say("Nothing to prune.");
      return 0;
    }
    TRY(session.confirm("What no snapshot needs will be removed from " + join_words(Json(names)) +
                        "."));
  }
  call.dry_run = false;
  return answer_each(session, names, ask, say);
}

}  // namespace

CommandSpec prune_command() {
  CommandSpec spec;
  spec.name = "prune";
  spec.summary = "Free the space that no snapshot needs any more.";
  spec.about =
      "Backups may run meanwhile. A prune that is interrupted loses nothing: the next one goes on.";
  spec.positionals = {
      {"REPOSITORY", "Which repositories; else all of the configuration.", false, true}};
  spec.options = {
      {"dry-run", "", "Say what would be freed and change nothing."},
      {"despite-missing", "",
       "Go on although snapshots are missing or damaged beyond reading, and give them up."},
      {"wait", "TIME", "Wait so long for backups that are running."}};
  spec.examples = {{"lifeboat prune --dry-run", "what would be freed"},
                   {"lifeboat prune --yes", "in a timer, after `lifeboat forget --yes`"}};
  spec.run = run_prune;
  return spec;
}

}  // namespace lifeboat::cli
