#pragma once
// Which chunks a writer may refer to instead of storing them, and which segments it has come to use
// by that. Thread-safe.
#include <atomic>
#include <memory>
#include <unordered_set>

#include "repository/index_table.h"
#include "repository/segment_set.h"

namespace lifeboat::repository {

// What a collection is about to drop or to store afresh: nothing there may be referred to.
struct Exclusions {
  std::vector<PackName> packs;
  struct Segment {
    Salt birth;
    std::uint32_t number = 0;
  };
  std::vector<Segment> segments;
  bool everything = false;  // nobody can tell what: nothing that is there may be referred to
};

// The segments that a snapshot refers to, and those among them of whose chunks it uses only a few.
struct SegmentUse {
  SegmentSet used;
  SegmentSet thin;
};

// A segment with fewer of its chunks in use is thin.
constexpr unsigned kThinBelowPercent = 50;

class KnownChunks {
 public:
  static Result<std::unique_ptr<KnownChunks>> make(std::shared_ptr<const IndexTable> table,
                                                   const Exclusions& exclusions);

  // True when a trusted pack outside all exclusions holds the chunk; its segment then counts as
  // used.
  Result<bool> use(const ChunkId& id);
  Result<void> add_used(SegmentUse& to) const;

 private:
  explicit KnownChunks(std::shared_ptr<const IndexTable> table);
  Result<void> exclude(const Exclusions& exclusions);
  Result<bool> usable(std::uint32_t segment) const;

  std::shared_ptr<const IndexTable> table_;
  std::vector<bool> good_packs_;
  std::unordered_set<std::uint64_t> excluded_;          // birth << 32 | number
  std::unique_ptr<std::atomic<std::uint64_t>[]> met_;   // a bit for each chunk of the table
  std::unique_ptr<std::atomic<std::uint16_t>[]> used_;  // chunks met in each segment
};

}  // namespace lifeboat::repository
