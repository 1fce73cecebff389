#include <fmt/format.h>

#include <ostream>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

std::string state_of_snapshot(const Json& snapshot) {
  std::string state = flag_of(snapshot, "complete") ? "complete" : "INCOMPLETE";
  if (flag_of(snapshot, "held")) state += ", held";
  return state;
}

std::string proof_of(const Json& snapshot, Time now) {
  const auto proven = age_of(snapshot, "proven_at", now);
  return proven.empty() ? text_of(snapshot, "verdict") : "proven " + proven;
}

// Beside a service's own there are those that were saved before a restore changed a place.
std::string notes_of(const Json& snapshot, const std::string& service) {
  const auto notes = join_words(list_of(snapshot, "notes"));
  if (text_of(snapshot, "service") == service) return notes;
  return "before a restore" + (notes.empty() ? "" : "; " + notes);
}

void say_list(Session& session, const Json& body) {
  const auto now = session.context().clock.now();
  Table table({{"SNAPSHOT"},
               {"TIME"},
               {"SIZE", Align::right},
               {"STORED", Align::right},
               {"ENTRIES", Align::right},
               {"STATE"},
               {"DRILL"},
               {"NOTES", Align::left, true}});
  for (const auto& snapshot : list_of(body, "snapshots")) {
    table.add({short_id(snapshot), moment_of(snapshot), size_of(snapshot, "bytes"),
               size_of(snapshot, "stored"), std::to_string(number_of(snapshot, "entries")),
               state_of_snapshot(snapshot), proof_of(snapshot, now),
               notes_of(snapshot, text_of(body, "service"))},
              flag_of(snapshot, "complete") ? Style::plain : Style::caution);
  }
  const auto service = text_of(body, "service");
  session.say(session.colour(service + " in " + text_of(body, "repository"), Style::bold));
  session.say(table.empty() ? "No snapshot yet: `lifeboat backup " + service + "`."
                            : table.text(session.terminal()));
  say_findings(session, list_of(body, "findings"));
}

Result<int> run_list_snapshots(Session& session) {
  const auto names =
      TRY(service::service_names(session.setup(), session.arguments().list("SERVICE")));
  const auto ask = [&](const std::string& name) {
    service::SnapshotChoice choice;
    choice.service = name;
    choice.repository = session.arguments().text("from");
    return service::list_snapshots(session.setup(), choice, session.context());
  };
  return answer_each(session, names, ask, [&](const Json& body) { say_list(session, body); });
}

service::SnapshotChoice choice_of(const Session& session) {
  service::SnapshotChoice choice;
  choice.service = session.arguments().text("service");
  choice.repository = session.arguments().text("from");
  choice.snapshot = session.arguments().text("ID");
  return choice;
}

service::EntryCall entry_of(const Session& session) {
  return {choice_of(session), session.arguments().text("PATH")};
}

// "orders 200 rows, users 3 rows" where a fact counts the rows of things by their names.
std::string fact_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_structured()) return value.dump();
  std::string text;
  for (const auto& [name, about] : value.items()) {
    if (!value.is_object() || !about.is_object() || !about.contains("rows"))
      return counted(value.size(), "entry", "entries");
    text +=
        (text.empty() ? "" : ", ") + name + " " + counted(number_of(about, "rows"), "row", "rows");
  }
  return text.empty() ? "0 entries" : text;
}

void say_source(Session& session, const Json& source) {
  session.say(fmt::format("\n{} ({}), {}", session.colour(text_of(source, "name"), Style::bold),
                          text_of(source, "type"),
                          counted(number_of(source, "entries"), "entry", "entries")));
  say_findings(session, list_of(source, "findings"));
  const auto facts = source.find("facts");
  if (facts == source.end() || !facts->is_object()) return;
  for (const auto& [name, value] : facts->items())
    session.say("  " + wrapped(printable(name) + ": " + printable(fact_text(value)),
                               session.terminal().width, 4));
}

