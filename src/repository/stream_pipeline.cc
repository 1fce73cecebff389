#include "repository/stream_pipeline.h"

#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

namespace lifeboat::repository {

struct StreamPipeline::Batch {
  Pool<SegmentBuffer>::Lease buffer;
  std::uint64_t size = 0;
  ChunkList chunks;
};

Result<void> StreamPipeline::run(SegmentBuffer& first, const Store& store, StoredStream& stored) {
  ahead_ = setup_.buffers.take();
  (*ahead_)->reset();
  first.move_pending_to(**ahead_);
  const auto read = tbb::make_filter<void, Batch*>(tbb::filter_mode::serial_in_order,
                                                   [&](tbb::flow_control& flow) {
                                                     auto* const batch = next();
                                                     if (batch == nullptr) flow.stop();
                                                     return batch;
                                                   });
  const auto keep = tbb::make_filter<Batch*, Batch*>(tbb::filter_mode::parallel, [&](Batch* batch) {
    batch->size = batch->buffer->content_size();
    auto done = stopped() ? Result<void>{} : store(*batch->buffer, batch->chunks);
    if (!done) stop_with(std::move(done).error());
    return batch;
  });
  const auto list =
      tbb::make_filter<Batch*, void>(tbb::filter_mode::serial_in_order, [&](Batch* batch) {
        const std::unique_ptr<Batch> owned(batch);
        stored.size += owned->size;
        stored.chunks.insert(stored.chunks.end(), owned->chunks.begin(), owned->chunks.end());
      });
  tbb::this_task_arena::isolate(
      [&] { tbb::parallel_pipeline(setup_.batches, read & keep & list); });
  if (error_) return fail(std::move(*error_));
  return {};
}

// A full buffer; what was read behind it goes on into the next one.
StreamPipeline::Batch* StreamPipeline::next() {
  if (ended_ || stopped()) return nullptr;
  auto go_on = setup_.context.check_stop();
  if (go_on) go_on = setup_.cutter.fill(**ahead_, setup_.content);
  if (!go_on) {
    stop_with(std::move(go_on).error());
    return nullptr;
  }
  ended_ = setup_.cutter.ended();
  auto following = setup_.buffers.take();
  following->reset();
  (*ahead_)->move_pending_to(*following);
  std::swap(*ahead_, following);
  return new Batch{std::move(following), 0, {}};
}

void StreamPipeline::stop_with(Error error) {
  const std::lock_guard lock(guard_);
  if (!error_) error_ = std::move(error);
}

bool StreamPipeline::stopped() {
  const std::lock_guard lock(guard_);
  return error_.has_value();
}

}  // namespace lifeboat::repository
