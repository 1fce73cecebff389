#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

bool changes_something(const Json& plan) {
  return flag_of(plan, "in_place") || !list_of(plan, "occupied").empty();
}

std::string state_of_place(const Json& plan, const Json& item) {
  if (flag_of(item, "resumes")) return "goes on";
  for (const auto& place : list_of(plan, "occupied"))
    if (place == item["place"]) return "CHANGED";
  return "new";
}

void say_warnings(Session& session, const Json& plan) {
  const auto warn = [&](const std::string& text) {
    session.say(session.colour(wrapped(text, session.terminal().width, 0), Style::caution));
  };
  if (flag_of(plan, "in_place"))
    warn("This replaces live data of the configuration: the application must be stopped.");
  for (const auto& each : list_of(plan, "unknown"))
    warn("Not known here, so no place was compared with it: " + each.get<std::string>());
  if (flag_of(plan, "delete_strangers"))
    warn("Files that are not in the snapshot will be removed from the folders.");
  if (flag_of(plan, "with_users"))
    warn("Users and roles of the snapshot may log in there then; those that are there stay.");
  if (flag_of(plan, "snapshot_first"))
    session.say("What is there now is saved in a snapshot first.");
  else if (!list_of(plan, "occupied").empty())
    warn("What is there now is NOT saved first.");
}

// What has no log can only be had as it was at the snapshot.
void say_moments(Session& session, const Json& plan) {
  const auto& items = list_of(plan, "items");
  const auto has_moment = [](const Json& item) { return item.contains("moment"); };
  if (std::none_of(items.begin(), items.end(), has_moment)) return;
  for (const auto& item : items)
    if (has_moment(item))
      session.say(fmt::format("  {} is brought on to {}, by {} of its log", text_of(item, "source"),
                              text_of(item, "moment"),
                              counted(number_of(item, "log_pieces"), "piece", "pieces")));
    else
      session.say(session.colour(
          "  " + text_of(item, "source") + " keeps no log: it will be as it was at the snapshot",
          Style::caution));
}

void say_renames(Session& session, const Json& item) {
  const auto renames = item.find("renames");
  if (renames == item.end()) return;
  for (const auto& [from, to] : renames->items())
    session.say(fmt::format("  {} of {} comes back as {}", printable(from), text_of(item, "source"),
                            printable(to.get<std::string>())));
}

void say_restore_plan(Session& session, const Json& plan) {
  const Json& snapshot = plan["snapshot"];
  session.say(fmt::format("Restore {} as it was at {} ({}): snapshot {} of {}",
                          text_of(plan, "service"), moment_of(snapshot),
                          age_of(snapshot, "time", session.context().clock.now()),
                          short_id(snapshot), text_of(plan, "repository")));
  Table table({{"SOURCE"},
               {"WHAT", Align::left, true},
               {"ENTRIES", Align::right},
               {"TO", Align::left, true},
               {"PLACE IS"}});
  for (const auto& item : list_of(plan, "items")) {
    const auto& objects = list_of(item, "objects");
    const auto state = state_of_place(plan, item);
    table.add({text_of(item, "source"), objects.empty() ? "everything" : join_words(objects),
               objects.empty() ? std::to_string(number_of(item, "entries")) : "",
               text_of(item, "place"), state},
              state == "CHANGED" ? Style::caution : Style::plain);
  }
  session.say(table_indented(table.text(session.terminal()), 2));
  for (const auto& item : list_of(plan, "items")) say_renames(session, item);
  say_moments(session, plan);
  for (const auto& item : list_of(plan, "items")) say_findings(session, list_of(item, "losses"));
  if (!flag_of(snapshot, "complete"))
    session.say(
        session.colour("The snapshot is incomplete: `lifeboat snapshots show` says what "
                       "is missing.",
                       Style::caution));
  say_warnings(session, plan);
}

// "plan 12 ms, prepare 1 ms, write 2 s": where the time went.
std::string stages_of(const Json& report) {
  std::string text;
  for (const auto& stage : list_of(report, "stages"))
    text += (text.empty() ? "" : ", ") + text_of(stage, "name") + " " + milliseconds_of(stage);
  return text;
}

bool lacks_something(const Json& report) {
  for (const auto& item : list_of(report, "items"))
    for (const auto& finding : list_of(item, "findings"))
      if (flag_of(finding, "incomplete")) return true;
  return false;
}

void say_restore_record(Session& session, const Json& body) {
  if (const auto error = text_of(body, "record_error"); !error.empty())
    session.say(session.colour("No record of it could be kept: " + error, Style::caution));
  else if (const auto file = text_of(body, "record"); !file.empty())
    session.say("The signed record is " + file);
  else
    session.say("The signed record is in the repository only.");
}

