#pragma once
// Which sequence numbers of which writers exist and how they ended: what is there, against what
// anybody saw (docs/format.md, sections 4 and 5). Reading is thread-safe.
#include <set>

#include "base/entry.h"
#include "repository/seen.h"
#include "repository/store.h"

namespace lifeboat::repository {

struct WriterCensus {
  std::map<std::uint64_t, storage::ObjectInfo> ends;  // snapshots and voids
  std::map<std::uint64_t, storage::ObjectInfo> sessions;
  std::set<std::uint64_t> forgotten;

  std::uint64_t highest() const;
  bool ended(std::uint64_t seq) const { return ends.contains(seq) || forgotten.contains(seq); }
  std::vector<std::uint64_t> open() const;  // sessions that have not ended
};

struct Census {
  std::map<WriterId, WriterCensus> writers;
  std::vector<Finding> findings;  // names that no Lifeboat gives

  Seen seen() const;
};

// Lists snapshots before sessions, so that one which ends meanwhile counts as open and never as
// missing. `forgotten` must have been read after, or the caller reads it again: see take_census().
Result<Census> list_sessions(const Store& store);
void add_forgotten(Census& census, const std::map<SessionRef, SnapshotId>& forgotten);

// Both, in the order that is right.
Result<Census> take_census(const Store& store);

constexpr std::string_view kSnapshotMissing = "snapshot-missing";  // code of such a finding

// Numbers of one writer that somebody saw end, or that lie below others, and whose ends are gone.
struct MissingRun {
  WriterId writer;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool seen = false;  // its session is left, and somebody saw how it ended; one number

  SessionRef ref() const { return {writer, last}; }
  std::string key() const { return snapshot_key({writer, first}); }
  Finding finding() const;
};
std::vector<MissingRun> find_missing(const Census& census, const Seen& seen);

}  // namespace lifeboat::repository
