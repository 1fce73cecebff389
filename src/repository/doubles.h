#pragma once
// Segments that lie in more than one pack, byte for byte: what a collection leaves that ended, or
// met another, between copying and listing. Pure but for reading storage.
#include "repository/pack.h"
#include "repository/store.h"
#include "repository/survey.h"

namespace lifeboat::repository {

// Two segments are the same only when everything about them is: that a pack says it holds a segment
// which another holds, too, is no proof, since a collector can open neither.
Bytes identity_of(const PackDirectory& directory, const PackSegment& segment, ByteView stored);

// Looks at the packs that are said to hold the segments of census.twice, and marks those that do.
Result<void> mark_doubles(const Store& store, PackCensus& census, const RunContext& context);

}  // namespace lifeboat::repository
