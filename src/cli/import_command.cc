#include <fmt/format.h>

#include <charconv>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/exchange_calls.h"

namespace lifeboat::cli {
namespace {

std::string names_in(const Json& list) {
  return list.empty() ? "none" : printable(join_words(list));
}

void say_import_warnings(Session& session, const Json& plan) {
  const auto warn = [&](const std::string& text) {
    session.say(session.colour(wrapped(text, session.terminal().width, 0), Style::caution));
  };
  if (flag_of(plan, "snapshot_first"))
    session.say("What is there now is exported first.");
  else if (!flag_of(plan, "empty"))
    warn("What is there now is NOT saved first.");
  if (flag_of(plan, "force"))
    warn("Validators are set aside while documents are inserted: documents may break them.");
}

void say_import_plan(Session& session, const Json& plan) {
  session.say(fmt::format("Import {} into {} on {} ({})", printable(text_of(plan, "archive")),
                          text_of(plan, "database"), text_of(plan, "server"),
                          text_of(plan, "product")));
  session.say(session.colour("Drop    " + names_in(list_of(plan, "drop")),
                             list_of(plan, "drop").empty() ? Style::plain : Style::caution));
  session.say("Create  " + names_in(list_of(plan, "create")));
  session.say("Restore " + names_in(list_of(plan, "restore")));
  Table table({{"COLLECTION", Align::left, true},
               {"DOCUMENTS", Align::right},
               {"ESCAPED", Align::right},
               {"IS"},
               {"TIME SERIES", Align::left, true}});
  for (const auto& each : list_of(plan, "collections")) {
    const auto grounds = text_of(each, "grounds");
    const std::string series = flag_of(each, "time_series")
                                   ? (grounds.empty() ? std::string("yes") : "inferred")
                                   : std::string();
    const auto state = text_of(each, "state");
    table.add({text_of(each, "name"), std::to_string(number_of(each, "count")),
               std::to_string(number_of(each, "escaped")), state, series},
              state == "replaced" ? Style::caution : Style::plain);
  }
  session.say(table_indented(table.text(session.terminal()), 2));
  say_findings(session, list_of(plan, "findings"));
  say_findings(session, list_of(plan, "losses"));
  say_import_warnings(session, plan);
}

std::string compared_word(const Json& collection) {
  if (flag_of(collection, "equal")) return "equal";
  return text_of(collection, "not_compared").empty() ? "DIFFERENT" : "NOT COMPARED";
}

std::string not_equal_text(const Json& report) {
  for (const auto& each : list_of(report, "collections"))
    if (compared_word(each) == "DIFFERENT") return "The database is NOT equal to the archive.";
  return "Not every collection could be compared with its file.";
}

// Whole, to be compared with what the scripts print: too long for a table.
void say_hashes(Session& session, const Json& collection) {
  session.say("  " + printable(text_of(collection, "name")));
  session.say("    sample_hash  " + text_of(collection, "sample_hash"));
  session.say("    digest       " + text_of(collection, "file_digest"));
  if (compared_word(collection) == "DIFFERENT")
    session.say("    in the database  " + text_of(collection, "db_digest"));
}

void say_compared(Session& session, const Json& report) {
  Table table({{"COLLECTION", Align::left, true},
               {"FILE_COUNT", Align::right},
               {"DB_COUNT", Align::right},
               {"DIGEST"}});
  for (const auto& each : list_of(report, "collections")) {
    const bool equal = flag_of(each, "equal");
    table.add({text_of(each, "name"), std::to_string(number_of(each, "file_count")),
               std::to_string(number_of(each, "db_count")), compared_word(each)},
              equal ? Style::plain : Style::bad);
  }
  session.say(table_indented(table.text(session.terminal()), 2));
  for (const auto& each : list_of(report, "collections")) say_hashes(session, each);
  for (const auto& each : list_of(report, "collections"))
    if (const auto why = text_of(each, "not_compared"); !why.empty())
      session.say(text_of(each, "name") + ": " + why + ".");
}

void say_import_report(Session& session, const Json& body) {
  const Json& report = body["report"];
  say_compared(session, report);
  say_findings(session, list_of(report, "findings"));
  const bool equal = flag_of(report, "equal");
  session.say(session.colour(equal
                                 ? counted(number_of(report, "inserted"), "document", "documents") +
                                       " inserted; every collection is equal to its file."
                                 : not_equal_text(report),
                             equal ? Style::good : Style::bad));
  if (body.contains("go_back")) {
    session.say("To go back: " + printable(text_of(body, "go_back")));
    session.say("Indexes are not in an export: those of dropped collections do not come back.");
  }
}

Result<std::uint64_t> number_given(const Arguments& arguments, const std::string& name,
                                   std::uint64_t otherwise) {
  if (!arguments.has(name)) return otherwise;
  const auto text = arguments.text(name);
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size()) return count;
  return fail(Code::usage, "--" + name + " is a number, not \"" + text + "\"");
}

Result<service::ImportJsonlCall> import_call(const Session& session) {
  const auto& arguments = session.arguments();
  service::ImportJsonlCall call;
  call.database = {arguments.text("mongo-uri"), arguments.text("mongo-db")};
  call.archive = arguments.text("ARCHIVE");
  call.out_dir = arguments.text("out-dir");
  call.snapshot_dir = arguments.text("snapshot-dir");
  call.renames = arguments.list("rename");
  call.batch_size = TRY(number_given(arguments, "batch-size", call.batch_size));
  call.sample = TRY(number_given(arguments, "verify-sample-size", call.sample));
  call.dry_run = arguments.has("dry-run");
  call.force = arguments.has("force");
  call.replace_existing = arguments.has("replace-existing");
  call.infer_time_series = !arguments.has("no-infer-timeseries");
  call.accept_losses = arguments.has("accept-losses");
  call.snapshot_first = !arguments.has("no-snapshot");
  return call;
}

Result<int> run_import_jsonl(Session& session) {
  const auto call = TRY(import_call(session));
  const auto confirm = [&](const Json& plan) -> Result<void> {
    say_import_plan(session, plan);
    if (call.dry_run) return {};
    return session.confirm("This changes the database " + text_of(plan, "database") + ".", "YES");
  };
  const auto answer = TRY(service::import_jsonl(session.setup(), call, confirm, session.context()));
  if (call.dry_run)
    session.say("Nothing was changed: this was a dry run.");
  else
    say_import_report(session, answer.body);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

CommandSpec import_spec() {
  CommandSpec spec;
  spec.name = "import";
  spec.summary = "Restore a database from a format that other tools write.";
  return spec;
}

CommandSpec import_jsonl_spec() {
  CommandSpec spec;
  spec.name = "import jsonl";
  spec.summary = "Restore a MongoDB database from JSON lines, such as export jsonl writes.";
  spec.about =
      "Reads the whole archive first and prints what would be dropped, created and restored. "
      "Collections that are not in the archive are DROPPED. What is there is exported first, and "
      "the command that goes back is printed. Each collection is read back and compared. MONGO_URI "
      "and MONGO_DB come from the environment or from .env; needs no configuration.";
  spec.positionals = {{"ARCHIVE", "A .tar, .tar.gz, .tar.zst or .zip, or the folder."}};
  spec.options = {
      {"dry-run", "", "Print the plan and change nothing."},
      {"replace-existing", "", "Drop and make anew the collections that are there."},
      {"force", "", "Set validators aside while documents are inserted, and put them back."},
      {"batch-size", "N", "Documents of one insert; else 1000."},
      {"verify-sample-size", "N", "Documents in the sample hash; else 100."},
      {"no-infer-timeseries", "", "Without metadata, take every collection for an ordinary one."},
      {"rename", "FILE=NAME", "The collection that a file is of; may be repeated.", true},
      {"accept-losses", "", "Leave out what the server cannot do or the archive lacks."},
      {"no-snapshot", "", "Do not export what is there first."},
      {"snapshot-dir", "DIR", "Where that export goes; else backup_dtb."},
      {"out-dir", "DIR", "Unpack the archive here and keep it."},
      {"mongo-uri", "URI", "The server, without a password; or env:NAME, file:/PATH."},
      {"mongo-db", "NAME", "The database; else MONGO_DB, or what the URI names."}};
  spec.examples = {
      {"lifeboat import jsonl backup_20260926_073727.tar --dry-run", "what would happen"},
      {"lifeboat import jsonl backup_20260926_073727.tar --replace-existing",
       "make the database as it is in the archive"},
      {"lifeboat import jsonl old.tar --rename \"types_of_values=types of values\"",
       "with the name that the script altered"}};
  spec.run = run_import_jsonl;
  return spec;
}

}  // namespace

std::vector<CommandSpec> import_commands() { return {import_spec(), import_jsonl_spec()}; }

}  // namespace lifeboat::cli
