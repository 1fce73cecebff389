#pragma once
// The logs of all sources in a repository: what is there, whether it is whole, and what no snapshot
// can be brought on with any more. Thread-safe.
#include "repository/log_object.h"
#include "repository/store.h"

namespace lifeboat::repository {

// All under logs/ that have a name, in order; the others as findings.
struct LogListing {
  std::vector<std::pair<LogName, storage::ObjectInfo>> pieces;
  std::vector<Finding> findings;
};
Result<LogListing> list_logs(const Store& store, const std::string& folder);

// Form and signature of each; with `contents`, that they open, too.
Result<std::vector<Finding>> check_logs(const Store& store, CheckDepth depth,
                                        const RunContext& context);

// Removes what ends before the oldest snapshot of its source that is there; nothing of a log of
// which no snapshot is there while a session is open, for that may become one. Says how much.
struct LogsPruned {
  std::uint64_t pieces = 0;
  std::uint64_t bytes = 0;
};
Result<LogsPruned> prune_logs(const Store& store, bool dry_run, const RunContext& context);

}  // namespace lifeboat::repository
