#include <zstd.h>

#include <algorithm>
#include <array>

#include "repository/segment.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kProbes = 4;
constexpr std::size_t kProbeSize = 4096;

// Under 3 % is not worth the time of every reader.
bool pays(std::size_t compressed, std::size_t raw) { return compressed < raw - raw / 32; }

}  // namespace

void SegmentCodec::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void SegmentCodec::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

SegmentCodec::SegmentCodec(int level)
    : level_(level), compressor_(ZSTD_createCCtx()), decompressor_(ZSTD_createDCtx()) {}

Result<SegmentCodec::Encoded> SegmentCodec::encode(ByteView raw) {
  if (last_was_stored_ && looks_incompressible(raw)) return Encoded{Method::stored, raw};
  frame_.resize(ZSTD_compressBound(raw.size()));
  const auto size = ZSTD_compressCCtx(compressor_.get(), frame_.data(), frame_.size(), raw.data(),
                                      raw.size(), level_);
  if (ZSTD_isError(size) != 0) return fail(Code::internal, "zstd could not compress a segment");
  last_was_stored_ = !pays(size, raw.size());
  if (last_was_stored_) return Encoded{Method::stored, raw};
  return Encoded{Method::zstd, ByteView(frame_).first(size)};
}

// Media and archives come in rows: once one segment did not shrink, samples of the next decide.
bool SegmentCodec::looks_incompressible(ByteView raw) {
  if (raw.size() < 2 * kProbes * kProbeSize) return false;
  std::size_t total = 0;
  std::array<std::uint8_t, 2 * kProbeSize> into;
  for (std::size_t i = 0; i < kProbes; ++i) {
    const auto sample = raw.subspan(raw.size() / kProbes * i, kProbeSize);
    total += ZSTD_compressCCtx(compressor_.get(), into.data(), into.size(), sample.data(),
                               sample.size(), level_);
  }
  return !pays(total, kProbes * kProbeSize);
}

Result<ByteView> SegmentCodec::decode(Method method, ByteView body, std::size_t raw_size,
                                      Bytes& memory) {
  if (raw_size > kMaxSegmentRaw) return fail(Code::corrupt, "a segment larger than it may be");
  if (method == Method::stored) {
    if (body.size() != raw_size) return fail(Code::corrupt, "a segment of the wrong length");
    return body;
  }
  if (ZSTD_findFrameCompressedSize(body.data(), body.size()) != body.size())
    return fail(Code::corrupt, "a segment that is not one compressed frame");
  memory.resize(raw_size);
  const auto size =
      ZSTD_decompressDCtx(decompressor_.get(), memory.data(), raw_size, body.data(), body.size());
  if (ZSTD_isError(size) == 0 && size == raw_size) return ByteView(memory).first(raw_size);
  return fail(Code::corrupt, "a segment that does not decompress to its length");
}

}  // namespace lifeboat::repository
