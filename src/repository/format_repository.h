#pragma once
// The Repository of format 1. Its methods are in the file of their subject:
// format_repository.cc, key_list.cc, snapshot.cc, maintenance.cc. Thread-safe.
#include <map>
#include <mutex>

#include "repository/session.h"

namespace lifeboat::repository {

class FormatRepository final : public Repository {
 public:
  explicit FormatRepository(Store store);
  ~FormatRepository() override;

  RepositoryId id() const override { return store_.config.id; }
  Role role() const override { return store_.keys.role; }
  WriterId writer() const override { return store_.keys.writer; }
  std::string description() const override { return store_.backend->traits().description; }

  Result<std::unique_ptr<SnapshotWriter>> begin(const SnapshotDraft& draft,
                                                const RunContext& context) override;
  Result<SnapshotList> snapshots(const RunContext& context) override;
  Result<std::unique_ptr<SnapshotReader>> open_snapshot(const SnapshotId& id,
                                                        const RunContext& context) override;
  Result<ChunkId> identify(ByteView chunk) override;

  Result<LogPieceInfo> add_log_piece(const NewLogPiece& piece, const RunContext& context) override;
  Result<std::vector<LogPieceInfo>> log_pieces(const std::string& service,
                                               const std::string& source) override;
  Result<Json> log_about(const LogPieceInfo& piece) override;
  Result<Json> log_head(const LogPieceInfo& piece) override;
  Result<LogPiece> read_log_piece(const LogPieceInfo& piece) override;

  Result<std::string> add_statement(const std::string& kind, Json body,
                                    const RunContext& context) override;
  Result<std::vector<Statement>> statements(const std::string& kind) override;

  Result<std::vector<KeySlotInfo>> keys() override;
  Result<KeySlotInfo> add_key(const NewKey& key, const RunContext& context) override;
  Result<void> remove_key(const std::string& slot_id, const RunContext& context) override;

  Result<CheckReport> check(CheckDepth depth, const RunContext& context) override;
  Result<void> forget(const SnapshotId& id, const std::string& reason,
                      const RunContext& context) override;
  Result<PruneReport> prune(const PruneOptions& options, const RunContext& context) override;
  Result<Bytes> sign(ByteView message) override;
  Bytes certificate() const override { return store_.keys.certificate; }
  Bytes root_public() const override { return store_.keys.root_public; }

 private:
  Result<PruneReport> collect(const PruneOptions& options, const RunContext& context);
  Result<SnapshotInfo> locate(const SnapshotId& id, const RunContext& context);

  Store store_;
  SessionRing ring_;
  std::mutex guard_;                            // for located_
  std::map<SnapshotId, SnapshotInfo> located_;  // as last listed: where each snapshot lies
};

}  // namespace lifeboat::repository
