#pragma once
// Finds chunks by the index and brings them back verified, in the order of packs: every segment is
// read and opened once for all the chunks that are wanted of it. Thread-safe.
#include <functional>
#include <mutex>
#include <set>

#include "repository/index_table.h"
#include "repository/keys.h"
#include "storage/backend.h"

namespace lifeboat::repository {

class ChunkFetcher {
 public:
  using TablePtr = std::shared_ptr<const IndexTable>;
  // Reads the index as it is now: a collection may have moved what an older one names.
  using LoadIndex = std::function<Result<TablePtr>(const RunContext&)>;

  // All that is referred to must outlive the fetcher.
  ChunkFetcher(storage::Backend& backend, const RoleKeys& keys, SessionKeys& sessions,
               LoadIndex load)
      : backend_(backend), keys_(keys), sessions_(sessions), load_(std::move(load)) {}

  // As SnapshotReader::fetch. A chunk that no pack gives whole is `damage_found` naming chunk and
  // pack.
  Result<void> fetch(std::vector<ChunkRequest>& requests, const SnapshotReader::Deliver& deliver,
                     const RunContext& context);
  // Sequential content; `context` must outlive the reader.
  std::unique_ptr<Reader> open_content(ChunkList chunks, const RunContext& context);

 private:
  class Pass;

  Result<TablePtr> table(const RunContext& context);
  Result<TablePtr> reload(const RunContext& context);

  storage::Backend& backend_;
  const RoleKeys& keys_;
  SessionKeys& sessions_;
  LoadIndex load_;
  std::mutex mutex_;  // for table_
  TablePtr table_;
};

}  // namespace lifeboat::repository
