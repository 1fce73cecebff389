#pragma once
// What a collection knows of the repository: which segments snapshots refer to, which packs there
// are and how much of each is alive. Made anew for each step that must see the present; values.
#include <map>

#include "repository/census.h"
#include "repository/index_object.h"
#include "repository/segment_set.h"

namespace lifeboat::repository {

// Snapshots that do not count: by their ids and, since what cannot be read has none that anybody
// knew it by, by their numbers.
struct Forgotten {
  std::set<SnapshotId> ids;
  std::map<SessionRef, SnapshotId> numbers;
};

// What the heads say, with those of forgotten snapshots left out. Any other head that cannot be
// read is an error: nothing is removed while it is not known what it needs.
struct References {
  SegmentSet living;
  SegmentSet sparse;  // of those: no snapshot uses more than a few chunks of it
  std::map<SnapshotId, SessionRef> discounted;  // the forgotten ones whose objects are still there
  std::vector<SessionRef> vanished;  // in the census, gone when it was read, and not forgotten
};
Result<References> read_references(const Store& store, const Census& census,
                                   const Forgotten& forgotten);

struct PackSurvey {
  std::uint64_t size = 0;
  std::uint64_t alive = 0;     // stored bytes of living segments
  std::uint64_t dead = 0;      // of the others
  std::set<WriterId> origins;  // who listed it first: one, but where somebody lied
  WriterId origin;             // the one to believe; zeros: nobody knows
  SessionRef session;          // that made it
  bool indexed = false;
  bool contested = false;  // index objects differ about it
  bool damaged = false;    // left as it is
  // Snapshots need it, and only its own directory tells what it holds.
  bool is_unlisted() const { return !indexed && !damaged && alive > 0; }
  // From mark_doubles():
  bool shares = false;        // holds a living segment that another pack holds, too, byte for byte
  std::uint64_t doubled = 0;  // stored bytes of such that one pack before it holds already
};

struct PackCensus {
  std::map<PackName, PackSurvey> packs;  // that are there and can be read
  std::set<IndexName> indexes;
  SegmentSet met;                 // living segments that any pack is said to hold …
  SegmentSet twice;               // … and that more than one is
  std::vector<Finding> findings;  // damaged packs: left alone
};

// Every pack in `packs/` with what the index, or else its own directory, says of it.
Result<PackCensus> survey_packs(const Store& store, const SegmentSet& living);

// The same question asked of the pack itself: what an index object says of it may be a lie of
// another writer.
Result<bool> is_alive(const Store& store, const SegmentSet& living, const PackName& name);

// A session without an end is still writing: what it made is not referred to yet.
bool is_open(const Census& census, const SessionRef& session);

}  // namespace lifeboat::repository
