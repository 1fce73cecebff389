#include "repository/segment_set.h"

#include <algorithm>
#include <bit>

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMinBirth = Salt::kSize + 4 + 4;

std::uint64_t bit_of(std::uint32_t number) { return std::uint64_t{1} << (number % 64); }

}  // namespace

void SegmentSet::add(const Salt& birth, std::uint32_t number) {
  if (number < kEndOfNumbers) births_[birth][number / 64] |= bit_of(number);
}

void SegmentSet::add_all(const SegmentSet& other) {
  for (const auto& [salt, words] : other.births_)
    for (const auto& [index, word] : words) births_[salt][index] |= word;
}

bool SegmentSet::contains(const Salt& birth, std::uint32_t number) const {
  const auto words = births_.find(birth);
  if (words == births_.end()) return false;
  const auto word = words->second.find(number / 64);
  return word != words->second.end() && (word->second & bit_of(number)) != 0;
}

bool SegmentSet::contains_all(const SegmentSet& other) const {
  bool all = true;
  other.visit([&](const Salt& birth, std::uint32_t number) { all &= contains(birth, number); });
  return all;
}

std::uint64_t SegmentSet::size() const {
  std::uint64_t count = 0;
  for (const auto& [salt, words] : births_)
    for (const auto& [index, word] : words) count += static_cast<unsigned>(std::popcount(word));
  return count;
}

Bytes SegmentSet::encode() const {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(births_.size()));
  for (const auto& [salt, words] : births_) {
    const auto first = words.begin()->first;
    Bytes bitmap((words.rbegin()->first - first + std::size_t{1}) * 8);
    std::ranges::fill(bitmap, std::uint8_t{0});
    for (const auto& [index, word] : words)
      for (unsigned byte = 0; byte < 8; ++byte)
        bitmap[(index - first) * std::size_t{8} + byte] =
            static_cast<std::uint8_t>(word >> (8 * byte));
    while (bitmap.back() == 0) bitmap.pop_back();
    writer.raw(salt.view()).u32(first * 64).sized(bitmap);
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
    const std::uint64_t first = TRY(reader.u32());
    const auto bitmap = TRY(reader.sized(kEndOfNumbers / 8));
    if (first + bitmap.size() * 8 > kEndOfNumbers)
      return fail(Code::corrupt, "segment numbers that no pack can hold");
    for (std::size_t bit = 0; bit < bitmap.size() * 8; ++bit)
      if ((bitmap[bit / 8] >> (bit % 8) & 1U) != 0)
        set.add(salt, static_cast<std::uint32_t>(first + bit));
  }
  TRY(reader.expect_end());
  return set;
}

}  // namespace lifeboat::repository
