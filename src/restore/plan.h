#pragma once
// Decides, without touching anything, which snapshot is restored and what goes where. Pure
// functions over values.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "repository/repository.h"

namespace lifeboat::restore {

// Exactly one of these names the snapshot; none means the latest complete one.
struct Selector {
  std::string snapshot;    // an id or its beginning, "latest", "first" or "latest-proven"
  std::optional<Time> at;  // sources without a log can only be restored to a snapshot's own moment
  std::string position = {};  // of a source's log, as its engine writes it
};

// What a source with a log is restored to: a time, or its engine's own position.
struct Moment {
  Time at;
  std::string position = {};
};

// What a service's targets were before a restore changed them is kept under a name of its own, that
// no service of a configuration can have: it is never the latest, but its id can be asked for.
inline constexpr std::string_view kBeforeRestore = ".before-restore";
std::string before_restore(const std::string& service);

// The snapshot of `service` that the selector means. `not_restorable` names the nearest moments;
// `incomplete`: it has none that is complete.
Result<repository::SnapshotInfo> choose_snapshot(
    const std::vector<repository::SnapshotInfo>& snapshots, const std::string& service,
    const Selector& selector);

// Whoever names a snapshot or a moment knows which one it is.
bool asks_for_newest(const Selector& selector);

// As above, of all that a repository lists: where something of the service was made and is lost,
// "there is none" would be false, and it is damage (`corrupt`).
Result<repository::SnapshotInfo> choose_listed(const repository::SnapshotList& list,
                                               const std::string& service,
                                               const Selector& selector);

// The complete ones of the same service that are older, the oldest first.
std::vector<repository::SnapshotInfo> complete_before(
    const std::vector<repository::SnapshotInfo>& snapshots, const repository::SnapshotInfo& chosen);

// `not_restorable` when a snapshot that it cannot be restored without is not among them, or one
// that that one needs.
Result<void> check_needs(const std::vector<repository::SnapshotInfo>& snapshots,
                         const repository::SnapshotInfo& chosen);

// "db" or "db/orders" or "uploads/2026/ab".
struct Selection {
  std::string source;
  std::string object;  // empty: the whole source
};
Result<Selection> parse_selection(const std::string& text);

struct Destination {
  std::string directory;                                    // each source below it, by its name
  std::vector<std::pair<std::string, std::string>> places;  // or SOURCE=PLACE, one by one
};

// One source of the snapshot and where it goes.
struct PlanItem {
  std::string source;
  std::string type;
  std::string place;                 // the file or folder that will be there
  std::vector<std::string> objects;  // empty: everything
  std::uint64_t entries = 0;
  bool resumes = false;                // an interrupted restore is there: set by check_targets()
  std::vector<std::string> kept = {};  // what is not deleted: the source's exclusions
  // Of a source that is restored to a moment after its snapshot: set by plan_logs().
  std::vector<repository::LogPieceInfo> log = {};
  std::uint64_t until = 0;
  std::string moment = {};
  std::vector<Finding> losses = {};  // what the server there cannot do: set by find_losses()
  engine::Renames renames = {};      // of objects of it; find_losses() checks the names
};

// A table of a database becomes a file of its own: it is cut out of the whole, restored beside it.
bool is_cut_out(const PlanItem& item, const engine::Traits& traits);

// The file in a folder that says that a restore into it has not ended (engines write and remove
// it).
inline constexpr std::string_view kMarkerName = ".lifeboat-restore-in-progress";

struct Plan {
  repository::SnapshotInfo snapshot;
  std::vector<PlanItem> items;
  std::string directory;  // that holds several of them, and the note while they are not whole
  bool overwrite = false;
  bool delete_strangers = false;
  bool accept_losses = false;
  bool with_users = false;  // of databases on servers, and roles
  std::string state = {};   // a folder that outlives the run, for what is set aside meanwhile
  bool in_place = false;    // a target is a live source: set by check_targets()
  std::vector<std::string> occupied;      // targets that exist and would be changed: likewise
  std::vector<std::string> unknown = {};  // what no target is compared with: set by check_unknown()
};

struct PlanRequest {
  std::vector<Selection> only{};
  Destination destination{};
  bool overwrite = false;
  bool delete_strangers = false;
  bool accept_losses = false;  // what a server cannot do is left out
  bool with_users = false;
  engine::Renames renames = {};  // "OBJECT" or "SOURCE/OBJECT" to what it is to be called
  std::string state = {};        // see Plan
  // By source: what the snapshot left out of it, which it says nothing of.
  std::map<std::string, std::vector<std::string>> kept = {};
};

// Whether what is at the place, and is not in the snapshot, is removed.
inline bool clears(const Plan& plan, const PlanItem& item) {
  return plan.delete_strangers && item.objects.empty();
}

Result<Plan> plan_restore(const repository::SnapshotInfo& snapshot,
                          const std::vector<repository::SourceManifest>& sources,
                          const PlanRequest& request);

// What a target must not be, by identity: the live sources of the configuration, and folders such
// as the repository.
struct Protected {
  std::string name;
  engine::Identity identity;
  bool never = false;  // true: no flag allows it (the repository)
  std::optional<repository::RepositoryId> repository = {};  // its copies are guarded like it
  std::string unknown = {};  // why it cannot be told where it is; then nothing else is known of it
};

// Looks at the targets: refuses protected ones unless overwriting was asked, occupied ones without
// `overwrite`, those where a restore of another snapshot did not end likewise, and to delete what
// belongs to another source.
Result<void> check_targets(Plan& plan, const std::vector<Protected>& protected_places,
                           const RunContext& context);

// What of it the place is, holds or lies in, for people: by paths, inodes and mounts, and of a
// repository by its id, so that a copy counts too. Copies below the place are looked for in the
// folders directly in it.
Result<std::optional<std::string>> find_touched(const std::string& place, const Protected& guarded,
                                                const RunContext& context);

}  // namespace lifeboat::restore
