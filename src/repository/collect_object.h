#pragma once
// The object `collect/<n>`: what one collection is dropping and moving (docs/format.md, section 8).
// Values and pure functions.
#include <set>

#include "repository/sealed.h"
#include "repository/segment_set.h"
#include "repository/store.h"

namespace lifeboat::repository {

struct CollectPlan {
  std::uint64_t number = 0;
  Time started;
  std::set<PackName> drop;         // nothing in them is referred to
  std::set<PackName> move;         // their living segments go to new packs
  SegmentSet sparse;               // readers use these, writers store their content afresh
  std::set<SnapshotId> forgotten;  // what these refer to does not count; no other forgetting does

  bool names(const PackName& pack) const { return drop.contains(pack) || move.contains(pack); }
};

Result<Bytes> make_collect(const RoleKeys& keys, const CollectPlan& plan, Random& random);
Result<CollectPlan> parse_collect(const RoleKeys& keys, std::uint64_t number, ByteView object);

// Nothing when it ended meanwhile.
Result<std::optional<CollectPlan>> find_collection(const Store& store, const std::string& key);

// A list of segments as JSON, in `collect/<n>` and in the statement that it is over.
Json segments_json(const SegmentSet& segments);
Result<SegmentSet> segments_at(const Json& body, std::string_view key);

// Nobody can tell what it names.
struct DamagedCollection {
  std::string key;
  std::uint64_t number = 0;  // the highest there can be where the name tells none
  Error error;
};

// All that are outstanding, oldest first: writers must not dedup against the packs that they name,
// and where one is damaged against none. One of a newer format is an error.
struct OutstandingCollections {
  std::vector<CollectPlan> plans;
  std::vector<DamagedCollection> damaged;
};
Result<OutstandingCollections> outstanding_collections(const Store& store);

}  // namespace lifeboat::repository
