#pragma once
// The object `snapshots/<writer>/<seq>`: a snapshot of head and body, or the void that ends a
// session without one (docs/format.md, section 5). Pure functions, thread-safe.
#include <optional>

#include "repository/sealed.h"
#include "repository/snapshot_body.h"
#include "repository/snapshot_head.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxSnapshot = 256U << 20U;

struct SnapshotDraftObject {
  SessionRef ref;
  ByteView session_key;
  const SnapshotHead* head = nullptr;
  const SnapshotBody* body = nullptr;
};

Result<Bytes> make_snapshot(const RoleKeys& keys, const SnapshotDraftObject& draft, Random& random);
Result<Bytes> make_void(const RoleKeys& keys, const SessionRef& ref, std::string_view reason);

// What lies under the name of a session's end.
struct SessionEnd {
  Signer signer;
  std::optional<SnapshotHead> head;  // none: a void
  std::string void_reason;
};

// Name, form, signature, who may, and the head's contents; info.id is set.
Result<SessionEnd> read_session_end(const RoleKeys& keys, const SessionRef& ref, ByteView object);
// The body of a snapshot whose object read_session_end() took.
Result<SnapshotBody> read_snapshot_body(const RoleKeys& keys, const SessionRef& ref,
                                        ByteView object, ByteView session_key);

}  // namespace lifeboat::repository
