#pragma once
// One zstd frame with a declared raw size: the only compression that format 1 has. Thread-safe.
#include "base/bytes.h"

namespace lifeboat::repository {

Result<Bytes> compress_frame(ByteView raw, int level);
// `corrupt` unless `frame` is exactly one frame of exactly `raw_size` bytes. The caller limits
// raw_size.
Result<Bytes> decompress_frame(ByteView frame, std::size_t raw_size);

}  // namespace lifeboat::repository
