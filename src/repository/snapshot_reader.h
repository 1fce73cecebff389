#pragma once
// One snapshot being read: its lists, its entries, and content by way of the index. Thread-safe.
#include <atomic>

#include "repository/chunk_fetcher.h"
#include "repository/session.h"
#include "repository/snapshot_object.h"

namespace lifeboat::repository {

class StoredSnapshot final : public SnapshotReader {
 public:
  // `store` and `sessions` must outlive the reader.
  static Result<std::unique_ptr<StoredSnapshot>> open(const Store& store, SessionRing& sessions,
                                                      const SnapshotInfo& info);

  const SnapshotInfo& info() const override { return info_; }
  const Json& config() const override { return body_.config; }
  const std::vector<SourceManifest>& sources() const override { return body_.sources; }
  Result<void> entries(const SourceManifest& source, const Visitor& visit,
                       const RunContext& context) override;
  std::unique_ptr<Reader> open_content(ChunkList chunks, const RunContext& context) override;
  Result<void> fetch(std::vector<ChunkRequest>& requests, const Deliver& deliver,
                     const RunContext& context) override;

 private:
  StoredSnapshot(const Store& store, SessionRing& sessions, SnapshotInfo info);
  Result<ChunkFetcher::TablePtr> load_index(const RunContext& context);

  const Store& store_;
  SnapshotInfo info_;
  SnapshotBody body_;
  std::atomic<bool> loaded_before_ = false;
  ChunkFetcher fetcher_;
};

}  // namespace lifeboat::repository
