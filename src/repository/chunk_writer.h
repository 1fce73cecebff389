#pragma once
// The data path of one session: content in, chunk lists out; what the repository does not have yet
// is compressed, sealed and stored. Thread-safe, but for flush(), during which nothing is added.
#include <atomic>
#include <memory>
#include <optional>

#include "base/run_context.h"
#include "repository/known_chunks.h"
#include "repository/lane.h"
#include "repository/new_chunks.h"
#include "repository/pool.h"
#include "repository/segment_set.h"
#include "repository/stream_cutter.h"

namespace lifeboat::repository {

class ChunkWriter {
 public:
  // The session object is there, collections were listed and *then* the index was read: see the
  // order of steps in docs/format.md, section 8. `backend` and `keys` must outlive the writer.
  struct Setup {
    storage::Backend& backend;
    const RoleKeys& keys;
    SessionRef session;
    Secret session_key;
    std::shared_ptr<const IndexTable> index;
    Exclusions exclusions;
    Options options;
    std::filesystem::path cache;  // of this repository on this machine; may be empty
  };
  // Packs that this writer put earlier and never listed (a crash came between) are taken up again.
  static Result<std::unique_ptr<ChunkWriter>> open(Setup setup, const RunContext& context);

  // An error of `content` leaves the writer as usable as it was; any other ends it for good.
  Result<StoredStream> add_stream(const StreamHint& hint, Reader& content,
                                  const RunContext& context);

  // Content that comes piece by piece; one thread at a time. Must not outlive the writer.
  class Stream {
   public:
    Result<void> write(ByteView bytes, const RunContext& context);
    Result<StoredStream> finish(const RunContext& context);

   private:
    friend class ChunkWriter;
    Stream(ChunkWriter& writer, const StreamHint& hint);
    ChunkWriter& writer_;
    StreamCutter cutter_;
    SegmentBuffer buffer_;
    StoredStream stored_;
  };
  std::unique_ptr<Stream> open_stream(const StreamHint& hint);

  // True when every chunk is here and may be referred to; its segments then count as used.
  bool reuse(const ChunkList& chunks);

  // Everything added is durable, and listed in an index, when this returns.
  Result<void> flush(const RunContext& context);

  // Every segment that chunks of this session lie in: for the head of its snapshot. After flush().
  Result<SegmentUse> segments_used() const;

  WriterStats stats() const;
  std::size_t lanes() const { return lanes_.made(); }

 private:
  using Lanes = Pool<Lane>;
  using Buffers = Pool<SegmentBuffer>;
  class Pipeline;

  explicit ChunkWriter(Setup setup);
  Result<void> recover(const RunContext& context);
  Result<void> recover_pack(const PackName& name, IndexText& text, const RunContext& context);

  // Chunks and ids of a cut batch: what is new is stored, all goes into `chunks`; the batch is
  // cleared.
  Result<void> store_batch(SegmentBuffer& batch, ChunkList& chunks, const RunContext& context);
  Result<void> dedup_and_store(Lane& lane, SegmentBuffer& batch, const RunContext& context);
  Result<bool> is_new(const ChunkId& id);
  Result<bool> is_known(const ChunkId& id);
  Result<void> store(Lane& lane, SegmentBuffer& buffer, const RunContext& context);
  Result<void> check_usable();
  Result<void> keep_error(Result<void> result);

  Setup setup_;
  GearTable gear_;
  PutJournal journal_;
  PackSink sink_;
  NewChunks new_chunks_;
  std::vector<std::unique_ptr<KnownChunks>> known_;
  std::size_t workers_;
  Lanes lanes_;
  Buffers buffers_;
  std::atomic<bool> pipeline_busy_ = false;
  std::mutex error_guard_;  // for error_: the first failure, after which nothing is stored
  std::optional<Error> error_;
  std::atomic<std::uint64_t> bytes_read_ = 0;
  std::atomic<std::uint64_t> bytes_new_ = 0;
  std::atomic<std::uint64_t> bytes_stored_ = 0;
  std::atomic<std::uint64_t> chunks_reused_ = 0;
};

}  // namespace lifeboat::repository
