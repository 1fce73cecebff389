#pragma once
// All snapshots of a repository with what statements say of them, and everything about them that is
// not as it should be (docs/format.md, section 5). Thread-safe.
#include "repository/census.h"
#include "repository/snapshot_object.h"
#include "repository/statement.h"

namespace lifeboat::repository {

// One snapshot or void as it was read, or why it could not be.
struct EndRead {
  SessionRef ref;
  storage::ObjectInfo object;
  Result<SessionEnd> end;
};

// Reads every end in the census, in several threads; `visit` is called from them, one call at a
// time. What went away meanwhile is left out; errors of the medium end it, damage is the visitor's
// to judge.
using EndVisitor = std::function<Result<void>(EndRead&&)>;
Result<void> read_ends(const Store& store, const Census& census, const EndVisitor& visit,
                       const RunContext& context);

Result<SnapshotList> list_snapshots(const Store& store, const RunContext& context);

}  // namespace lifeboat::repository
