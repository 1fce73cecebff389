#pragma once
// What a drill found, as values: stages, checks, measures, tear-down, verdict. The JSON form is the
// evidence (docs/evidence.md).
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/entry.h"
#include "base/json_value.h"
#include "drill/forecast.h"
#include "drill/runbook.h"
#include "policy/objective.h"
#include "repository/repository.h"
#include "sandbox/sandbox.h"

namespace lifeboat::drill {

enum class Outcome : std::uint8_t { passed, warned, failed, not_run, waived };
std::string_view name_of(Outcome outcome);

// What exactly was wrong with one object: what the diagnosis reasons from.
struct Sign {
  enum class Kind : std::uint8_t { missing, added, different };
  Kind kind = Kind::different;
  std::string object;    // "tables.orders.rows", "2026/3.png"
  std::string expected;  // of `different`
  std::string found;
};

// One question with its answer.
struct CheckResult {
  std::string id;      // "counts.db", "blobs.db.images"
  std::string proves;  // one sentence, in the report
  Outcome outcome = Outcome::not_run;
  std::string
      message;  // what was found; for failures the object, expected and found; for not_run why
  std::vector<std::string> details;  // more of the same, bounded
  std::vector<Sign> signs;           // the same for the diagnosis, bounded
  std::string waived;                // by whom, until when and why, when it is
  Duration elapsed{0};
  bool proves_data = false;  // says something about the data itself: a drill needs one that ran
  bool refused = false;      // stopped for safety
  bool unreadable = false;   // what it was to look at is damaged
  bool asks_rights = false;  // who may do what: a login, a role, a refusal
};

// Stands first only when it failed.
inline constexpr const char* kOpenStage = "open";
// Stages that no recovery has.
inline constexpr const char* kBeforeStage = "before";
inline constexpr const char* kManualStage = "manual";
inline constexpr const char* kPreflightStage = "preflight";

struct StageResult {
  std::string name;
  Duration elapsed{0};
  bool done = false;
  std::string error;  // of the stage that stopped the drill
};

// What probably lies behind a failure, and what to do about it.
struct Diagnosis {
  std::string rule;     // "rows-lost"; "unexplained" when no rule fits
  std::string subject;  // the check, stage, finding or objective it explains
  std::string cause;
  std::string grounds;  // the object, what was expected and what was found
  std::string next;     // a command, or what to do
  std::string owner;    // who does it: "operator", "storage", "application"
  bool grave = false;   // it makes the backup bad, or leaves it undecided
};

// A diagnosis that waits to be dealt with, from the drill that first made it until a person closes
// it.
struct ActionItem {
  std::string id;  // the same in every drill
  Diagnosis diagnosis;
  Time since;
  Time due;
  bool seen = false;  // in this drill too
};

enum class Verdict : std::uint8_t { proven, failed, unverified, proven_with_waivers };
std::string_view name_of(Verdict verdict);

using policy::Judgement;
// As the evidence says it: "met" "missed" "not_judged".
std::string_view name_of(Judgement judgement);

// What a recovery at the drill's start would have lost.
struct LostWrites {
  Duration window{0};                    // from the newest restored marker to the drill's start
  std::optional<std::uint64_t> markers;  // of those known to be written; none: not known here
};

// What a recovery that compares everything would take; a projection, not a measure.
struct Projection {
  Duration rto{0};
  Duration check{0};       // of the stage that was cut short
  std::size_t drills = 0;  // earlier ones that it is drawn from; 0: it is not known
};

struct Measures {
  // From the start to the service ready or, without an application, to data restored and checked;
  // none where the drill stopped half-way, or where the application did not serve.
  std::optional<Duration> recovery;
  std::string covered = "nothing: the drill stopped before its end";  // by the recovery
  std::optional<Duration> service_ready;  // to the end of a journey that succeeded
  std::optional<Duration> rpo_age;        // age of the restored position when the drill began
  std::optional<LostWrites> lost_writes;
  std::string no_lost_writes = "no markers are configured";  // why they were not measured
  std::optional<Projection> projected;                       // only where something was left out
  std::optional<Duration> rto_objective;
  std::optional<Duration> rpo_objective;
  Judgement rto = Judgement::not_set;
  Judgement rpo = Judgement::not_set;
  std::uint64_t bytes_restored = 0;
  std::uint64_t entries_restored = 0;
  std::optional<std::uint64_t> application_memory;  // bytes, the most that was counted
  std::uint64_t own_memory = 0;                     // likewise, of this process
};

// An earlier drill of the service, as its record says.
struct TrendPoint {
  std::string id;
  std::string started;
  std::string verdict;
  std::optional<std::int64_t> rto_ms;  // of a drill that came to its end
  std::int64_t bytes = 0;              // of the snapshot
};

// A backup that another tool made, as it was found. It carries no facts of its own.
struct ForeignRecord {
  std::string source;
  std::string type;         // what it was asked like: "sqlite" "files" "mongodb"
  std::string name;         // of the archive or folder; empty where a program brought it
  std::uint64_t bytes = 0;  // of the archive
  std::optional<Time> written;
  std::optional<Time> time;  // the moment it shows, as far as that is known
  std::uint64_t entries = 0;
  std::uint64_t unpacked = 0;  // bytes
  Json facts;                  // counts and fingerprints, for the trend of later drills
  std::string log;             // what the program wrote, on this machine
  bool questioned = false;     // something that knows what ought to be in it looked at the data
};

struct Report {
  std::string id;
  std::string service;
  std::string drill;
  std::string owner;
  std::string host;
  std::string environment;    // what people call it; empty: they do not say
  std::string combined_with;  // what else was practised; likewise
  std::string version;
  std::string tier;
  Time started;
  Time ended;
  std::string repository;  // the medium, never a secret
  repository::RepositoryId repository_id;
  std::optional<repository::SnapshotInfo> snapshot;
  std::vector<ForeignRecord> foreign;
  std::optional<Forecast> forecast;
  std::vector<StageResult> stages;
  std::vector<CheckResult> checks;
  std::vector<Finding> findings;
  std::vector<Diagnosis> diagnoses;  // the most fundamental first
  std::vector<ActionItem> items;     // all that is open, also from earlier drills
  std::vector<RunbookLine> runbook;  // in its order; empty without one
  std::vector<TrendPoint> trend;     // oldest first, without this one
  std::optional<Time> log_reached;   // what every source shows, where logs led beyond the snapshot
  Measures measures;
  std::optional<sandbox::TearDownProof> tear_down;
  std::optional<Error> error;  // what stopped the drill
  Verdict verdict = Verdict::unverified;
  std::string reason;  // of the verdict, in one sentence
};

struct Judged {
  Verdict verdict;
  std::string reason;
};
// Pure: failed when a check failed or a stage stopped on damage; unverified when anything could not
// be decided or no check of the data ran; proven otherwise, and proven with waivers when somebody
// waived a check.
Judged judge(const Report& report);

// product.md: 0 proven, 1 failed (or an objective missed with strict), 2 unverified, 4 refused for
// safety, 130 interrupted.
int exit_status(const Report& report, bool strict);

Json to_json(const Report& report);
Json to_json(const ActionItem& item);

}  // namespace lifeboat::drill
