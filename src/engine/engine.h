#pragma once
// What is protected: the interfaces an engine gives for its kind of source. An engine knows nothing
// of repositories: it hands out entries with readers, and takes entries with ranges of bytes back.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/json_value.h"
#include "base/run_context.h"
#include "engine/options.h"
#include "engine/renames.h"

namespace lifeboat::engine {

using lifeboat::EntryInfo;
using lifeboat::EntryKind;
using lifeboat::Finding;
using lifeboat::Profile;
using lifeboat::Reader;

class Entry {
 public:
  virtual ~Entry() = default;
  EntryInfo info;
  // Equal non-empty tokens mean equal content and metadata since last time; empty means "read it".
  std::string change_token;
  // To be opened when all entries before it have been read to their end.
  bool is_late = false;
  // Opens the content; entries of different files may be opened and read in parallel.
  // `source_unreadable` is a finding of the snapshot (incomplete), `not_found` means it vanished.
  virtual Result<std::unique_ptr<Reader>> open() = 0;
};

struct SourceOutcome {
  Json position;  // the consistent point, engine's own form; {"time": …} at least
  Json facts;     // what was true at that point: docs/format-engines.md
  std::vector<Finding> findings;
  // Of a source with a log: where the log goes on from this; increasing, never 0.
  std::optional<std::uint64_t> log_position = {};
};

// A consistent read of one source. One thread calls it; entries' readers may be used in others.
class Source {
 public:
  virtual ~Source() = default;
  // Fixes the consistent point; everything after sees the source as of now (as far as its kind
  // can).
  virtual Result<void> begin(const RunContext& context) = 0;
  // The next entry, or null at the end. Directories come before what is in them.
  virtual Result<std::unique_ptr<Entry>> next(const RunContext& context) = 0;
  // After the last entry and all reading: the position, the facts and what was met on the way.
  virtual Result<SourceOutcome> finish(const RunContext& context) = 0;
};

// Where an entry's content goes back. write() may be called from several threads, out of order.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> write(std::uint64_t offset, ByteView bytes) = 0;
  // What is there now, for delta restores: fewer bytes at the end of what exists. When all of it is
  // as it must be nothing is written; else everything is, what is equal too (runs of zeros beyond
  // what exists may be left out).
  virtual Result<std::size_t> existing(std::uint64_t offset, ByteSpan into) = 0;
  // All content is written: set size, modes and times, and move it into place.
  virtual Result<void> commit() = 0;
};

struct TargetReport {
  std::vector<Finding> findings;  // e.g. "owner-not-restored"
  // Where a log was replayed: what must be true now instead of the facts of the snapshot (null is
  // what nobody can know), and what was the last that was applied, for people.
  std::optional<Json> facts = {};
  std::string last_applied = {};
  std::uint64_t applied = 0;  // entries of the log
};

// A place that a restore fills. The plan is over before prepare() is called; create() may be called
// from several threads, for entries of different paths, directories first.
class Target {
 public:
  virtual ~Target() = default;
  // Refuses (`refused`) a target that is in use or holds foreign things the options do not allow.
  virtual Result<void> prepare(const RunContext& context) = 0;
  // Content entries get a Sink; others are made at once and get null.
  virtual Result<std::unique_ptr<Sink>> create(const EntryInfo& entry) = 0;
  // Its sinks take the ranges of an entry one after the other, each from one thread at a time, and
  // have nothing that exists: entries are filled in parallel, not their ranges.
  virtual bool wants_order() const { return false; }
  // Of a source with a log: applies the next piece, after all entries and before finish().
  virtual Result<void> replay(ByteView, const RunContext&) {
    return fail(Code::internal, "this kind of source has no log");
  }
  // After all entries: links, directory times, removal of strangers when asked, durability.
  virtual Result<TargetReport> finish(const RunContext& context) = 0;
};

// A piece of a source's log, complete in itself. Positions are the engine's own, and increase.
struct LogPiece {
  std::uint64_t from = 0;  // of its first entry, which is the last of the piece before
  std::uint64_t to = 0;    // until here the log is known to have nothing more
  Json about;              // the engine's own form: what the next piece is fitted to
  Bytes content;
  std::string broken;  // why it does not follow what was asked for; empty: it does
  bool more_follows = false;
};

// The log of a live source. One thread calls it.
class ChangeLog {
 public:
  virtual ~ChangeLog() = default;
  // What came after `about`: that of a piece, or `log` in the position of a snapshot. A log that
  // does not reach back so far, or whose past was changed, is read from where it can be: `broken`.
  virtual Result<LogPiece> read(const Json& about, const RunContext& context) = 0;
};

