#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/exchange_calls.h"

namespace lifeboat::cli {
namespace {

constexpr std::size_t kShownOfHash = 16;

void say_export(Session& session, const Json& body) {
  session.say(
      fmt::format("Export of {} on {}", text_of(body, "database"), text_of(body, "server")));
  Table table({{"COLLECTION", Align::left, true},
               {"DOCUMENTS", Align::right},
               {"BSON", Align::right},
               {"ESCAPED", Align::right},
               {"SAMPLE_HASH"}});
  for (const auto& each : list_of(body, "collections"))
    table.add({text_of(each, "name"), std::to_string(number_of(each, "count")),
               size_of(each, "bytes"), std::to_string(number_of(each, "escaped")),
               text_of(each, "sample_hash").substr(0, kShownOfHash)});
  session.say(table_indented(table.text(session.terminal()), 2));
  if (number_of(body, "escaped") != 0)
    session.say(session.colour(counted(number_of(body, "escaped"), "document is", "documents are") +
                                   " escaped: only lifeboat import jsonl reads them back.",
                               Style::caution));
  say_findings(session, list_of(body, "findings"));
  session.say("Folder  " + printable(text_of(body, "folder")));
  session.say(fmt::format("Archive {} ({})", printable(text_of(body, "archive")),
                          size_of(body, "archive_bytes")));
}

Result<int> run_export_jsonl(Session& session) {
  const auto& arguments = session.arguments();
  service::ExportJsonlCall call;
  call.database = {arguments.text("mongo-uri"), arguments.text("mongo-db")};
  call.out_dir = arguments.text("out-dir");
  call.csv = arguments.text("csv");
  call.pretty = arguments.has("pretty");
  call.gzip = arguments.has("gzip");
  call.escape = arguments.has("escape");
  const auto answer = TRY(service::export_jsonl(session.setup(), call, session.context()));
  say_export(session, answer.body);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

CommandSpec export_spec() {
  CommandSpec spec;
  spec.name = "export";
  spec.summary = "Write a database in a format that other tools read.";
  return spec;
}

CommandSpec export_jsonl_spec() {
  CommandSpec spec;
  spec.name = "export jsonl";
  spec.summary = "Write a MongoDB database as JSON lines, one file for each collection.";
  spec.about =
      "Writes backup_YYYYmmdd_HHMMSS/ with canonical Extended JSON and collections_metadata.json, "
      "and the same as backup_data/backup_….tar. Each document is read back and compared: one that "
      "JSON cannot carry ends the export, by name. MONGO_URI and MONGO_DB come from the "
      "environment or from .env; needs no configuration.";
  spec.options = {
      {"mongo-uri", "URI", "The server, without a password; or env:NAME, file:/PATH."},
      {"mongo-db", "NAME", "The database; else MONGO_DB, or what the URI names."},
      {"out-dir", "DIR", "Where the backups are; else backup_dtb."},
      {"pretty", "", "Over many lines, for people."},
      {"gzip", "", "The archive as .tar.gz."},
      {"csv", "FILE", "Add the counts and digests to this file, one line a collection."},
      {"escape", "", "Write what JSON cannot carry in a form that only Lifeboat reads."}};
  spec.examples = {{"lifeboat export jsonl", "what MONGO_URI and MONGO_DB say"},
                   {"lifeboat export jsonl --mongo-db shop --gzip", "another database, smaller"},
                   {"lifeboat export jsonl --mongo-uri env:REPLICA_URI --csv counts.csv",
                    "from another server, with the counts for comparison"}};
  spec.run = run_export_jsonl;
  return spec;
}

Result<int> run_export_mongodump(Session& session) {
  const auto& arguments = session.arguments();
  service::ExportMongodumpCall call;
  call.database = {arguments.text("mongo-uri"), arguments.text("mongo-db")};
  call.file = arguments.text("FILE");
  const auto answer = TRY(service::export_mongodump(session.setup(), call, session.context()));
  const auto& body = answer.body;
  say_findings(session, list_of(body, "findings"));
  session.say(fmt::format("{} of {} collections of {} are in {} ({})",
                          counted(number_of(body, "documents"), "document", "documents"),
                          list_of(body, "collections").size(), text_of(body, "database"),
                          printable(text_of(body, "archive")), size_of(body, "archive_bytes")));
  session.result(body, answer.exit_status);
  return answer.exit_status;
}

CommandSpec export_mongodump_spec() {
  CommandSpec spec;
  spec.name = "export mongodump";
  spec.summary = "Write a MongoDB database as an archive that mongorestore reads.";
  spec.about =
      "Options and indexes of every collection, their documents and a checksum of each, as "
      "mongodump --archive writes them. Not users, roles and the log. MONGO_URI and MONGO_DB come "
      "from the environment or from .env; needs no configuration.";
  spec.positionals = {{"FILE", "The archive; never over anything."}};
  spec.options = {{"mongo-uri", "URI", "The server, without a password; or env:NAME, file:/PATH."},
                  {"mongo-db", "NAME", "The database; else MONGO_DB, or what the URI names."}};
  spec.examples = {{"lifeboat export mongodump shop.archive --mongo-db shop",
                    "then: mongorestore --archive=shop.archive"}};
  spec.run = run_export_mongodump;
  return spec;
}

}  // namespace

std::vector<CommandSpec> export_commands() {
  return {export_spec(), export_jsonl_spec(), export_mongodump_spec()};
}

}  // namespace lifeboat::cli
