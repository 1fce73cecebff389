#pragma once
// Opens segments: key, seal, compression, layout; everything but the chunks' ids. One thread at a
// time.
#include <optional>

#include "repository/pack_directory.h"

namespace lifeboat::repository {

class SegmentOpener {
 public:
  // `sessions` must outlive the opener.
  SegmentOpener(const RepositoryId& repository, SessionKeys& sessions)
      : repository_(repository), sessions_(&sessions), codec_(1) {}

  // The chunks of the segment whose bytes these are, valid until the next call. `wrong_key` when
  // the session key is another than that it was sealed with, `corrupt` when anything differs.
  Result<std::span<const ByteView>> open(const PackBirth& birth, const SegmentShape& shape,
                                         ByteView stored);
  // The raw bytes of the segment opened last, which the chunks are views of; taken out for keeping.
  Bytes take_raw();

 private:
  Result<void> use_birth(const PackBirth& birth);

  RepositoryId repository_;
  SessionKeys* sessions_;
  SegmentCodec codec_;
  std::optional<Salt> salt_;
  std::optional<SegmentKey> key_;
  Bytes body_;
  Bytes memory_;
  bool in_body_ = false;
  std::vector<ByteView> chunks_;
};

}  // namespace lifeboat::repository
