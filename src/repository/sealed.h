#pragma once
// Sealed parts and signed blocks (docs/format.md, section 3): how every object of a repository is
// encrypted and who made it. Pure functions, thread-safe.
#include <string_view>

#include "repository/keys.h"

namespace lifeboat::repository {

enum class PartType : std::uint8_t {
  role_bundle = 1,
  session_information = 2,
  pack_directory = 3,
  index = 4,
  snapshot_head = 5,
  snapshot_body = 6,
  statement = 7,
  collect = 8,
  segment = 9,
  log_head = 10,
  log_content = 11,
};

constexpr std::uint32_t kMaxPlain = 256U << 20U;

struct PartSpec {
  PartType type;
  RepositoryId repository;
  std::string_view name;  // N: the object's name, up to the last '/' when it is a hash
  ByteView clear;         // C: bytes beside the part that it vouches for
};

// Compresses where that helps. `key` has 32 bytes.
Result<Bytes> seal_part(const PartSpec& spec, ByteView key, ByteView plain, Random& random);
// `wrong_key` when the commitment is another key's, `corrupt` for anything else that differs.
Result<Bytes> open_part(const PartSpec& spec, ByteView key, ByteView sealed);

struct PartKey {
  Secret aes;
  Bytes commitment;  // 32 bytes
};
// The key of one sealed part or, with type segment, of all segments born in the pack of that salt.
PartKey derive_part_key(ByteView key, ByteView salt, PartType type);

// Who signed an object, and may say what that role may say.
struct Signer {
  Role role = Role::admin;
  std::string name;
  WriterId id;
};

// Appends `sized(certificate) ‖ signature` over everything in `object` so far.
Result<void> append_signature(const RoleKeys& keys, std::string_view name, Bytes& object);
// `rest` stands at the signed block, with which `object` ends: checks certificate and signature.
Result<Signer> read_signature(const RoleKeys& keys, std::string_view name, ByteView object,
                              ByteReader& rest);
// `corrupt` unless the signer's role is one of these.
Result<void> require_role(const Signer& signer, std::initializer_list<Role> allowed);

}  // namespace lifeboat::repository