// Which pieces of a log lead from a snapshot to a moment, and the last position within it.
struct LogRoute {
  std::vector<std::size_t> pieces;  // indexes, in order
  std::uint64_t until = 0;
};

using Row = std::vector<Json>;

// Some fields of the rows of a table, or of the documents of a collection.
struct Selection {
  std::string table;
  std::vector<std::string> fields;  // an empty one is null in each row
  std::string where;                // a condition in the engine's own language; empty = all
};

// What a migration tool says it has done to a database.
struct Ledger {
  struct Applied {
    std::string name;
    std::string checksum;  // as the tool keeps it; empty = it keeps none
  };
  std::string table;
  std::string tool;              // "prisma"
  std::vector<Applied> applied;  // in the tool's order
  std::vector<std::string> failed;
  bool locked = false;
};

// Looks into a restored source, never changing it. One thread at a time.
class Inspector {
 public:
  virtual ~Inspector() = default;
  // The same facts, computed anew from what is here.
  virtual Result<Json> facts(const RunContext& context) = 0;
  // Runs a read-only query in the engine's own language; at most `limit` rows.
  virtual Result<std::vector<Row>> query(const std::string& text, std::size_t limit,
                                         const RunContext& context) = 0;
  // Visits the selected rows, or documents, in no order.
  virtual Result<void> select(const Selection&, const std::function<Result<void>(const Row&)>&,
                              const RunContext&) {
    return fail(Code::usage, "this kind of source has no tables");
  }
  // The highest value of a field; null when there is none.
  virtual Result<Json> newest(const std::string& table, const std::string&, const RunContext&) {
    return fail(Code::usage, "this kind of source has no table " + table);
  }
  // The complaints of the engine's own structural check; none means sound. `quick` may look at
  // less.
  virtual Result<std::vector<std::string>> integrity(bool quick, const RunContext& context) = 0;
  // What migration tools wrote into it; an engine that knows no such tools has none.
  virtual Result<std::vector<Ledger>> ledgers(const RunContext&) { return std::vector<Ledger>{}; }
  // Opens a file of the source by its relative path, for the blobs check; `refused` outside it.
  virtual Result<std::unique_ptr<Reader>> open_file(const std::string& path) = 0;
  // Visits the relative paths of all files with their sizes, for orphans.
  virtual Result<void> list_files(
      const std::function<Result<void>(const std::string&, std::uint64_t)>& visit,
      const RunContext& context) = 0;
};

// One thing `doctor` says about a source.
struct Advice {
  enum class Level : std::uint8_t { ok, warning, error } level = Level::ok;
  std::string message;
  std::string hint;
};

// What a source's server must allow for one job, as commands to paste; no secret is in them.
struct Grant {
  std::string purpose;  // "backup", "log", "restore", "drill"
  std::string commands;
};

// Identity of a live source, so that a restore or drill never lands on it whatever its name:
// canonical paths and (device, inode) pairs, or what a server says of itself.
struct Identity {
  std::vector<std::string> paths;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> inodes;
  std::vector<std::string> names{};      // of servers: two that share one are the same
  std::vector<std::string> addresses{};  // of servers: host:port
};

// What a restore would bring to a place on a server.
struct Brought {
  ByteView catalog;                         // the content of the entry that is_catalog()
  const std::vector<std::string>& objects;  // none: all
  const Json& facts;                        // of the snapshot
  const Renames& renames;                   // of objects, to what they are called there
  bool clears = false;                      // what is there, and is not brought, is removed
};

// What is at a place on a server that a restore would fill.
struct PlaceState {
  Identity identity;
  bool occupied = false;
};

// A way to spoil what was restored, so that a drill can be shown to notice it.
struct Defect {
  std::string name;                       // "row-lost"
  std::vector<std::string> caught_by;     // kinds of checks, of which one must fail: "counts"
  std::vector<std::string> explained_by;  // rules of the diagnosis, of which one must say why
};

// A private server for a drill: which program, where it may write, and what the snapshot says of
// the source.
struct LaunchRequest {
  std::string program;
  std::string directory;  // short enough for a socket in it
  std::string host;       // what programs in the sandbox call it
  Json position;
  std::string user;      // of this run alone, who may do everything on the server
  std::string password;  // in no argument, place or message
};
struct LaunchPlan {
  std::vector<std::string> arguments;    // the program first
  std::vector<std::string> environment;  // "NAME=value", of its process alone
  std::string directory;                 // made before it starts, and where it starts
  std::string log;                       // what it prints
  std::string socket;                    // it is ready when somebody listens there
  std::string address;     // with the password: what a place names that keeps it from others
  std::uint16_t port = 0;  // where programs in the sandbox reach it,
  std::string uri;         // and what they are told, with the password
  std::string user;        // empty where nobody logs in
  std::string password;
};

