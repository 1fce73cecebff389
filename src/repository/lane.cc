#include "repository/lane.h"

#include <algorithm>

namespace lifeboat::repository {
namespace {

constexpr std::size_t kOpenTarget = 256U << 10U;

}  // namespace

Lane::Lane(const Setup& setup)
    : setup_(setup),
      id_key_(setup.keys.chunk_id.view()),
      codec_(setup.options.compression_level),
      open_(kOpenTarget + kMaxChunk) {}

ChunkId Lane::identify(ByteView chunk) { return ChunkId{id_key_.digest(chunk).bytes}; }

Result<std::uint64_t> Lane::store(SegmentBuffer& buffer, Random& random) {
  const auto raw = buffer.raw();
  const auto encoded = TRY(codec_.encode(raw));
  SegmentShape shape;
  shape.method = encoded.method;
  shape.raw = static_cast<std::uint32_t>(raw.size());
  shape.stored = static_cast<std::uint32_t>(encoded.body.size() + crypto::Aead::kTagSize);
  const auto slot = TRY(setup_.sink.reserve(shape.stored, buffer.chunks(), random));
  shape.number = slot.number;
  auto& key = key_of(slot.salt);
  sealed_.clear();
  key.seal(shape, encoded.body, sealed_);
  if (setup_.options.verify_before_store) TRY(verify(shape, raw));
  TRY(setup_.sink.append(slot, {key.commitment(), shape, sealed_, buffer.ids()}, random));
  buffer.clear();
  return shape.stored;
}

SegmentKey& Lane::key_of(const Salt& birth) {
  if (salt_ == birth) return *key_;
  key_.emplace(setup_.keys.repository, setup_.session_key, birth);
  salt_ = birth;
  return *key_;
}

// Memory and libraries have failed before: what cannot be read again is never stored.
Result<void> Lane::verify(const SegmentShape& shape, ByteView raw) {
  const auto opened = key_->open(shape, sealed_, opened_);
  if (opened) {
    const auto decoded = codec_.decode(shape.method, opened_, shape.raw, decoded_);
    if (decoded && std::ranges::equal(*decoded, raw)) return {};
  }
  return fail(Error(Code::internal, "a sealed segment could not be read again")
                  .with_hint("Test this machine's memory; nothing wrong was stored."));
}

}  // namespace lifeboat::repository
