#include "repository/log_object.h"

#include "crypto/hash.h"
#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxHead = 16U << 20U;
constexpr std::string_view kLogs = "logs/";

PartSpec log_spec(const RoleKeys& keys, PartType type, std::string_view name, ByteView clear) {
  return {type, keys.repository, name, clear};
}

Json log_head(const NewLogPiece& piece) {
  return {{"service", piece.service},
          {"source", piece.source},
          {"type", piece.type},
          {"about", piece.about},
          {"size", piece.content.size()}};
}

// Head and name must be of the same log.
Result<void> read_log_head(const RoleKeys& keys, const LogName& name, ByteView plain,
                           LogObject& object) {
  const auto head = TRY(parse_json(to_text(plain), kMaxHead));
  object.info.service = TRY(short_text_at(head, "service", kMaxText));
  object.info.source = TRY(short_text_at(head, "source", kMaxText));
  TRY(short_text_at(head, "type", kMaxText));
  TRY(count_at(head, "size"));
  object.about = *TRY(member(head, "about"));
  if (log_id_of(keys, object.info.service, object.info.source) == name.log) return {};
  return fail(Code::corrupt, "a piece of another log");
}

}  // namespace

LogId log_id_of(const RoleKeys& keys, const std::string& service, const std::string& source) {
  ByteWriter name;
  name.raw("lifeboat 1 log").sized(service).sized(source);
  const auto mac = crypto::hmac_sha256(keys.index.view(), name.bytes());
  return LogId::from(mac.view().first(LogId::kSize)).value();
}

std::string log_folder(const LogId& log) { return std::string(kLogs) + log.hex() + "/"; }

std::string log_key(const LogName& name) {
  return log_folder(name.log) + hex_of(name.from) + "-" + hex_of(name.to);
}

Result<LogName> parse_log_key(std::string_view key) {
  constexpr std::size_t kId = 2 * LogId::kSize;
  constexpr std::size_t kNumber = 16;
  const auto form = fail(Code::corrupt, "\"" + std::string(key) + "\" names no piece of a log");
  if (!key.starts_with(kLogs)) return form;
  const auto rest = key.substr(kLogs.size());
  if (rest.size() != kId + 1 + kNumber + 1 + kNumber) return form;
  if (rest[kId] != '/' || rest[kId + 1 + kNumber] != '-') return form;
  LogName name;
  name.log = TRY(LogId::from_hex(std::string(rest.substr(0, kId))));
  name.from = TRY(parse_seq(rest.substr(kId + 1, kNumber)));
  name.to = TRY(parse_seq(rest.substr(kId + 1 + kNumber + 1)));
  if (name.from > name.to) return form;
  return name;
}

Result<Bytes> make_log_object(const RoleKeys& keys, const NewLogPiece& piece, Random& random) {
  if (piece.content.size() > kMaxLogContent)
    return fail(Code::usage, "a piece of a log that is larger than the format allows");
  const auto name = log_key({log_id_of(keys, piece.service, piece.source), piece.from, piece.to});
  Bytes raw(kBoxedKeySize);
  random.fill(raw);
  const Secret key(std::move(raw));
  auto object = make_prefix(ObjectType::log);
  ByteWriter head;
  head.sized(TRY(seal_part(log_spec(keys, PartType::log_head, name, object), keys.index.view(),
                           view_of(canonical_json(log_head(piece))), random)));
  append(object, head.bytes());
  append(object, TRY(box_key(keys, key)));
  ByteWriter content;
  content.sized(TRY(seal_part(log_spec(keys, PartType::log_content, name, object), key.view(),
                              piece.content, random)));
  append(object, content.bytes());
  TRY(append_signature(keys, name, object));
  return object;
}

Result<std::size_t> log_head_size(ByteView begin) {
  ByteReader reader(TRY(strip_prefix(begin, ObjectType::log)));
  const std::size_t size = TRY(reader.u32());
  if (size > kMaxHead) return fail(Code::corrupt, "a head that is larger than the format allows");
  return begin.size() - reader.remaining() + size;
}

Result<Json> parse_log_head(const RoleKeys& keys, const LogName& name, ByteView head) {
  const auto key = log_key(name);  // the spec only looks at it
  ByteReader reader(TRY(strip_prefix(head, ObjectType::log)));
  const auto spec = log_spec(keys, PartType::log_head, key, head.first(kPrefixSize));
  const auto plain = TRY(open_part(spec, keys.index.view(), TRY(reader.sized(kMaxHead))));
  LogObject object;
  TRY(read_log_head(keys, name, plain, object));
  return std::move(object.about);
}

Result<LogObject> parse_log_object(const RoleKeys& keys, const LogName& name, ByteView bytes) {
  const auto key = log_key(name);
  ByteReader reader(TRY(strip_prefix(bytes, ObjectType::log)));
  LogObject object;
  object.info.log = name.log;
  object.info.from = name.from;
  object.info.to = name.to;
  object.info.stored = bytes.size();
  const auto head = TRY(reader.sized(kMaxHead));
  object.boxes = TRY(parse_boxes(reader));
  object.clear = bytes.first(bytes.size() - reader.remaining());
  object.content = TRY(reader.sized(kMaxLogObject));
  object.signer = TRY(read_signature(keys, key, bytes, reader));
  TRY(require_role(object.signer, {Role::writer, Role::admin}));
  const auto prefix = bytes.first(kPrefixSize);
  const auto plain = TRY_CONTEXT(
      "head", open_part(log_spec(keys, PartType::log_head, key, prefix), keys.index.view(), head));
  TRY_CONTEXT("head", read_log_head(keys, name, plain, object));
  return object;
}

Result<Bytes> open_log_content(const RoleKeys& keys, const LogName& name, const LogObject& object) {
  const auto key = TRY(open_boxed_key(keys, object.boxes, "logs"));
  return TRY_CONTEXT("content",
                     open_part(log_spec(keys, PartType::log_content, log_key(name), object.clear),
                               key.view(), object.content));
}

}  // namespace lifeboat::repository
