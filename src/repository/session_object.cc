#include "repository/session_object.h"

#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxAbout = 64U << 10U;

PartSpec about_spec(const RoleKeys& keys, std::string_view name, ByteView clear) {
  return {PartType::session_information, keys.repository, name, clear};
}

Result<Bytes> clear_fields(const RoleKeys& keys, const NewSession& session, const Secret& key) {
  ByteWriter writer;
  writer.raw(make_prefix(ObjectType::session)).u64(to_micros(session.started));
  writer.u64(static_cast<std::uint64_t>(session.patience.count()));
  writer.raw(TRY(box_key(keys, key)));
  return writer.take();
}

Result<SessionAbout> open_about(const PartSpec& spec, const RoleKeys& keys, ByteView sealed) {
  const auto plain = TRY(open_part(spec, keys.index.view(), sealed));
  const auto value = TRY(parse_json(to_text(plain), kMaxAbout));
  return SessionAbout{TRY(text_at(value, "host")), TRY(text_at(value, "service")),
                      TRY(text_at(value, "version"))};
}

Result<Duration> parse_patience(std::uint64_t micros) {
  return TRY(from_micros(micros)).time_since_epoch();
}

}  // namespace

Result<Bytes> make_session(const RoleKeys& keys, const NewSession& session, const Secret& key,
                           Random& random) {
  auto object = TRY(clear_fields(keys, session, key));
  const auto name = session_key(session.ref);
  const auto about = canonical_json({{"host", session.about.host},
                                     {"service", session.about.service},
                                     {"version", session.about.version}});
  ByteWriter sealed;
  sealed.sized(
      TRY(seal_part(about_spec(keys, name, object), keys.index.view(), view_of(about), random)));
  append(object, sealed.bytes());
  TRY(append_signature(keys, name, object));
  return object;
}

Result<SessionObject> parse_session(const RoleKeys& keys, const SessionRef& ref, ByteView object) {
  ByteReader reader(TRY(strip_prefix(object, ObjectType::session)));
  SessionObject session;
  session.started = TRY(from_micros(TRY(reader.u64())));
  session.patience = TRY(parse_patience(TRY(reader.u64())));
  session.boxes = TRY(parse_boxes(reader));
  const auto clear = object.first(object.size() - reader.remaining());
  const auto sealed = TRY(reader.sized(kMaxAbout));
  const auto name = session_key(ref);
  session.signer = TRY(read_signature(keys, name, object, reader));
  TRY(require_role(session.signer, {Role::writer, Role::collector, Role::admin}));
  if (session.signer.id != ref.writer)
    return fail(Code::corrupt, "a session that another writer signed");
  session.about = TRY(open_about(about_spec(keys, name, clear), keys, sealed));
  return session;
}

Result<Secret> open_session_key(const RoleKeys& keys, const SessionObject& session) {
  return open_boxed_key(keys, session.boxes, "snapshots");
}

}  // namespace lifeboat::repository
