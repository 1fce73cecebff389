#pragma once
// What the statements of ended collections tell: which number was the last, and which segments are
// sparse since (docs/adr/0005-collection.md). Thread-safe.
#include "base/entry.h"
#include "base/run_context.h"
#include "repository/segment_set.h"
#include "repository/store.h"

namespace lifeboat::repository {

struct Collected {
  std::uint64_t last = 0;            // every collection up to this number is over
  SegmentSet sparse;                 // as the last one left it
  std::vector<std::string> earlier;  // keys of statements that the last one makes needless
  std::vector<Finding> findings;     // damaged ones: any number may be in them
};
Result<Collected> read_collected(const Store& store);

// Says that the collection is over, then removes what was said of earlier ones.
Result<void> end_collection(const Store& store, std::uint64_t number, const SegmentSet& sparse,
                            const RunContext& context);

}  // namespace lifeboat::repository
