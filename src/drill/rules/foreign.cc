#include <algorithm>
#include <array>

#include "drill/symptom.h"

// What is wrong with a backup that another tool made, and what to say to who makes it.
namespace lifeboat::drill {
namespace {

using S = const Symptom&;

bool is_stage(S symptom, std::string_view stage) {
  return !symptom.report.foreign.empty() && symptom.of == Symptom::Of::stage &&
         symptom.subject == stage;
}

bool is_code(S symptom, Code code) {
  return symptom.error != nullptr && symptom.error->code() == code;
}

bool names_foreign_source(S symptom) {
  for (const auto& record : symptom.report.foreign)
    if (says(symptom, "source " + record.source + ":")) return true;
  return false;
}

bool stopped(S symptom, std::string_view stage, Code code) {
  return is_stage(symptom, stage) && is_code(symptom, code) && names_foreign_source(symptom);
}

bool stopped_importing(S symptom, Code code) {
  return stopped(symptom, "restore", code) && says(symptom, "importing it");
}

bool is_foreign_check(S symptom, std::string_view prefix, Outcome outcome) {
  if (!is_check(symptom, prefix, outcome)) return false;
  const auto name = std::string_view(symptom.subject).substr(prefix.size());
  return std::ranges::any_of(symptom.report.foreign,
                             [&](const auto& each) { return each.source == name; });
}

bool is_found(S symptom, std::string_view code) {
  return symptom.of == Symptom::Of::finding && symptom.subject == code;
}

// What an importer says of a dump that it takes all the same.
bool is_of_import(S symptom) {
  static constexpr std::array<std::string_view, 12> kCodes{
      "metadata-missing",     "view-told-twice",      "view-documents", "names-uncertain",
      "profile-left-out",     "buckets-left-out",     "file-not-read",  "documents-without-id",
      "time-series-inferred", "time-series-doubtful", "servers-own",    "users-left-out"};
  return symptom.of == Symptom::Of::finding && std::ranges::count(kCodes, symptom.subject) != 0;
}

constexpr std::array kForeignRules{
    Rule{"foreign-missing", [](S s) { return stopped(s, "locate", Code::not_found); },
         "No backup of the other tool is where it is looked for: it never ran, writes elsewhere, "
         "or names its files otherwise.",
         "look into the folder, then into the log of the job that writes there", "operator"},
    Rule{"foreign-uncertain", [](S s) { return stopped(s, "locate", Code::config_invalid); },
         "Which of the backups is the newest cannot be told, so none was drilled.",
         "write a pattern: that only names of one form fit", "operator"},
    Rule{"foreign-unpacked-twice",
         [](S s) { return stopped(s, "restore", Code::refused) && says(s, "twice"); },
         "The archive holds one name twice, and tools differ in which of the two they restore.",
         "make the archive anew, not by appending to the old one", "operator"},
    Rule{"foreign-bomb",
         [](S s) {
           return stopped(s, "restore", Code::refused) &&
                  (says(s, "unpacks to more") || says(s, "holds more than"));
         },
         "More comes out of the archive than was allowed: a bomb, or a backup that grew.",
         "compare with the size of the source; if it is right, allow more with unpacked: {bytes}",
         "operator"},
    Rule{"foreign-log",
         [](S s) { return stopped_importing(s, Code::refused) && says(s, "the log of the dump"); },
         "The dump was made with --oplog, and its log holds something that is not replayed yet: "
         "without it the dump is of no single moment.",
         "rehearse it with mongorestore --oplogReplay, or drill a dump that was made without "
         "--oplog",
         "operator"},
    Rule{"foreign-time-series",
         [](S s) {
           return stopped_importing(s, Code::refused) && says(s, "time series without buckets");
         },
         "The dump holds a time series as MongoDB 8.3 and later keep it, without buckets, which is "
         "not brought back yet.",
         "rehearse it with mongorestore", "operator"},
    Rule{"foreign-server-lacks",
         [](S s) { return stopped_importing(s, Code::refused) && says(s, "cannot do what"); },
         "The server that the drill starts lacks what the dump needs: another product, or an older "
         "one.",
         "name the program of the product that made the dump in sandbox: {server: PATH}",
         "operator"},
    Rule{"foreign-not-importable", [](S s) { return stopped_importing(s, Code::refused); },
         "The dump contradicts itself, or holds links, devices or far too much: an attack, or a "
         "very broken tool. Nothing of it was brought in.",
         "find out who wrote it and who can write there", "security"},
    Rule{"foreign-which-database", [](S s) { return stopped_importing(s, Code::usage); },
         "The dump does not say by itself what of it is meant.",
         "name one in the source's database:, or import it by hand once", "operator"},
    Rule{"foreign-not-taken", [](S s) { return stopped_importing(s, Code::check_failed); },
         "A server that was empty refuses something of the dump: documents that its own unique "
         "index, validator or limits forbid. A recovery would stop there too.",
         "compare with the source: two documents with one key, or an index that was made since",
         "application"},
    Rule{"foreign-hostile", [](S s) { return stopped(s, "restore", Code::refused); },
         "The archive names a place outside itself: an attack, or a very broken tool. Nothing was "
         "written there.",
         "do not unpack it by hand; find out who wrote it and who can write there", "security"},
    Rule{"foreign-cut", [](S s) { return stopped(s, "restore", Code::corrupt); },
         "The archive is cut short, damaged or of another format: its tool or a disk stopped "
         "half-way, a copy was interrupted, or it was changed since.",
         "test it with its own tool, run that backup again, and let its job check the exit status",
         "operator"},
    Rule{"foreign-being-written", [](S s) { return stopped(s, "restore", Code::source_changed); },
         "The backup was still being written.",
         "drill later, or let its tool write under another name and rename it", "operator"},
    Rule{"foreign-encrypted",
         [](S s) {
           return stopped(s, "restore", Code::source_unreadable) && !says(s, "importing it");
         },
         "The archive is encrypted, which only its own tool can undo.",
         "run that tool with restore: PROGRAM, and give it the key by environment:", "operator"},
    Rule{"foreign-program-failed",
         [](S s) {
           return says(s, "restore program") && (stopped(s, "restore", Code::command_failed) ||
                                                 stopped(s, "restore", Code::timed_out));
         },
         "The restore program failed or did not end in time: in the disaster it would too.",
         "read what it wrote (kept beside the report), and run it by hand into an empty folder",
         "operator"},
    Rule{"foreign-empty",
         [](S s) {
           return stopped(s, "restore", Code::damage_found) &&
                  (says(s, "nothing in the backup") || says(s, "restored nothing") ||
                   says(s, "importing it"));
         },
         "The backup has the right form and nothing in it: it was made of an empty or wrong place.",
         "look at what the backup job reads, and at its exit status", "operator"},
    Rule{"foreign-not-inside",
         [](S s) { return stopped(s, "restore", Code::damage_found) && says(s, "in the backup"); },
         "What ought to be in the backup is not: the backup of something else, or another layout.",
         "list the archive with its own tool, and compare with database: or folder:", "operator"},
    Rule{"foreign-database-damaged", [](S s) { return stopped(s, "restore", Code::damage_found); },
         "The database in the backup is cut short, empty, damaged, or was copied while it was in "
         "use without what SQLite keeps beside it.",
         "let the backup job use sqlite3 .backup or VACUUM INTO instead of cp", "operator"},
    Rule{"foreign-stale", [](S s) { return is_foreign_check(s, "age.", Outcome::failed); },
         "What makes this backup has stopped, or writes elsewhere now.",
         "look at its schedule and its log: crontab -l, systemctl list-timers", "operator"},
    Rule{"foreign-imported-otherwise",
         [](S s) { return is_foreign_check(s, "import.", Outcome::failed); },
         "What the server keeps is not what it was given: documents of the dump are not in the "
         "database that was made of it.",
         "import it by hand into an empty server and compare", "operator"},
    Rule{"foreign-gridfs-hole", [](S s) { return is_foreign_check(s, "gridfs.", Outcome::failed); },
         "Files in GridFS have not all of their chunks in the dump: an upload that was cut, chunks "
         "that were deleted, or files that came or went while it was made without --oplog.",
         "look at the files in the live database; if they are whole there, dump with --oplog",
         "application"},
    Rule{"foreign-not-compared",
         [](S s) { return is_foreign_check(s, "import.", Outcome::not_run); },
         "Documents without an _id get one from the server, and which of them stay in a capped "
         "collection is its affair: they cannot be compared.",
         "let what makes the dump write _id too", "application"},
    Rule{"foreign-server-not-named",
         [](S s) {
           return is_foreign_check(s, "server.", Outcome::not_run) && says(s, "nothing tells");
         },
         "A dump does not say which product it is of, and the drill's server may be another than a "
         "recovery would use: what that one would make of it was not seen.",
         "name the product and version that a recovery would use in the source's server:",
         "operator"},
    Rule{"foreign-server-unlike",
         [](S s) { return is_foreign_check(s, "server.", Outcome::not_run); },
         "The drill's server is another product, or older, than the one that the dump came from or "
         "that a recovery would use: equal documents there do not show that it would take them.",
         "name the program of that product and version in sandbox: {server: PATH}", "operator"},
    Rule{"foreign-unreadable",
         [](S s) { return is_foreign_check(s, "readable.", Outcome::failed); },
         "The backup unpacks, and what is in it is empty or cannot be read.",
         "compare with the source; let the backup job check what it wrote", "operator"},
    Rule{"foreign-answers-otherwise",
         [](S s) {
           return is_check(s, "query.") && !s.report.foreign.empty() && !s.report.snapshot;
         },
         "What was expected is not in the backup: made of another place, of data that had already "
         "lost it, or by cp while the database was in use, without what SQLite keeps beside it.",
         "ask the live database the same; let the backup job use sqlite3 .backup or VACUUM INTO",
         "operator"},
    Rule{"foreign-shrunk", [](S s) { return is_foreign_check(s, "trend.", Outcome::failed); },
         "The backup lost what the backups before it held: data was lost at the source, the job "
         "reads only a part of it, or reads something else.",
         "compare with the source; if it is right: lifeboat drill waive {service}", "application"},
    Rule{"foreign-schema-changed",
         [](S s) {
           return is_foreign_check(s, "trend.", Outcome::warned) &&
                  (says(s, "schema") || says(s, "definition"));
         },
         "The schema is not that of the backups before: a release changed it, or this is another "
         "database.",
         "compare with the releases since then", "application"},
    Rule{
        "foreign-nothing-asked",
        [](S s) { return s.of == Symptom::Of::verdict && says(s, "says yet what ought to be in"); },
        "A backup that another tool made carries no facts, and nothing else said what ought to be "
        "in it.",
        "add a query, freshness or blobs check, or an application that is handed it and a journey "
        "that asks for what is in it; another backup is compared with this one too",
        "operator"},
    Rule{"backup-halved", [](S s) { return is_found(s, "backup-halved"); },
         "The archive is less than half as large as usual: data was lost at the source, or the job "
         "was cut.",
         "compare the archive with the one before", "operator"},
    Rule{"date-unclear", [](S s) { return is_found(s, "date-unclear"); },
         "The name and the time of the file disagree: it was copied or touched, or is misnamed.",
         "let the job name its files by the time when it begins", "operator"},
    Rule{"link-outside", [](S s) { return is_found(s, "link-outside"); },
         "A link in the backup leads out of it; nothing went through it, and what it leads to is "
         "not in this backup.",
         "check whether what it leads to is backed up too", "operator"},
    Rule{"special-left-out", [](S s) { return is_found(s, "special-left-out"); },
         "Devices, pipes and sockets in a backup are not restored by a drill.",
         "leave them out of the backup", "operator"},
    Rule{"indexes-not-in-format", [](S s) { return is_found(s, "indexes-not-in-format"); },
         "JSON lines hold no indexes: after a recovery the application must make them, and what a "
         "unique one kept out may come in.",
         "let the application make its indexes when it starts, or dump with mongodump",
         "application"},
    Rule{"database-left-out", [](S s) { return is_found(s, "database-left-out"); },
         "The dump holds more databases than the one that was drilled.",
         "give each a source of its own, by database:", "operator"},
    Rule{"import-noted", [](S s) { return is_of_import(s); },
         "The importer took the dump, and had to leave out, infer or guess something.",
         "compare what it says with the source", "operator"},
    Rule{"copied-in-use", [](S s) { return is_found(s, "copied-in-use"); },
         "The database file was copied while an application had it open: this time the log beside "
         "it was whole, next time it may not be.",
         "let the backup job use sqlite3 .backup or VACUUM INTO instead of cp", "operator"},
};

}  // namespace

std::span<const Rule> foreign_rules() { return kForeignRules; }

}  // namespace lifeboat::drill
