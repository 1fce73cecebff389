#pragma once
// What people ask of a service and what they are answered, as plain values: the command line and
// the REST API need no other header of this room. Each call reads the configuration anew; one call
// at a time in a process.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/run_context.h"
#include "service/setup.h"

namespace lifeboat::service {

// The names that were given, or all; `config_invalid` names the nearest one of an unknown.
Result<std::vector<std::string>> service_names(const Setup& setup,
                                               const std::vector<std::string>& given);
// The same for a backup: without names, those of which there is something to take.
Result<std::vector<std::string>> names_to_back_up(const Setup& setup,
                                                  const std::vector<std::string>& given);
Result<std::vector<std::string>> repository_names(const Setup& setup,
                                                  const std::vector<std::string>& given);
// The name that was given, else the only one there is; `usage` when there are several.
Result<std::string> only_service(const Setup& setup, const std::string& given);
Result<std::string> only_repository(const Setup& setup, const std::string& given);

// What back_up(), restore() and run_drill() answer also holds "notices", when anybody is to be told
// of them: [{"notifier", "headline", "delivered", "answer", "hint", "sent", "waiting"}].

// {"service", "repositories": [{"repository", "snapshot", "sources", "stats", "milliseconds"} or
// {"repository", "error"}]}. A repository that fails does not stop the others: the worst decides.
Result<Answer> back_up(const Setup& setup, const std::string& service, const RunContext& context);

struct LogCall {
  std::string service;
  std::optional<Duration> every;  // none: once
};
// What came of the logs of its sources since the last piece, into each repository; with `every`
// again and again until the run is stopped, `visit` being called after each time.
// {"service", "repositories": [{"repository", "logs": [{"source", "pieces", "bytes", "reaches",
// "broken"}], "error"}], "newest_without_log": [source]}; exit 1 when a log does not go on.
using VisitLog = std::function<void(const Json& round)>;
Result<Answer> follow_log(const Setup& setup, const LogCall& call, const VisitLog& visit,
                          const RunContext& context);
// Which moments can be had: {"service", "repositories": [{"repository", "ranges": [{"source",
// "from", "to"}]}], "quick"}; a quick answer takes the pieces of the log at their word.
Result<Answer> log_status(const Setup& setup, const std::string& service, const RunContext& context,
                          bool quick = false);

// Which snapshot: an id, its beginning, or "latest", "first", "latest-proven"; or a moment. From
// any repository that answers when none is named.
struct SnapshotChoice {
  std::string service;  // empty: whichever has the id
  std::string repository;
  std::string snapshot;
  std::string at;             // RFC 3339; without an offset in the service's time zone
  std::string position = {};  // of a log, instead
};

struct RestoreCall {
  SnapshotChoice choice;
  std::vector<std::string> to;            // one DIRECTORY, or SOURCE=PLACE each
  std::vector<std::string> only;          // SOURCE or SOURCE/OBJECT
  std::vector<std::string> renames = {};  // OLD=NEW or SOURCE/OLD=NEW, of collections
  bool overwrite = false;
  bool delete_strangers = false;
  bool snapshot_first = true;
  bool accept_losses = false;  // of what the server at the place cannot do
  bool with_users = false;     // and roles, of a database on a server
  bool dry_run = false;
};

// Called with the plan before anything is changed; an error ends the call.
using Confirm = std::function<Result<void>(const Json& plan)>;

// Plan: {"service", "repository", "snapshot", "items": [{"source", "type", "place", "objects",
// "entries", "resumes", "renames"?, "losses"?}], "occupied", "in_place", "overwrite",
// "delete_strangers", "with_users", "unknown" (sources and repositories that no place could be
// compared with), "snapshot_first"}. Answer: the plan and, unless it was a dry run, "report" (the
// record) with "record" (its file, empty where it is in the repository only) or "record_error", and
// "before" (the snapshot of what was overwritten) with "way_back" (the command that restores it).
// Exit status 1 where something could not be brought back, or no record kept.
Result<Answer> restore(const Setup& setup, const RestoreCall& call, const Confirm& confirm,
                       const RunContext& context);

// Puts a question to a person: {"ask", "owner", "directory"}. {"outcome": "passed", "failed" or
// "not_run", "who", "words"}. Whoever asks waits no longer than until `stop`.
using AskPerson = std::function<Result<Json>(const Json& question, const std::stop_token& stop)>;
using TellPerson = std::function<void(const std::string& sentence)>;

struct DrillCall {
  SnapshotChoice choice;
  std::string drill;         // empty: the first configured
  bool strict = false;       // a missed objective is a "no"
  bool keep = false;         // the sandbox, for a day
  bool take_backup = false;  // first, and then exactly its snapshot
  bool due = false;          // nobody waits for it: a service that is in use is no news
  // Only the repository and one key: none of this machine's configuration, variables and cache.
  bool cold_start = false;
  std::filesystem::path key_file = {};  // with it; neither: LIFEBOAT_PASSPHRASE
  std::filesystem::path recipient = {};
  bool walk_back = false;  // when it failed: to the newest good snapshot
  AskPerson ask = {};      // none: nobody is there
  TellPerson tell = {};    // likewise: what the drill will take, before anything is fetched
};
// {"evidence": …, "file", "page"}, "backup" as back_up() answers when one was taken first, and
// "walk_back" (service/walk_back_calls.h) after a failed one that asked for it.
Result<Answer> run_drill(const Setup& setup, const DrillCall& call, const RunContext& context);
// A drill whose time has come, or that waits for a snapshot, or for which something changed.
struct DueDrill {
  std::string drill;
  std::string snapshot;  // the one it waits for; empty: the latest
  std::string repository;
  std::string reason;
};
Result<std::vector<DueDrill>> due_drills(const Setup& setup, const std::string& service,
                                         const RunContext& context);
// {"service", "snapshot", "planted", "caught", "defects": [{"source", "defect", "planted",
// "verdict", "noticed_by", "caught"}]}; exit 1 when one was not caught, 2 when none was planted.
Result<Answer> sabotage(const Setup& setup, const DrillCall& call, const RunContext& context);
// The drills that ran on this machine, oldest first: {"drills": [{"id", "service", …, "page"}]}
Result<Answer> list_drills(const Setup& setup, const std::string& service);
// One of them by its id, the beginning of it, or "latest".
Result<Answer> show_drill(const Setup& setup, const std::string& service, const std::string& id);
struct RenderCall {
  std::string service;
  std::string id;      // as for show_drill
  std::string format;  // "md", "junit", "html" or "json" (the signed record as it is)
};
Result<std::string> render_drill(const Setup& setup, const RenderCall& call,
                                 const RunContext& context);

// {"service", "repository", "snapshots", "findings"}
Result<Answer> list_snapshots(const Setup& setup, const SnapshotChoice& choice,
                              const RunContext& context);
// {"repository", "snapshot", "sources": [{"name", "type", "entries", "position", "facts",
// "findings"}]}
Result<Answer> show_snapshot(const Setup& setup, const SnapshotChoice& choice,
                             const RunContext& context);
struct EntryCall {
  SnapshotChoice choice;
  std::string path;  // SOURCE or SOURCE/PATH
};
// Visits {"source", "path", "kind", "size", "modified", "text"} of everything at or below the path;
// all when it is empty.
using VisitEntry = std::function<Result<void>(const Json& entry)>;
Result<Answer> list_entries(const Setup& setup, const EntryCall& call, const VisitEntry& visit,
                            const RunContext& context);
// Hands out the content of one file or database, in order.
using Take = std::function<Result<void>(ByteView part)>;
Result<Answer> read_entry(const Setup& setup, const EntryCall& call, const Take& take,
                          const RunContext& context);
// What `other` has that `choice` has not: {"added", "removed", "changed": [{"source", "path"}]}
Result<Answer> compare_snapshots(const Setup& setup, const SnapshotChoice& choice,
                                 const std::string& other, const RunContext& context);
struct SayCall {
  SnapshotChoice choice;
  std::string kind;  // "hold", "released" or "note"
  std::string text;
};
Result<Answer> say_of_snapshot(const Setup& setup, const SayCall& call, const RunContext& context);

// depth: "objects", "hashes" or "contents". {"repository", "packs", …, "findings",
// "damaged_snapshots", "recorded": whether backups now know what was read and found damaged}
Result<Answer> verify(const Setup& setup, const std::string& repository, const std::string& depth,
                      const RunContext& context);

struct ForgetCall {
  std::string service;
  bool dry_run = false;
};
// Of one service in all its repositories. {"service", "repositories": [{"repository", "keep":
// [{"snapshot", "reasons"}], "forget": […], "forgotten"}]}
Result<Answer> forget(const Setup& setup, const ForgetCall& call, const Confirm& confirm,
                      const RunContext& context);
struct RemovalCall {
  std::vector<std::string> services;   // only of these; empty: of all
  std::vector<std::string> snapshots;  // ids or their beginnings
  bool dry_run = false;
};
// The snapshots that are named, whatever retention says: {"repositories": …} as above. `refused`
// for one that is held, the last proven one, or needed by another: then none goes.
Result<Answer> forget_named(const Setup& setup, const RemovalCall& call, const Confirm& confirm,
                            const RunContext& context);
struct PruneCall {
  std::string repository;
  bool dry_run = false;
  bool despite_missing = false;
  Duration wait{0};
};
Result<Answer> prune(const Setup& setup, const PruneCall& call, const RunContext& context);

struct MarkCall {
  std::string service;
  bool once = false;
};
// Writes markers until the run is stopped. {"service", "written", "missed", "newest": {"number",
// "time"}}; exit 2 when one could not be written.
Result<Answer> mark(const Setup& setup, const MarkCall& call, const RunContext& context);

struct StatusCall {
  std::string service;
  std::optional<Duration> backup_within;  // else objectives.rpo or the schedule, else the default
  std::optional<Duration> drill_within;   // else the drills' own times, else the default
  bool tell = false;                      // who is to be told of what is overdue
};
// {"service", "repositories", "age_seconds", "objective", "notices_waiting": [{"notifier", "count",
// "oldest", "error"}], "watch": {"level",
// "answers": [{"question", "level", "cause", "repository", "key", "drill", "age_seconds"}],
// "backup_limit" and "drill_limit": {"seconds", "from": "option", "objective", "schedule" or
// "default"}, "last_drill" and, of each drill and repository, "drills":
// {"time", "verdict", "drill", "repository"}}}. The levels are "ok", "warning", "critical" and
// "unknown".
Result<Answer> status(const Setup& setup, const StatusCall& call, const RunContext& context);

// {"due": [{"service", "what", "next", "why", "schedule", "tz"}]}, the next first; drills that wait
// already stand at its head.
Result<Answer> list_due(const Setup& setup, const std::string& service, const RunContext& context);
// Tells the people of a service of a backup or a drill that has not come for too long, at most once
// a day: {"service", "notices"} as above.
Result<Answer> tell_overdue(const Setup& setup, const std::string& service,
                            const RunContext& context);
struct ScheduleExport {
  std::string service;  // empty: all
  std::string form;     // "cron", "systemd" or "github-actions"
  std::string program;  // the path of `lifeboat`
};
// {"form", "files": [{"name", "text"}]}; `refused` when the form cannot keep a time zone.
Result<Answer> export_schedule(const Setup& setup, const ScheduleExport& call);

// Sends a test to the notifier of this name, or to all: {"tests": [{"notifier", "delivered",
// "answer", "hint"}]}; exit 2 or 3 when one was not taken.
Result<Answer> test_notifiers(const Setup& setup, const std::string& name,
                              const RunContext& context);

// {"repository", "id", "root_public", "role", "keys": [{"id", "kind", "role", "name"}]}
Result<Answer> list_keys(const Setup& setup, const std::string& repository,
                         const RunContext& context);
struct KeyCall {
  std::string repository;
  std::string role = "writer";
  std::string name;
  // Exactly one of them:
  std::filesystem::path new_key_file;  // made, never over anything
  std::string passphrase_variable;     // the environment variable that holds it
  std::string recipient;               // the X25519 public key, in hex
};
Result<Answer> add_key(const Setup& setup, const KeyCall& call, const RunContext& context);
// The slot by its id, the beginning of it, or its name.
Result<Answer> remove_key(const Setup& setup, const std::string& repository,
                          const std::string& slot, const RunContext& context);
// A key file without a repository: for `key: {file: …}` of one that is made next, or with
// `recipient` an X25519 seed for safekeeping, whose public key is given to add_key. {"file",
// "recipient"}
Result<Answer> make_key_file(const Setup& setup, const std::filesystem::path& file, bool recipient);

}  // namespace lifeboat::service
