#include "repository/frame.h"

#include <zstd.h>

namespace lifeboat::repository {
namespace {

// Trailing bytes and further frames would be bytes that nobody looks at.
bool is_one_frame_of(ByteView frame, std::size_t raw_size) {
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) return false;
  const auto declared = ZSTD_getFrameContentSize(frame.data(), frame.size());
  return declared == ZSTD_CONTENTSIZE_UNKNOWN || declared == raw_size;
}

}  // namespace

Result<Bytes> compress_frame(ByteView raw, int level) {
  Bytes frame(ZSTD_compressBound(raw.size()));
  const auto size = ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), level);
  if (ZSTD_isError(size) != 0) return fail(Code::internal, "zstd could not compress");
  frame.resize(size);
  return frame;
}

Result<Bytes> decompress_frame(ByteView frame, std::size_t raw_size) {
  if (!is_one_frame_of(frame, raw_size)) return fail(Code::corrupt, "not one compressed frame");
  Bytes raw(raw_size);
  const auto size = ZSTD_decompress(raw.data(), raw.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0 || size != raw_size)
    return fail(Code::corrupt, "a compressed frame that does not decompress");
  return raw;
}

}  // namespace lifeboat::repository
