#include "repository/snapshot_object.h"

#include "crypto/hash.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxReason = 4096;
constexpr std::size_t kMaxPart = kMaxSnapshot;

PartSpec snapshot_spec(const RoleKeys& keys, PartType type, std::string_view name, ByteView clear) {
  return {type, keys.repository, name, clear};
}

void append_sized(Bytes& object, ByteView part) {
  ByteWriter writer;
  writer.sized(part);
  append(object, writer.bytes());
}

Result<void> require_signer(const Signer& signer, const SessionRef& ref) {
  if (signer.id == ref.writer) return {};
  return fail(Code::corrupt, "signed by \"" + signer.name + "\" for another writer");
}

Result<SnapshotHead> open_head(const RoleKeys& keys, const SessionRef& ref, ByteView sealed) {
  const auto name = snapshot_key(ref);
  const auto prefix = make_prefix(ObjectType::snapshot);
  const auto plain = TRY(open_part(snapshot_spec(keys, PartType::snapshot_head, name, prefix),
                                   keys.index.view(), sealed));
  auto head = TRY(decode_head(plain));
  if (head.info.writer != ref.writer || head.info.seq != ref.seq)
    return fail(Code::corrupt, "a head that names another session");
  return head;
}

Result<SessionEnd> read_snapshot(const RoleKeys& keys, const SessionRef& ref, ByteView object) {
  ByteReader reader(object.subspan(kPrefixSize));
  const auto head = TRY(reader.sized(kMaxPart));
  TRY(reader.sized(kMaxPart));
  SessionEnd end;
  end.signer = TRY(read_signature(keys, snapshot_key(ref), object, reader));
  TRY(require_role(end.signer, {Role::writer, Role::admin}));
  TRY(require_signer(end.signer, ref));
  end.head = TRY_CONTEXT("head", open_head(keys, ref, head));
  end.head->info.id = TRY(SnapshotId::from(crypto::sha256(object).view()));
  return end;
}

Result<SessionEnd> read_void(const RoleKeys& keys, const SessionRef& ref, ByteView object) {
  ByteReader reader(object.subspan(kPrefixSize));
  SessionEnd end;
  end.void_reason = TRY(reader.sized_text(kMaxReason));
  end.signer = TRY(read_signature(keys, snapshot_key(ref), object, reader));
  TRY(require_role(end.signer, {Role::writer, Role::collector, Role::admin}));
  if (end.signer.role == Role::writer) TRY(require_signer(end.signer, ref));
  return end;
}

}  // namespace

Result<Bytes> make_snapshot(const RoleKeys& keys, const SnapshotDraftObject& draft,
                            Random& random) {
  const auto name = snapshot_key(draft.ref);
  auto object = make_prefix(ObjectType::snapshot);
  const auto head = TRY(seal_part(snapshot_spec(keys, PartType::snapshot_head, name, object),
                                  keys.index.view(), encode_head(*draft.head), random));
  append_sized(object, head);
  const auto body = TRY(seal_part(snapshot_spec(keys, PartType::snapshot_body, name, object),
                                  draft.session_key, encode_body(*draft.body), random));
  append_sized(object, body);
  TRY(append_signature(keys, name, object));
  if (object.size() > kMaxSnapshot)
    return fail(Code::usage, "the snapshot's list of entries is larger than the format allows");
  return object;
}

Result<Bytes> make_void(const RoleKeys& keys, const SessionRef& ref, std::string_view reason) {
  auto object = make_prefix(ObjectType::void_);
  append_sized(object, view_of(reason));
  TRY(append_signature(keys, snapshot_key(ref), object));
  return object;
}

Result<SessionEnd> read_session_end(const RoleKeys& keys, const SessionRef& ref, ByteView object) {
  if (strip_prefix(object, ObjectType::void_)) return read_void(keys, ref, object);
  TRY(strip_prefix(object, ObjectType::snapshot));
  return read_snapshot(keys, ref, object);
}

Result<SnapshotBody> read_snapshot_body(const RoleKeys& keys, const SessionRef& ref,
                                        ByteView object, ByteView session_key) {
  ByteReader reader(TRY(strip_prefix(object, ObjectType::snapshot)));
  TRY(reader.sized(kMaxPart));
  const auto clear = object.first(object.size() - reader.remaining());
  const auto body = TRY(reader.sized(kMaxPart));
  const auto name = snapshot_key(ref);
  const auto plain = TRY_CONTEXT(
      "body",
      open_part(snapshot_spec(keys, PartType::snapshot_body, name, clear), session_key, body));
  return TRY_CONTEXT("body", decode_body(plain));
}

}  // namespace lifeboat::repository
