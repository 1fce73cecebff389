#pragma once
// Certificates: the root signing key's word that a public key belongs to a role and a name
// (docs/format.md, section 3). Pure functions, thread-safe.
#include "crypto/signature.h"
#include "repository/sealed.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxRoleName = 100;
constexpr std::size_t kMaxCertificate = 1 + 4 + kMaxRoleName + 32 + 64;

struct Certificate {
  Role role = Role::admin;
  std::string name;
  crypto::VerifyKey key;
};

Result<Role> parse_role(std::uint8_t number);
// 1 to 100 bytes of printable UTF-8 (it is shown in terminals); else `corrupt`.
Result<std::string> parse_role_name(ByteView bytes);
WriterId writer_id_of(const crypto::VerifyKey& key);
Bytes make_certificate(const RepositoryId& repository, const Certificate& content,
                       const crypto::SigningKey& root);
// `corrupt` unless it has the form and the root made it for this repository.
Result<Certificate> read_certificate(const RepositoryId& repository, ByteView root_public,
                                     ByteView bytes);

}  // namespace lifeboat::repository