void say_restore_report(Session& session, const Json& body) {
  const Json& report = body["report"];
  std::uint64_t bytes = 0;
  std::uint64_t fetched = 0;
  for (const auto& item : list_of(report, "items")) {
    bytes += number_of(item, "bytes");
    fetched += number_of(item, "bytes_fetched");
    session.say(fmt::format("  {}  {}, {}, {}", text_of(item, "place"),
                            counted(number_of(item, "entries"), "entry", "entries"),
                            size_of(item, "bytes"), milliseconds_of(item)));
    if (const auto last = text_of(item, "last_applied"); !last.empty())
      session.say(fmt::format("    {} of the log replayed, the last of {}",
                              counted(number_of(item, "log_entries"), "entry", "entries"), last));
    say_findings(session, list_of(item, "findings"));
  }
  const bool is_whole = !lacks_something(report);
  session.say(
      session.colour(fmt::format("Restored {} in {}{}", describe_size(bytes),
                                 milliseconds_of(report), is_whole ? "" : ", but not everything"),
                     is_whole ? Style::good : Style::caution));
  session.say(session.colour("  " + stages_of(report), Style::faint));
  if (fetched < bytes)
    session.say(fmt::format("{} was there already; {} came from the repository.",
                            describe_size(bytes - fetched), describe_size(fetched)));
  if (const auto before = body.find("before"); before != body.end())
    session.say(fmt::format("What was there before is snapshot {}. This brings it back:\n  {}",
                            short_id(*before), text_of(body, "way_back")));
  say_restore_record(session, body);
}

// `restore latest` is what one writes first.
Result<void> check_service_word(const std::string& word) {
  if (word != "latest" && word != "first" && word != "latest-proven") return {};
  return fail(Error(Code::usage, "\"" + word + "\" is a snapshot, not a service")
                  .with_hint("Give --snapshot " + word + "."));
}

Result<service::RestoreCall> call_of(const Session& session) {
  const auto& arguments = session.arguments();
  TRY(check_service_word(arguments.text("SERVICE")));
  service::RestoreCall call;
  call.choice.service = TRY(service::only_service(session.setup(), arguments.text("SERVICE")));
  call.choice.repository = arguments.text("from");
  call.choice.snapshot = arguments.text("snapshot");
  call.choice.at = arguments.text("at");
  call.choice.position = arguments.text("at-position");
  call.to = arguments.list("to");
  call.only = arguments.list("only");
  call.renames = arguments.list("rename");
  call.overwrite = arguments.has("overwrite") || arguments.has("delete");
  call.delete_strangers = arguments.has("delete");
  call.snapshot_first = !arguments.has("no-snapshot");
  call.accept_losses = arguments.has("accept-losses");
  call.with_users = arguments.has("users");
  call.dry_run = arguments.has("dry-run");
  return call;
}

Result<int> run_restore(Session& session) {
  const auto call = TRY(call_of(session));
  const auto confirm = [&](const Json& plan) -> Result<void> {
    say_restore_plan(session, plan);
    if (call.dry_run || !changes_something(plan)) return {};
    return session.confirm("This changes what is there.");
  };
  const auto answer = TRY(service::restore(session.setup(), call, confirm, session.context()));
  if (call.dry_run)
    session.say("Nothing was changed: this was a dry run.");
  else
    say_restore_report(session, answer.body);
  say_notices(session, answer.body);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

}  // namespace

CommandSpec restore_command() {
  CommandSpec spec;
  spec.name = "restore";
  spec.summary = "Restore a snapshot, or a part of it, to another place or over what is there.";
  spec.about =
      "Prints the plan first. A place that is not empty is only touched with --overwrite and a "
      "confirmation; then only what differs is written, after a snapshot of what is there, and the "
      "command that brings that back is printed. A restore that was interrupted goes on when the "
      "same command is given again with its --snapshot. Needs no source and no variable of a "
      "source, but --delete those of what the source excludes.";
  spec.positionals = {{"SERVICE", "Which service; may be left out when there is one.", false}};
  spec.options = {
      {"to", "PLACE", "DIRECTORY for everything, or SOURCE=PLACE; may be repeated.", true},
      {"only", "SOURCE[/OBJECT]", "Only this source, or one folder, file or table of it.", true},
      {"rename", "[SOURCE/]OLD=NEW",
       "The name that a collection of MongoDB gets there; may be repeated. Nothing is replaced.",
       true},
      {"snapshot", "ID", "An id, its beginning, latest, first or latest-proven; else latest."},
      {"at", "TIME", "As it was then, such as 2026-11-21T09:45:00Z; with a log, any second."},
      {"at-position", "POSITION", "The last entry of the log to apply, such as 1763718300.7."},
      {"from", "REPOSITORY", "From this one; else the first of the service that answers."},
      {"dry-run", "", "Print the plan and change nothing."},
      {"overwrite", "", "Change what is at the place; only what differs is written."},
      {"delete", "", "As --overwrite, and remove what is not in the snapshot, but for exclusions."},
      {"accept-losses", "", "Leave out what the server at the place cannot do; take an older one."},
      {"users", "", "Of MongoDB also the database's users and roles; those that are there stay."},
      {"no-snapshot", "", "Do not save what is overwritten."}};
  spec.examples = {
      {"lifeboat restore shop --to /tmp/shop --dry-run", "what would happen"},
      {"lifeboat restore shop --to /tmp/shop", "everything, beside the live data"},
      {"lifeboat restore shop --only db/orders --to db=/tmp/orders.db", "one table, as a database"},
      {"lifeboat restore shop --rename orders=old --to db=env:URI", "with another name for orders"},
      {"lifeboat restore shop --only uploads/2026 --to /tmp/shop", "one folder"},
      {"lifeboat restore shop --to db=/srv/shop/shop.db --overwrite", "over the live database"}};
  spec.run = run_restore;
  return spec;
}

}  // namespace lifeboat::cli
