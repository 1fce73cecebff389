#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/exchange_calls.h"

namespace lifeboat::cli {
namespace {

void say_dump_plan(Session& session, const Json& plan) {
  session.say(fmt::format("Import {} of {} into {} on {} ({})", printable(text_of(plan, "from")),
                          printable(text_of(plan, "path")), text_of(plan, "database"),
                          text_of(plan, "server"), text_of(plan, "product")));
  Table table({{"COLLECTION", Align::left, true},
               {"DOCUMENTS", Align::right},
               {"BSON", Align::right},
               {"INDEXES", Align::right}});
  for (const auto& each : list_of(plan, "collections"))
    table.add({text_of(each, "name"), std::to_string(number_of(each, "count")),
               size_of(each, "bytes"), std::to_string(number_of(each, "indexes"))});
  session.say(table_indented(table.text(session.terminal()), 2));
  say_findings(session, list_of(plan, "findings"));
  say_findings(session, list_of(plan, "losses"));
}

void say_dump_report(Session& session, const Json& report) {
  if (const auto until = text_of(report, "log_until"); !until.empty())
    session.say(fmt::format("{} of its log were replayed, to {}",
                            counted(number_of(report, "log_applied"), "entry", "entries"), until));
  for (const auto& each : list_of(report, "collections"))
    if (const auto why = text_of(each, "not_compared"); !why.empty())
      session.say(session.colour(
          fmt::format("{} was not compared: {}", printable(text_of(each, "name")), why),
          Style::bad));
    else if (!flag_of(each, "equal"))
      session.say(session.colour(
          fmt::format("{} is DIFFERENT: {} documents in the dump, {} in the database",
                      printable(text_of(each, "name")), number_of(each, "file_count"),
                      number_of(each, "db_count")),
          Style::bad));
  const bool equal = flag_of(report, "equal");
  session.say(session.colour(equal ? "Every collection is equal to the dump, document by document."
                                   : "Not all of the database is shown to be equal to the dump.",
                             equal ? Style::good : Style::bad));
}

Result<int> run_import_mongodump(Session& session) {
  const auto& arguments = session.arguments();
  service::ImportMongodumpCall call;
  call.database = {arguments.text("mongo-uri"), arguments.text("mongo-db")};
  call.path = arguments.text("PATH");
  call.from_database = arguments.text("from-db");
  call.dry_run = arguments.has("dry-run");
  call.without_oplog = arguments.has("without-oplog");
  call.accept_losses = arguments.has("accept-losses");
  const auto planned = [&](const Json& plan) { say_dump_plan(session, plan); };
  const auto answer =
      TRY(service::import_mongodump(session.setup(), call, planned, session.context()));
  if (call.dry_run)
    session.say("Nothing was changed: this was a dry run.");
  else
    say_dump_report(session, answer.body["report"]);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

}  // namespace

CommandSpec import_mongodump_command() {
  CommandSpec spec;
  spec.name = "import mongodump";
  spec.summary = "Restore a database of a dump of mongodump into an empty one.";
  spec.about =
      "Reads an archive (--archive) or a folder (--out), plain or gzip, to its end before anything "
      "is made; then collections with their options, documents, the log of the dump (--oplog), "
      "views "
      "and indexes, and compares every document. The database must be empty. MONGO_URI and "
      "MONGO_DB come from the "
      "environment "
      "or from .env; needs no configuration.";
  spec.positionals = {{"PATH", "The archive, the folder of the dump, or that of one database."}};
  spec.options = {
      {"dry-run", "", "Print the plan and change nothing."},
      {"from-db", "NAME", "The database of the dump; may be left out when there is one."},
      {"without-oplog", "",
       "Leave out the log of a dump with --oplog: each collection is then as of another moment."},
      {"accept-losses", "", "Leave out what the server cannot do; take an older one."},
      {"mongo-uri", "URI", "The server, without a password; or env:NAME, file:/PATH."},
      {"mongo-db", "NAME", "The database to fill; else MONGO_DB, or what the URI names."}};
  spec.examples = {
      {"lifeboat import mongodump shop.archive.gz --mongo-db shop_drill --dry-run",
       "what is in it, and whether it is whole"},
      {"lifeboat import mongodump dump/ --from-db shop --mongo-db shop_drill", "from a folder"}};
  spec.run = run_import_mongodump;
  return spec;
}

}  // namespace lifeboat::cli
