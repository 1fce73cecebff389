#pragma once
// One backup being written: a session, the chunks that go into it, and the snapshot that ends it.
// As thread-safe as SnapshotWriter says.
#include <deque>
#include <mutex>

#include "repository/chunk_writer.h"
#include "repository/session.h"
#include "repository/snapshot_object.h"

namespace lifeboat::repository {

class SessionWriter final : public SnapshotWriter {
 public:
  // Opens the session, then looks for collections, then reads the index: this order keeps what a
  // collection removes out of new snapshots. `store` must outlive the writer.
  static Result<std::unique_ptr<SessionWriter>> open(const Store& store, const SnapshotDraft& draft,
                                                     const RunContext& context);

  Result<StoredStream> add_stream(const StreamHint& hint, Reader& content,
                                  const RunContext& context) override;
  bool reuse(const ChunkList& chunks) override { return chunks_->reuse(chunks); }
  Result<std::size_t> begin_source(const std::string& name, const std::string& type) override;
  Result<void> add_entry(std::size_t source, const EntryRecord& entry,
                         const RunContext& context) override;
  Result<void> finish_source(std::size_t source, SourceEnd end, const RunContext& context) override;
  Result<SnapshotInfo> commit(Time time, bool complete, const RunContext& context) override;
  WriterStats stats() const override { return chunks_->stats(); }

 private:
  struct OpenSource {
    SourceManifest manifest;
    std::optional<std::uint64_t> log;  // of its end
    std::uint64_t bytes = 0;
    std::unique_ptr<ChunkWriter::Stream> entries;  // null once finished
  };

  SessionWriter(const Store& store, const SnapshotDraft& draft, Session session)
      : store_(store), draft_(draft), session_(std::move(session)) {}

  Result<OpenSource*> find_source(std::size_t number);
  SnapshotHead make_head(Time time, bool complete);
  Result<Bytes> seal(SnapshotHead& head, const RunContext& context);
  Result<void> put_end(ByteView object);
  Failure explain_end();

  const Store& store_;
  SnapshotDraft draft_;
  Session session_;
  std::unique_ptr<ChunkWriter> chunks_;
  std::mutex guard_;  // for the growth of sources_, not for what is in them
  std::deque<OpenSource> sources_;
  bool committed_ = false;
};

}  // namespace lifeboat::repository
