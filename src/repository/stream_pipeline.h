#pragma once
// A long stream with helpers: reading and cutting one after another, storing side by side, chunk
// lists put together in order. Memory is bounded by the number of batches in flight. For one
// stream.
#include <functional>
#include <mutex>
#include <optional>

#include "base/run_context.h"
#include "repository/pool.h"
#include "repository/stream_cutter.h"

namespace lifeboat::repository {

class StreamPipeline {
 public:
  struct Setup {
    StreamCutter& cutter;
    Reader& content;
    const RunContext& context;
    Pool<SegmentBuffer>& buffers;
    std::size_t batches;  // in flight
  };
  explicit StreamPipeline(const Setup& setup) : setup_(setup) {}

  // Called from several threads.
  using Store = std::function<Result<void>(SegmentBuffer&, ChunkList&)>;
  // Goes on to the end of the content; `first` holds bytes that were read and not cut. Inside
  // another pipeline of oneTBB this thread does only this work meanwhile.
  Result<void> run(SegmentBuffer& first, const Store& store, StoredStream& stored);

 private:
  struct Batch;
  Batch* next();
  void stop_with(Error error);
  bool stopped();

  Setup setup_;
  std::optional<Pool<SegmentBuffer>::Lease> ahead_;  // what was read beyond the last batch
  bool ended_ = false;
  std::mutex guard_;  // for error_
  std::optional<Error> error_;
};

}  // namespace lifeboat::repository