struct Traits {
  bool has_log = false;      // can be restored to any moment between snapshots
  bool is_database = false;  // begins before file sources of the same service
  bool is_server = false;    // a place is an address, and each object an entry of its own
};

// Stateless; one per kind of source.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string scheme() const = 0;  // "sqlite", "files"
  virtual Traits traits() const = 0;
  virtual Result<std::unique_ptr<Source>> open_source(const SourceOptions& options) const = 0;
  virtual Result<std::unique_ptr<Target>> open_target(const TargetOptions& options) const = 0;
  // `place` is where a restore put this source.
  virtual Result<std::unique_ptr<Inspector>> open_inspector(const std::string& place) const = 0;
  virtual Result<std::vector<Advice>> examine(const SourceOptions& options,
                                              const RunContext& context) const = 0;
  // The least rights of each job; none where there is no server that grants any.
  virtual Result<std::vector<Grant>> grants(const SourceOptions&) const {
    return std::vector<Grant>{};
  }
  // About how many bytes a backup would read, found without reading them; 0 when that is not known.
  // Thread-safe beside a Source of the same options.
  virtual Result<std::uint64_t> estimate(const SourceOptions& options,
                                         const RunContext& context) const = 0;
  // Empty when the source does not exist: then nothing can be mistaken for it.
  virtual Result<Identity> identify(const SourceOptions& options) const = 0;
  // Of a server's engine: who and what is at the place.
  virtual Result<PlaceState> look_at(const std::string& place) const {
    return fail(Code::internal, place + " is no address");
  }
  // Of a server's engine: the entry whose content says what a server must be able to do for all of
  // the source, and what the one at the place would lose of it. `usage` and `refused` for names
  // that cannot be given there.
  virtual bool is_catalog(const EntryInfo&) const { return false; }
  virtual Result<std::vector<Finding>> losses_at(const std::string&, const Brought&) const {
    return std::vector<Finding>{};
  }
  // Puts back what an interrupted restore to this place had set aside, and says what.
  virtual Result<std::vector<Finding>> recover(const TargetOptions&) const {
    return std::vector<Finding>{};
  }
  virtual std::string server_program() const { return {}; }  // "mongod", by the PATH
  virtual Result<LaunchPlan> plan_launch(const LaunchRequest& request) const {
    return fail(Code::internal, request.program + " cannot be launched");
  }
  // Once it listens, and before anybody else may reach it: makes the user where the plan could not.
  // `unavailable` when the server does not take one.
  virtual Result<void> prepare_launched(const LaunchRequest&) const { return {}; }
  // One line of `lifeboat ls`: "-rw-r--r-- root root"; metadata from outside is validated.
  virtual Result<std::string> describe(const EntryInfo& entry) const = 0;
  // Of a source with a log.
  virtual Result<std::unique_ptr<ChangeLog>> open_change_log(const SourceOptions& options) const {
    return fail(Code::usage, options.name + " has no log");
  }
  // The last position that a moment includes, and the one that a person writes.
  virtual std::uint64_t log_position_at(Time) const { return 0; }
  virtual Time log_time_of(std::uint64_t) const { return {}; }
  virtual Result<std::uint64_t> parse_log_position(const std::string& text) const {
    return fail(Code::usage, "\"" + text + "\" is no position of a log");
  }
  virtual std::string describe_log_position(std::uint64_t position) const {
    return std::to_string(position);
  }
  // From a snapshot's position and what its pieces say of themselves. `not_restorable` names the
  // gap and what can be had.
  virtual Result<LogRoute> plan_replay(const Json&, const std::vector<Json>&, std::uint64_t) const {
    return fail(Code::not_restorable, "this source has no log");
  }
  // An entry that goes with whatever objects are restored.
  virtual bool is_for_all(const EntryInfo&) const { return false; }
  // What `restore --only SOURCE/OBJECT` means here: whether this entry holds the object. For a
  // table of a database the whole entry is restored beside and then cut down by extract_object().
  virtual bool holds(const EntryInfo& entry, const std::string& object) const = 0;
  // Writes the object (a table) of a restored entry as a thing of its own; `usage` where an engine
  // has none.
  virtual Result<void> extract_object(const std::string& restored, const std::string& object,
                                      const std::string& target) const = 0;
  virtual std::vector<Defect> defects() const = 0;
  // Does this to the restored source at `place`, which is never used again; says what was done, or
  // nothing when there is nothing to spoil in this way (a database without an index).
  virtual Result<std::optional<std::string>> plant(const std::string& defect,
                                                   const std::string& place) const = 0;
};

}  // namespace lifeboat::engine
