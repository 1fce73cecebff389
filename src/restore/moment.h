#pragma once
// Restoring to a moment between snapshots: which snapshot, and which pieces of the log lead from it
// there. Reads a repository, changes nothing. Thread-safe.
#include "restore/plan.h"

namespace lifeboat::restore {

// Whether any of them has a place in a log, so that moments between snapshots can be had.
bool have_logs(const std::vector<repository::SnapshotInfo>& snapshots, const std::string& service);

// The newest complete snapshot of which a source's log goes on from before the moment.
// `not_restorable` names the first moment that can be had.
Result<repository::SnapshotInfo> choose_base(const std::vector<repository::SnapshotInfo>& snapshots,
                                             const std::string& service, const Moment& moment);

// Adds to each item of a source with a log the pieces that lead to the moment. `not_restorable`
// names the gap, and what can be had.
Result<void> plan_logs(Plan& plan, const std::vector<repository::SourceManifest>& sources,
                       const Moment& moment, repository::Repository& repository);

// The same for one item, of which `until` says where it goes.
Result<void> plan_log(const Plan& plan, PlanItem& item,
                      const std::vector<repository::SourceManifest>& sources,
                      repository::Repository& repository);

// Of one that is planned: ends earlier, in what of the log was found for it.
Result<void> end_log_at(PlanItem& item, std::uint64_t until);

// What of a source's log can be reached: any moment from one to the other.
struct LogRange {
  std::string source;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string from_text;
  std::string to_text;
};
struct LogQuestion {
  std::string service;
  bool quick = false;  // by the heads of the pieces: damage of their contents is not looked for
};
// What a restore would take, and nothing else: reads every piece of the log, unless it is to be
// quick, and passes over those that cannot be read.
Result<std::vector<LogRange>> reachable(const std::vector<repository::SnapshotInfo>& snapshots,
                                        const LogQuestion& question,
                                        repository::Repository& repository,
                                        const RunContext& context);

}  // namespace lifeboat::restore
