#include "repository/segment.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace lifeboat::repository {
namespace {

constexpr std::size_t kCountSize = 4;
constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kShapeSize = 4 + 4 + 4 + 1;

void put_u32(std::uint8_t* to, std::uint32_t value) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace

std::uint64_t quick_sum(ByteView chunk) { return XXH3_64bits(chunk.data(), chunk.size()); }

std::size_t SegmentBuffer::start() { return kCountSize + kLengthSize * kSegmentFill; }

SegmentBuffer::SegmentBuffer(std::size_t capacity)
    : memory_(start() + capacity), cut_(start()), end_(start()) {}

void SegmentBuffer::close_chunk(std::size_t length) {
  lengths_.push_back(static_cast<std::uint32_t>(length));
  offsets_.push_back(cut_);
  ids_.emplace_back();
  sums_.emplace_back();
  cut_ += length;
}

void SegmentBuffer::append(const ChunkNote& note, ByteView chunk) {
  std::memcpy(memory_.data() + end_, chunk.data(), chunk.size());
  extend(chunk.size());
  close_chunk(chunk.size());
  this->note(chunks() - 1, note);
}

void SegmentBuffer::note(std::size_t index, const ChunkNote& note) {
  ids_[index] = note.id;
  sums_[index] = note.sum;
}

ByteView SegmentBuffer::chunk(std::size_t index) const {
  return ByteView(memory_).subspan(offsets_[index], lengths_[index]);
}

ByteView SegmentBuffer::raw() {
  const auto header = kCountSize + kLengthSize * lengths_.size();
  auto* const begin = memory_.data() + start() - header;
  put_u32(begin, static_cast<std::uint32_t>(lengths_.size()));
  std::memcpy(begin + kCountSize, lengths_.data(), kLengthSize * lengths_.size());
  return {begin, header + content_size()};
}

void SegmentBuffer::move_pending_to(SegmentBuffer& next) {
  const auto rest = pending();
  std::ranges::copy(rest, next.room().begin());
  next.extend(rest.size());
  end_ = cut_;
}

void SegmentBuffer::clear() {
  const auto rest = pending();
  std::memmove(memory_.data() + start(), rest.data(), rest.size());
  cut_ = start();
  end_ = start() + rest.size();
  lengths_.clear();
  offsets_.clear();
  ids_.clear();
  sums_.clear();
}

void SegmentBuffer::reset() {
  end_ = cut_;
  clear();
}

Result<void> parse_segment(ByteView raw, std::vector<ByteView>& chunks) {
  chunks.clear();
  ByteReader reader(raw);
  const auto count = TRY(reader.u32());
  if (count == 0 || count > kMaxSegmentChunks)
    return fail(Code::corrupt, "a segment with an impossible number of chunks");
  ByteReader lengths(TRY(reader.raw(kLengthSize * count)));
  chunks.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto length = TRY(lengths.u32());
    if (length == 0 || length > kMaxChunk)
      return fail(Code::corrupt, "a chunk of impossible length");
    chunks.push_back(TRY(reader.raw(length)));
  }
  return reader.expect_end();
}

SegmentKey::SegmentKey(const RepositoryId& repository, ByteView session_key, const Salt& birth)
    : SegmentKey(repository, derive_part_key(session_key, birth.view(), PartType::segment), birth) {
}

SegmentKey::SegmentKey(const RepositoryId& repository, const PartKey& key, const Salt& birth)
    : aead_(key.aes.view()) {
  std::ranges::copy(key.commitment, commitment_.bytes.begin());
  ByteWriter writer;
  writer.raw(repository.view()).u8(static_cast<std::uint8_t>(PartType::segment)).u16(kFormat);
  writer.raw(birth.view()).u32(0).u32(0).u32(0).u8(0);
  associated_ = writer.take();
}

ByteView SegmentKey::associated_data(const SegmentShape& shape) {
  auto* const to = associated_.data() + associated_.size() - kShapeSize;
  put_u32(to, shape.number);
  put_u32(to + 4, shape.stored);
  put_u32(to + 8, shape.raw);
  to[12] = static_cast<std::uint8_t>(shape.method);
  return associated_;
}

void SegmentKey::seal(const SegmentShape& shape, ByteView body, Bytes& out) {
  aead_.seal(shape.number, associated_data(shape), body, out);
}

Result<void> SegmentKey::open(const SegmentShape& shape, ByteView stored, Bytes& body) {
  body.clear();
  if (stored.size() != shape.stored) return fail(Code::corrupt, "a segment of the wrong length");
  return aead_.open(shape.number, associated_data(shape), stored, body);
}

}  // namespace lifeboat::repository
