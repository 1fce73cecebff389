#include "repository/keys.h"

#include "crypto/derive.h"
#include "crypto/sealed_box.h"
#include "repository/certificate.h"

namespace lifeboat::repository {
namespace {

Secret derive_from(const Secret& root, const RepositoryId& repository, std::string_view name) {
  return crypto::hkdf_sha256(root.view(), repository.view(), "lifeboat 1 " + std::string(name), 32);
}

// The table of role bundles: who holds which key.
bool holds_chunk_keys(Role role) { return role != Role::collector; }

Result<void> sign_role(RoleKeys& keys, const crypto::SigningKey& root, Random& random) {
  keys.signing_seed = Secret(crypto::SigningKey::kSeedSize);
  random.fill(keys.signing_seed.span());
  const auto own = TRY(crypto::SigningKey::from_seed(keys.signing_seed));
  keys.certificate =
      make_certificate(keys.repository, {keys.role, keys.name, own.verify_key()}, root);
  keys.root_public = to_bytes(root.verify_key().view());
  keys.writer = writer_id_of(own.verify_key());
  return {};
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::admin:
      return "admin";
    case Role::writer:
      return "writer";
    case Role::reader:
      return "reader";
    case Role::collector:
      return "collector";
  }
  return "unknown role";
}

Result<RoleKeys> grant_role(const Secret& root, const RoleGrant& grant, Random& random) {
  if (!parse_role_name(view_of(grant.name)))
    return fail(Code::usage, "a key's name has 1 to 100 printable bytes");
  RoleKeys keys;
  keys.repository = grant.repository;
  keys.config_hash = grant.config_hash;
  keys.role = grant.role;
  keys.name = grant.name;
  fill_from_root(keys, root);
  const auto box =
      TRY(crypto::BoxKeyPair::from_seed(derive_from(root, keys.repository, "box seed")));
  keys.recipients.push_back(to_bytes(box.public_key().view()));
  for (const auto& more : grant.more_recipients) keys.recipients.push_back(more);
  const auto seed = derive_from(root, keys.repository, "signing seed");
  TRY(sign_role(keys, TRY(crypto::SigningKey::from_seed(seed)), random));
  return keys;
}

void fill_from_root(RoleKeys& keys, const Secret& root) {
  keys.index = derive_from(root, keys.repository, "index");
  if (keys.role == Role::admin) keys.root = root.clone();
  if (may_read(keys.role)) keys.box_seed = derive_from(root, keys.repository, "box seed");
  if (!holds_chunk_keys(keys.role)) return;
  keys.chunk_id = derive_from(root, keys.repository, "chunk id");
  keys.cut = derive_from(root, keys.repository, "cut");
}

}  // namespace lifeboat::repository
