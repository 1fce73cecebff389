#include "repository/lane.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kOpenTarget = 256U << 10U;

}  // namespace

Lane::Lane(const Setup& setup)
    : setup_(setup),
      id_key_(setup.keys.chunk_id.view()),
      codec_(setup.options.compression_level),
      open_(kOpenTarget + kMaxChunk) {}

// The sum comes first: what changes between the two is found, too.
ChunkNote Lane::identify(ByteView chunk) {
  const auto sum = quick_sum(chunk);
  return {ChunkId{id_key_.digest(chunk).bytes}, sum};
}

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
  if (setup_.options.verify_before_store) TRY(verify(shape, buffer));
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
Result<void> Lane::verify(const SegmentShape& shape, const SegmentBuffer& buffer) {
  const auto same = reads_back(shape, buffer);
  if (same && *same) return {};
  return fail(Error(Code::internal, "a sealed segment does not give back what went into it")
                  .with_hint("Test this machine's memory; nothing wrong was stored."));
}

Result<bool> Lane::reads_back(const SegmentShape& shape, const SegmentBuffer& buffer) {
  TRY(key_->open(shape, sealed_, opened_));
  const auto decoded = TRY(codec_.decode(shape.method, opened_, shape.raw, decoded_));
  TRY(parse_segment(decoded, chunks_));
  if (chunks_.size() != buffer.chunks()) return false;
  for (std::size_t i = 0; i < chunks_.size(); ++i)
    if (quick_sum(chunks_[i]) != buffer.noted(i).sum) return false;
  return true;
}

}  // namespace lifeboat::repository
