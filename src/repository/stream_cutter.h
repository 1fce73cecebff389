#pragma once
// Cuts content that is read, or written piece by piece, into chunks, a segment's worth at a time.
// One thread at a time.
#include "base/entry.h"
#include "repository/segment.h"

namespace lifeboat::repository {

// What a buffer must hold that a cutter fills.
constexpr std::size_t kReadStep = 64U << 10U;
constexpr std::size_t kCutterBuffer = (1U << 20U) + kMaxChunk + kReadStep;

class StreamCutter {
 public:
  // `table` must outlive the cutter.
  StreamCutter(const GearTable& table, const StreamHint& hint)
      : chunker_(table, cut_sizes(hint)), target_(segment_target(hint)) {}

  // Reads and cuts until the buffer is full; ended() says whether the content is then at its end,
  // and all of it in chunks. Pending bytes are taken along from call to call by the caller.
  Result<void> fill(SegmentBuffer& buffer, Reader& content);
  bool ended() const { return ended_; }

  // As far as the buffer goes; returns how much was taken. A buffer that is then full must be
  // cleared.
  std::size_t take(SegmentBuffer& buffer, ByteView bytes);
  // No more will be written: cuts what is pending, until the buffer is full.
  void end(SegmentBuffer& buffer);
  bool full(const SegmentBuffer& buffer) const { return buffer.full(target_); }

 private:
  void cut_pending(SegmentBuffer& buffer);

  Chunker chunker_;
  std::size_t target_;
  bool read_all_ = false;
  bool ended_ = false;
};

}  // namespace lifeboat::repository
