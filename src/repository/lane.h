#pragma once
// What one thread needs for turning chunks into sealed segments, with all contexts made once, and
// the segment into which small content goes meanwhile. Used by one thread at a time, not always the
// same.
#include <optional>

#include "crypto/hash.h"
#include "repository/pack_sink.h"

namespace lifeboat::repository {

class Lane {
 public:
  // Everything referred to must outlive the lane.
  struct Setup {
    const RoleKeys& keys;
    ByteView session_key;
    PackSink& sink;
    Options options;
  };
  explicit Lane(const Setup& setup);

  ChunkNote identify(ByteView chunk);
  SegmentBuffer& open() { return open_; }
  // Compresses and seals the buffer's chunks as one segment, checks that it can be read again and
  // holds what got its ids, hands it to the sink and clears the buffer. Returns how many bytes it
  // takes there.
  Result<std::uint64_t> store(SegmentBuffer& buffer, Random& random);

 private:
  SegmentKey& key_of(const Salt& birth);
  Result<void> verify(const SegmentShape& shape, const SegmentBuffer& buffer);
  Result<bool> reads_back(const SegmentShape& shape, const SegmentBuffer& buffer);

  Setup setup_;
  crypto::Hmac id_key_;
  SegmentCodec codec_;
  SegmentBuffer open_;
  std::optional<Salt> salt_;
  std::optional<SegmentKey> key_;
  Bytes sealed_;
  Bytes opened_;
  Bytes decoded_;
  std::vector<ByteView> chunks_;  // of what was decoded
};

}  // namespace lifeboat::repository
