#include "repository/chunker.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "crypto/derive.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kHashWindow = 64;  // a byte is shifted out of the hash after so many more
constexpr std::uint64_t kLargeStream = 256U << 20U;
constexpr std::uint64_t kLargeSegments = 64U << 20U;
constexpr unsigned kNormalisation = 2;  // how much the two masks differ from the average

CutSizes fixed(std::size_t size) { return {size, std::bit_floor(size), size}; }

// The one loop whose code generation matters: GCC folds shift and addition into one `lea`, and "the
// top bits are zero" is one comparison. Unrolled by hand or with a mask it is not faster; with the
// bytes taken from wide loads it is a third slower (tests/bench/repository_bench.cc).
[[gnu::noinline]] std::size_t scan_gear(const GearTable& table, ByteView data, std::uint64_t& hash,
                                        std::uint64_t limit) {
  const std::uint64_t* const gear = table.data();
  const std::uint8_t* const bytes = data.data();
  const std::size_t size = data.size();
  std::uint64_t h = hash;
  for (std::size_t i = 0; i < size; ++i) {
    h = (h << 1U) + gear[bytes[i]];
    if (h < limit) return i + 1;
  }
  hash = h;
  return 0;
}

}  // namespace

GearTable gear_table(const Secret& cut) {
  GearTable table;
  const auto bytes = crypto::hkdf_sha256(cut.view(), {}, "lifeboat 1 gear", sizeof table);
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(table.data(), bytes.view().data(), sizeof table);
  return table;
}

CutSizes cut_sizes(const StreamHint& hint) {
  if (hint.profile == Profile::db_page)
    return fixed(std::clamp<std::size_t>(hint.unit, 16 * kKiB, kMaxChunk));
  if (hint.profile != Profile::db_stream) return {64 * kKiB, 256 * kKiB, kMaxChunk};
  if (hint.size < kLargeStream) return {8 * kKiB, 16 * kKiB, 64 * kKiB};
  return {16 * kKiB, 64 * kKiB, 256 * kKiB};
}

std::size_t segment_target(const StreamHint& hint) {
  return hint.size > kLargeSegments ? kKiB * kKiB : 256 * kKiB;
}

std::size_t Chunker::cut(ByteView data, bool at_end) {
  const auto& [minimum, average, maximum] = sizes_;
  if (data.size() <= minimum) {
    const bool whole = at_end || (minimum == maximum && data.size() == minimum);
    return whole ? found(data.size()) : 0;
  }
  if (minimum == maximum) return found(minimum);
  if (scanned_ < minimum) {
    scan_gear(*table_, data.subspan(minimum - kHashWindow, kHashWindow), hash_, 0);
    scanned_ = minimum;
  }
  const auto bits = static_cast<unsigned>(std::countr_zero(average));
  if (const auto length = scan(data, average, bits + kNormalisation); length != 0) return length;
  if (const auto length = scan(data, maximum, bits - kNormalisation); length != 0) return length;
  if (data.size() >= maximum) return found(maximum);
  return at_end ? found(data.size()) : 0;
}

std::size_t Chunker::scan(ByteView data, std::size_t to, unsigned mask_bits) {
  const auto end = std::min(to, data.size());
  if (scanned_ >= end) return 0;
  const auto limit = std::uint64_t{1} << (64U - mask_bits);
  const auto after = scan_gear(*table_, data.subspan(scanned_, end - scanned_), hash_, limit);
  if (after != 0) return found(scanned_ + after);
  scanned_ = end;
  return 0;
}

std::size_t Chunker::found(std::size_t length) {
  scanned_ = 0;
  hash_ = 0;
  return length;
}

}  // namespace lifeboat::repository
