#include "repository/segment_opener.h"

#include "crypto/random.h"

namespace lifeboat::repository {

Result<std::span<const ByteView>> SegmentOpener::open(const PackBirth& birth,
                                                      const SegmentShape& shape, ByteView stored) {
  TRY(use_birth(birth));
  TRY(key_->open(shape, stored, body_));
  const auto raw = TRY(codec_.decode(shape.method, body_, shape.raw, memory_));
  in_body_ = shape.method == Method::stored;
  TRY(parse_segment(raw, chunks_));
  return chunks_;
}

Bytes SegmentOpener::take_raw() { return std::move(in_body_ ? body_ : memory_); }

Result<void> SegmentOpener::use_birth(const PackBirth& birth) {
  if (salt_ == birth.salt) return {};
  salt_.reset();
  const auto session = TRY(sessions_->find(birth.session));
  key_.emplace(repository_, session->view(), birth.salt);
  if (!crypto::constant_time_equal(key_->commitment().view(), birth.commitment.view()))
    return fail(Code::wrong_key, "the session key is not the one that sealed the segment");
  salt_ = birth.salt;
  return {};
}

}  // namespace lifeboat::repository
