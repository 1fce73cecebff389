#include "repository/segment_set.h"

#include <algorithm>

namespace lifeboat::repository {
namespace {

// A pack has at most 256 MiB, and a segment at least a directory entry of 19 bytes.
constexpr std::uint64_t kMaxSegments = (256U << 20U) / 19;
constexpr std::size_t kMinBirth = Salt::kSize + 4 + 4;

std::size_t first_set(const std::vector<bool>& bits) {
  return static_cast<std::size_t>(std::ranges::find(bits, true) - bits.begin());
}

Bytes bitmap_from(const std::vector<bool>& bits, std::size_t first) {
  Bytes bitmap((bits.size() - first + 7) / 8);
  std::ranges::fill(bitmap, std::uint8_t{0});
  for (std::size_t i = first; i < bits.size(); ++i)
    if (bits[i]) bitmap[(i - first) / 8] |= static_cast<std::uint8_t>(1U << ((i - first) % 8));
  return bitmap;
}

void set_bits(std::vector<bool>& bits, std::uint32_t first, ByteView bitmap) {
  for (std::size_t i = 0; i < bitmap.size() * 8; ++i) {
    if ((bitmap[i / 8] >> (i % 8) & 1U) == 0) continue;
    if (bits.size() <= first + i) bits.resize(first + i + 1);
    bits[first + i] = true;
  }
}

}  // namespace

void SegmentSet::add(const Salt& birth, std::uint32_t number) {
  auto& bits = births_[birth];
  if (bits.size() <= number) bits.resize(number + std::size_t{1});
  bits[number] = true;
}

void SegmentSet::add_all(const SegmentSet& other) {
  for (const auto& [salt, more] : other.births_) {
    auto& bits = births_[salt];
    if (bits.size() < more.size()) bits.resize(more.size());
    for (std::size_t i = 0; i < more.size(); ++i)
      if (more[i]) bits[i] = true;
  }
}

bool SegmentSet::contains(const Salt& birth, std::uint32_t number) const {
  const auto found = births_.find(birth);
  return found != births_.end() && number < found->second.size() && found->second[number];
}

std::uint64_t SegmentSet::size() const {
  std::uint64_t count = 0;
  for (const auto& [salt, bits] : births_)
    count += static_cast<std::uint64_t>(std::ranges::count(bits, true));
  return count;
}

Bytes SegmentSet::encode() const {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(births_.size()));
  for (const auto& [salt, bits] : births_) {
    const auto first = first_set(bits);
    writer.raw(salt.view()).u32(static_cast<std::uint32_t>(first)).sized(bitmap_from(bits, first));
  }
  return writer.take();
}

Result<SegmentSet> SegmentSet::parse(ByteReader& reader) {
  const auto births = TRY(reader.u32());
  if (births > reader.remaining() / kMinBirth)
    return fail(Code::corrupt, "segments used of more packs than there is room for");
  SegmentSet set;
  for (std::uint32_t i = 0; i < births; ++i) {
    const auto salt = TRY(Salt::from(TRY(reader.raw(Salt::kSize))));
    const auto first = TRY(reader.u32());
    const auto bitmap = TRY(reader.sized(kMaxSegments / 8));
    if (first + bitmap.size() * 8 > kMaxSegments)
      return fail(Code::corrupt, "segment numbers that no pack can hold");
    set_bits(set.births_[salt], first, bitmap);
  }
  TRY(reader.expect_end());
  return set;
}

}  // namespace lifeboat::repository