Result<int> run_show_snapshot(Session& session) {
  const auto answer =
      TRY(service::show_snapshot(session.setup(), choice_of(session), session.context()));
  const Json& snapshot = answer.body["snapshot"];
  const auto now = session.context().clock.now();
  session.say("Snapshot " + text_of(snapshot, "id"));
  session.say(fmt::format("of {} on {} at {} ({}), {}", text_of(snapshot, "service"),
                          text_of(snapshot, "host"), text_of(snapshot, "time"),
                          age_of(snapshot, "time", now), state_of_snapshot(snapshot)));
  session.say(fmt::format(
      "{} in {}; {} stored by it in {}; made by Lifeboat {}", size_of(snapshot, "bytes"),
      counted(number_of(snapshot, "entries"), "entry", "entries"), size_of(snapshot, "stored"),
      text_of(answer.body, "repository"), text_of(snapshot, "version")));
  const auto proof = proof_of(snapshot, now);
  session.say("Drill: " + (proof.empty() ? "none yet" : proof));
  for (const auto& note : list_of(snapshot, "notes"))
    session.say("Note: " + printable(note.get<std::string>()));
  for (const auto& source : list_of(answer.body, "sources")) say_source(session, source);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

std::string entry_line(const Json& entry) {
  const auto path = text_of(entry, "path");
  return fmt::format("{}  {:>9}  {:20}  {}", text_of(entry, "text"), size_of(entry, "size"),
                     moment_of(entry, "modified"),
                     text_of(entry, "source") + (path.empty() ? "" : "/" + path));
}

Result<int> run_ls(Session& session) {
  const auto visit = [&](const Json& entry) -> Result<void> {
    session.say(entry_line(entry));
    session.event("entry", entry);
    return {};
  };
  const auto answer =
      TRY(service::list_entries(session.setup(), entry_of(session), visit, session.context()));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_cat(Session& session) {
  const auto take = [&](ByteView part) { return session.write_bytes(part); };
  TRY(service::read_entry(session.setup(), entry_of(session), take, session.context()));
  return 0;
}

Result<int> run_diff(Session& session) {
  auto choice = choice_of(session);
  choice.snapshot = session.arguments().text("A");
  const auto answer = TRY(service::compare_snapshots(
      session.setup(), choice, session.arguments().text("B"), session.context()));
  const auto say_all = [&](const char* key, const char* mark, Style style) {
    for (const auto& path : list_of(answer.body, key))
      session.say(session.colour(mark + printable(path.get<std::string>()), style));
  };
  say_all("added", "+ ", Style::good);
  say_all("removed", "- ", Style::bad);
  say_all("changed", "~ ", Style::caution);
  session.say(fmt::format("{} added, {} removed, {} changed", list_of(answer.body, "added").size(),
                          list_of(answer.body, "removed").size(),
                          list_of(answer.body, "changed").size()));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> say_kind(Session& session, const std::string& kind, const std::string& text) {
  const auto answer = TRY(service::say_of_snapshot(
      session.setup(), {choice_of(session), kind, text}, session.context()));
  const auto id = short_id(answer.body["snapshot"]);
  session.say(kind == "hold"       ? "Snapshot " + id + " is held: nothing removes it."
              : kind == "released" ? "Snapshot " + id + " is held no more."
                                   : "Noted on snapshot " + id + ".");
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_hold(Session& session) {
  return say_kind(session, "hold", session.arguments().text("reason"));
}
Result<int> run_release(Session& session) {
  return say_kind(session, "released", session.arguments().text("reason"));
}
Result<int> run_note(Session& session) {
  return say_kind(session, "note", session.arguments().text("TEXT"));
}

CommandSpec list_snapshots_spec() {
  CommandSpec spec;
  spec.name = "snapshots";
  spec.summary = "List snapshots, and look into them.";
  spec.about = "Needs no source and no variable of a source.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.options = {{"from", "REPOSITORY", "In this one; else the first that answers."}};
  spec.examples = {{"lifeboat snapshots", "of every service"},
                   {"lifeboat snapshots shop --from offsite", "in one of its repositories"}};
  spec.run = run_list_snapshots;
  return spec;
}

constexpr std::string_view kIdAbout =
    "The snapshot's id, its beginning, latest, first or latest-proven.";

CommandSpec snapshot_spec(std::string_view name, std::string_view summary, Run run) {
  CommandSpec spec;
  spec.name = name;
  spec.summary = summary;
  spec.positionals = {{"ID", kIdAbout}};
  spec.options = {{"service", "NAME", "Of this service; needed for a word when there are several."},
                  {"from", "REPOSITORY", "In this one; else the first that answers."}};
  spec.run = run;
  return spec;
}

CommandSpec show_spec() {
  auto spec = snapshot_spec("snapshots show", "Show one snapshot: sources, facts, findings.",
                            run_show_snapshot);
  spec.examples = {{"lifeboat snapshots show latest", "the newest complete one"}};
  return spec;
}

CommandSpec ls_spec() {
  auto spec = snapshot_spec("snapshots ls", "List what is in a snapshot.", run_ls);
  spec.positionals.push_back({"PATH", "SOURCE or SOURCE/PATH; else everything.", false});
  spec.examples = {{"lifeboat snapshots ls latest uploads/2026", "one folder of it"}};
  return spec;
}

CommandSpec cat_spec() {
  auto spec =
      snapshot_spec("snapshots cat", "Write one file or database to standard output.", run_cat);
  spec.positionals.push_back({"PATH", "SOURCE/PATH, or SOURCE of a database."});
  spec.examples = {{"lifeboat snapshots cat latest uploads/logo.png > logo.png", "one file"}};
  return spec;
}

CommandSpec diff_spec() {
  auto spec = snapshot_spec("snapshots diff", "List what differs between two snapshots.", run_diff);
  spec.positionals = {{"A", kIdAbout}, {"B", "The other one."}};
  spec.examples = {{"lifeboat snapshots diff first latest", "all that has changed"}};
  return spec;
}

CommandSpec hold_spec(std::string_view name, std::string_view summary, Example example, Run run) {
  auto spec = snapshot_spec(name, summary, run);
  spec.options.push_back({"reason", "TEXT", "Why; everybody who lists snapshots may read it."});
  spec.examples = {example};
  return spec;
}

CommandSpec note_spec() {
  auto spec = snapshot_spec("snapshots note", "Write a note on a snapshot.", run_note);
  spec.positionals.push_back({"TEXT", "The note."});
  spec.examples = {{"lifeboat snapshots note latest 'before-the-move'", ""}};
  return spec;
}

}  // namespace

std::vector<CommandSpec> snapshots_commands() {
  return {list_snapshots_spec(),
          show_spec(),
          ls_spec(),
          cat_spec(),
          diff_spec(),
          hold_spec("snapshots hold", "Keep a snapshot whatever retention says.",
                    {"lifeboat snapshots hold latest --reason audit", ""}, run_hold),
          hold_spec("snapshots release", "Let retention decide again.",
                    {"lifeboat snapshots release latest", ""}, run_release),
          note_spec()};
}

}  // namespace lifeboat::cli
