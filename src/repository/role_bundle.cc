#include "repository/role_bundle.h"

#include <algorithm>

#include "crypto/sealed_box.h"
#include "repository/certificate.h"
#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxRecipients = 64;

// JSON values hold their texts in ordinary memory: they are overwritten before it is freed.
class WipedJson {
 public:
  explicit WipedJson(Json value) : value_(std::move(value)) {}
  WipedJson(const WipedJson&) = delete;
  WipedJson& operator=(const WipedJson&) = delete;
  ~WipedJson() {
    for (auto& each : value_)
      if (each.is_string()) wipe(each.get_ref<std::string&>());
  }
  Json& operator*() { return value_; }

 private:
  Json value_;
};

Result<Secret> secret_at(const Json& object, std::string_view key) {
  auto bytes = TRY(hex_at(object, key, 32));
  Secret secret(bytes);
  wipe(bytes);
  return secret;
}

void put_secret(Json& object, const char* key, const Secret& secret) {
  object[key] = to_hex(secret.view());
}

Result<Role> role_at(const Json& object) {
  const auto text = TRY(text_at(object, "role"));
  for (const auto role : {Role::admin, Role::writer, Role::reader, Role::collector})
    if (name_of(role) == text) return role;
  return fail(Code::corrupt, "a role that does not exist");
}

Result<void> read_public_members(const Json& object, RoleKeys& keys) {
  if (TRY(number_at(object, "format")) != kFormat)
    return fail(Code::corrupt, "a role bundle of another format");
  keys.role = TRY(role_at(object));
  keys.name = TRY(parse_role_name(view_of(TRY(text_at(object, "name")))));
  keys.repository = TRY(id_at<RepositoryId>(object, "repository"));
  keys.config_hash = TRY(hex_at(object, "config", 32));
  keys.root_public = TRY(hex_at(object, "root_public", 32));
  keys.certificate = TRY(from_hex(TRY(short_text_at(object, "certificate", 2 * kMaxCertificate))));
  for (const auto& each : TRY(texts_at(object, "recipients", kMaxRecipients)))
    keys.recipients.push_back(to_bytes(TRY(crypto::BoxPublicKey::from_hex(each)).view()));
  if (keys.recipients.empty()) return fail(Code::corrupt, "a role bundle without recipients");
  return {};
}

Result<void> read_secret_members(const Json& object, RoleKeys& keys) {
  keys.signing_seed = TRY(secret_at(object, "signing_seed"));
  if (keys.role == Role::admin) {
    fill_from_root(keys, TRY(secret_at(object, "root")));
    return {};
  }
  keys.index = TRY(secret_at(object, "index"));
  if (keys.role == Role::reader) keys.box_seed = TRY(secret_at(object, "box_seed"));
  if (keys.role == Role::collector) return {};
  keys.chunk_id = TRY(secret_at(object, "chunk_id"));
  keys.cut = TRY(secret_at(object, "cut"));
  return {};
}

Result<void> check_certificate(RoleKeys& keys) {
  const auto content = TRY(read_certificate(keys.repository, keys.root_public, keys.certificate));
  const auto own = TRY(crypto::SigningKey::from_seed(keys.signing_seed));
  if (content.role != keys.role || content.name != keys.name || content.key != own.verify_key())
    return fail(Code::corrupt, "a certificate of another key");
  keys.writer = writer_id_of(content.key);
  return {};
}

Result<void> check_box(const RoleKeys& keys) {
  if (keys.box_seed.empty()) return {};
  const auto box = TRY(crypto::BoxKeyPair::from_seed(keys.box_seed));
  if (!std::ranges::equal(box.public_key().view(), keys.recipients.front()))
    return fail(Code::corrupt, "a key pair of another repository");
  return {};
}

}  // namespace

std::string encode_bundle(const RoleKeys& keys) {
  WipedJson object(Json{{"format", kFormat},
                        {"role", std::string(name_of(keys.role))},
                        {"name", keys.name},
                        {"repository", keys.repository.hex()},
                        {"config", to_hex(keys.config_hash)},
                        {"root_public", to_hex(keys.root_public)},
                        {"certificate", to_hex(keys.certificate)}});
  (*object)["recipients"] = Json::array();
  for (const auto& each : keys.recipients) (*object)["recipients"].push_back(to_hex(each));
  put_secret(*object, "signing_seed", keys.signing_seed);
  if (keys.role == Role::admin) {
    put_secret(*object, "root", keys.root);
    return canonical_json(*object);
  }
  put_secret(*object, "index", keys.index);
  if (keys.role == Role::reader) put_secret(*object, "box_seed", keys.box_seed);
  if (keys.role != Role::collector) {
    put_secret(*object, "chunk_id", keys.chunk_id);
    put_secret(*object, "cut", keys.cut);
  }
  return canonical_json(*object);
}

Result<RoleKeys> decode_bundle(ByteView plain) {
  auto text = to_text(plain);
  auto parsed = parse_json(text, kMaxBundle);
  wipe(text);
  WipedJson object(TRY(std::move(parsed)));
  RoleKeys keys;
  TRY(read_public_members(*object, keys));
  TRY(read_secret_members(*object, keys));
  TRY(check_certificate(keys));
  TRY(check_box(keys));
  return keys;
}

}  // namespace lifeboat::repository
