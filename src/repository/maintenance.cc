#include <algorithm>

#include "repository/check.h"
#include "repository/collection.h"
#include "repository/format_repository.h"
#include "repository/log_pieces.h"
#include "repository/snapshot_list.h"

namespace lifeboat::repository {
namespace {

const SnapshotInfo* find_snapshot(const SnapshotList& list, const SnapshotId& id) {
  const auto found = std::ranges::find(list.snapshots, id, &SnapshotInfo::id);
  return found == list.snapshots.end() ? nullptr : &*found;
}

Failure refuse(std::string message, std::string hint) {
  return fail(Error(Code::refused, std::move(message)).with_hint(std::move(hint)));
}

// Nobody can tell which snapshot such a statement keeps; of one that is lost there is a copy.
Result<void> require_readable_keepers(const SnapshotList& list) {
  for (const auto& each : list.findings) {
    if (each.code == kStatementMissing) continue;
    const bool holds = each.subject.starts_with("statements/hold/");
    if (!holds && !each.subject.starts_with("statements/proven/")) continue;
    return refuse(each.subject + " cannot be read, and it may " + (holds ? "hold" : "prove") +
                      " this snapshot: " + each.message,
                  "Put it back as it was, from a copy of the repository. Where there is none, " +
                      std::string(holds ? "hold again" : "drill again") +
                      " what must stay, then remove that object.");
  }
  return {};
}

Result<void> require_forgettable(const SnapshotList& list, const SnapshotInfo& snapshot) {
  TRY(require_readable_keepers(list));
  if (snapshot.held)
    return refuse("snapshot " + snapshot.id.hex() + " is held", "Release the hold first.");
  const auto id = snapshot.id.hex();
  for (const auto& other : list.snapshots)
    if (std::ranges::find(other.needs, id) != other.needs.end())
      return refuse("snapshot " + id + " is needed by " + other.id.hex(),
                    "Forget the snapshots that need it first.");
  return {};
}

// What is kept, and what is wrong, is as the later one saw it.
void add(const PruneReport& later, PruneReport& report) {
  report.packs_removed += later.packs_removed;
  report.packs_moved += later.packs_moved;
  report.bytes_freed += later.bytes_freed;
  report.bytes_moved += later.bytes_moved;
  report.sessions_voided += later.sessions_voided;
  report.bytes_kept = later.bytes_kept;
  report.findings = later.findings;
}

}  // namespace

// A statement alone: the object goes with the collection that names the snapshot, for what is in
// use must follow from the heads and the collection alone (docs/adr/0005-collection.md).
Result<void> FormatRepository::forget(const SnapshotId& id, const std::string& reason,
                                      const RunContext& context) {
  TRY(require_role(store_, {Role::admin, Role::collector}, "forget snapshots"));
  TRY(require_features(store_.config, Operation::collect));
  const auto list = TRY(list_snapshots(store_, context));
  const auto* snapshot = find_snapshot(list, id);
  if (snapshot == nullptr) return fail(Code::not_found, "there is no snapshot " + id.hex());
  TRY(require_forgettable(list, *snapshot));
  TRY(context.check_stop());
  const SessionRef ref{snapshot->writer, snapshot->seq};
  TRY(store_statement(store_, "forgotten", forgotten_body(ref, id, reason), context));
  return {};
}

Result<CheckReport> FormatRepository::check(CheckDepth depth, const RunContext& context) {
  TRY(require_features(store_.config, Operation::verify));
  if (depth == CheckDepth::contents)
    TRY(require_role(store_, {Role::admin, Role::reader}, "read what snapshots hold"));
  return Check(store_, ring_, depth).run(context);
}

Result<PruneReport> FormatRepository::prune(const PruneOptions& options,
                                            const RunContext& context) {
  TRY(require_role(store_, {Role::admin, Role::collector}, "prune"));
  TRY(require_features(store_.config, Operation::collect));
  auto report = TRY(collect(options, context));
  const auto logs = TRY(prune_logs(store_, options.dry_run, context));
  report.log_pieces_removed = logs.pieces;
  report.bytes_freed += logs.bytes;
  return report;
}

Result<PruneReport> FormatRepository::collect(const PruneOptions& options,
                                              const RunContext& context) {
  Collection first(store_, options, context);
  auto report = TRY(first.run());
  if (!first.resumed()) return report;
  // That was planned by somebody who did not finish it; now for what is dead today.
  const auto later = Collection(store_, options, context).run();
  if (!later && later.error().code() == Code::busy) return report;
  add(TRY(later), report);
  return report;
}

}  // namespace lifeboat::repository
