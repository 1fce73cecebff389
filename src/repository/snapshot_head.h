#pragma once
// The head of a snapshot: what lists, retention and collections need, readable by every role
// (docs/format.md, section 5). Values and pure functions.
#include "repository/seen.h"
#include "repository/segment_set.h"

namespace lifeboat::repository {

struct SnapshotHead {
  SnapshotInfo info;  // id, first_stored and what statements tell are not in the head
  Seen seen;
  SegmentSet used;
  SegmentSet thin;  // of those used: hardly
};

Bytes encode_head(const SnapshotHead& head);
Result<SnapshotHead> decode_head(ByteView plain);

}  // namespace lifeboat::repository
