#pragma once
// The body of a snapshot: configuration, and for each source its facts, position, findings and
// where its entries are (docs/format.md, section 5). Values and pure functions.
#include "repository/fields.h"

namespace lifeboat::repository {

struct SnapshotBody {
  Json config;
  std::vector<SourceManifest> sources;
};

Bytes encode_body(const SnapshotBody& body);
Result<SnapshotBody> decode_body(ByteView plain);

}  // namespace lifeboat::repository
