#pragma once
// Reading a snapshot's own lists to see that every chunk they name can be found. Used by one check,
// in one thread.
#include <optional>
#include <set>

#include "repository/chunk_fetcher.h"
#include "repository/segment_set.h"
#include "repository/session.h"

namespace lifeboat::repository {

class EntryCheck {
 public:
  EntryCheck(const Store& store, SessionRing& sessions, std::shared_ptr<const IndexTable> table,
             const SegmentSet& readable);

  struct Walked {
    std::string snapshot;            // hex
    std::optional<Finding> finding;  // what is wrong with it
  };
  // Errors are those of the medium; damage is in the answer.
  Result<Walked> walk(const SessionRef& ref, const RunContext& context);

 private:
  Result<void> read_lists(const SessionRef& ref, ByteView object, const RunContext& context);
  Result<void> walk_source(const SourceManifest& source, const RunContext& context);
  Result<void> require_all(const ChunkList& chunks);
  Result<bool> can_read(const ChunkId& id);

  const Store& store_;
  SessionRing& sessions_;
  std::shared_ptr<const IndexTable> table_;
  const SegmentSet& readable_;
  ChunkFetcher fetcher_;
  std::set<Bytes> walked_;  // hashes of entry lists that were walked
};

}  // namespace lifeboat::repository
