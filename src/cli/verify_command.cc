#include <algorithm>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

std::string what_was_looked_at(const Json& body) {
  const auto depth = text_of(body, "depth");
  if (depth == "objects") return "that every object is there";
  if (depth == "hashes") return "the hash of every object";
  return "every chunk, decrypted and decompressed";
}

// What to do about damage that no backup stores again, by the code of its finding.
struct NextStep {
  std::string_view code;
  std::string_view what;
};

constexpr NextStep kNextSteps[] = {
    {"snapshot-unreadable",
     "bring the snapshots that cannot be read back from a copy of the repository. Where there is "
     "none, `lifeboat prune --despite-missing` gives them up; until then no prune removes "
     "anything."},
    {"snapshot-missing",
     "find out where the snapshots went that are missing, and bring them back. Where they are "
     "gone for good, `lifeboat prune --despite-missing` gives them up; until then no prune removes "
     "anything."},
    {"statement-missing",
     "find out who removed the statements that are missing. They go on to count on this machine "
     "alone, until a `lifeboat prune` on it puts them back. `lifeboat snapshots release` ends a "
     "hold."},
    {"snapshot-newer-format",
     "use the version of Lifeboat that made the snapshots of a newer format; until then no prune "
     "removes anything."},
    {"collection-damaged",
     "bring the damaged object below collect/ back from a copy of the repository. Where there is "
     "none, see that no `lifeboat prune` runs on any machine, remove that object, and prune; until "
     "then each backup stores everything again."}};

void say_next(Session& session, std::string_view what) {
  const auto text = session.colour("next:", Style::bold) + " " + std::string(what);
  session.say("  " + wrapped(text, session.terminal().width, 4));
}

void say_next_steps(Session& session, const Json& findings) {
  for (const auto& step : kNextSteps)
    if (std::ranges::any_of(findings,
                            [&](const Json& each) { return text_of(each, "code") == step.code; }))
      say_next(session, step.what);
}

// Writers take nothing for present that a check has read and found damaged, and said so. Only
// contents tell which packs nobody can open, as those of a lost session.
void say_repair(Session& session, const Json& body) {
  if (list_of(body, "damaged_snapshots").empty()) return;
  const bool known = text_of(body, "depth") == "contents" && flag_of(body, "recorded");
  say_next(session,
           std::string(known ? "run"
                             : "run `lifeboat verify --read-data`, as admin or reader and where "
                               "the repository can be written to, then") +
               " `lifeboat backup` for each service: it stores what was found damaged again, "
               "as far as the sources still have it. Or bring the objects that are named "
               "above back from a copy of the repository, and run "
               "`lifeboat verify --read-data`.");
}

void say_check(Session& session, const Json& body) {
  session.say(session.colour(text_of(body, "repository"), Style::bold) + ", " +
              text_of(body, "medium"));
  session.say(fmt::format("  looked at {}: {}, {}, {}", what_was_looked_at(body),
                          counted(number_of(body, "snapshots"), "snapshot", "snapshots"),
                          counted(number_of(body, "packs"), "pack", "packs"),
                          size_of(body, "bytes")));
  const auto found = say_findings(session, list_of(body, "findings"));
  for (const auto& id : list_of(body, "damaged_snapshots"))
    session.say("  " + session.colour("damaged", Style::bad) + "  snapshot " +
                printable(id.get<std::string>()));
  say_next_steps(session, list_of(body, "findings"));
  say_repair(session, body);
  if (found == 0) session.say(session.colour("  Everything is as it should be.", Style::good));
}

Result<int> run_verify(Session& session) {
  const auto& arguments = session.arguments();
  const auto depth = arguments.has("read-data") ? "contents"
                     : arguments.has("depth")   ? arguments.text("depth")
                                                : "objects";
  const auto names = TRY(service::repository_names(session.setup(), arguments.list("REPOSITORY")));
  const auto ask = [&](const std::string& name) {
    return service::verify(session.setup(), name, depth, session.context());
  };
  return answer_each(session, names, ask, [&](const Json& body) { say_check(session, body); });
}

}  // namespace

CommandSpec verify_command() {
  CommandSpec spec;
  spec.name = "verify";
  spec.summary = "Check repositories: that all is there, and with --read-data that all is whole.";
  spec.about =
      "Exit status 1 when something is damaged or missing, and which snapshots it reaches. What is "
      "read and found damaged is remembered in the repository: the next backup, of whichever "
      "machine, stores it again from the sources. Needs no source and no variable of a source. "
      "Only a drill proves that it can be restored.";
  spec.positionals = {
      {"REPOSITORY", "Which repositories; else all of the configuration.", false, true}};
  spec.options = {{"read-data", "", "As --depth contents."},
                  {"depth", "DEPTH",
                   "objects: all is there (the default); hashes: all is unchanged; contents: all "
                   "can be read."}};
  spec.examples = {{"lifeboat verify", "quick: lists and heads"},
                   {"lifeboat verify --read-data", "reads everything"}};
  spec.run = run_verify;
  return spec;
}

}  // namespace lifeboat::cli
