#pragma once
// The object `keys/<hash>`: a role bundle wrapped for one passphrase, key file or X25519 recipient
// (docs/format.md, section 3.1). Pure functions, thread-safe.
#include "crypto/derive.h"
#include "repository/keys.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxSlot = 256U << 10U;
constexpr std::size_t kKeyFileSize = 32;

enum class SlotKind : std::uint8_t { passphrase = 1, key_file = 2, recipient = 3 };

std::string_view name_of(SlotKind kind);

// A slot as it lies in storage; the spans point into the object.
struct KeySlot {
  SlotKind kind = SlotKind::passphrase;
  Role role = Role::admin;
  std::string name;
  ByteView salt;            // passphrase
  crypto::Argon2Cost cost;  // passphrase
  ByteView recipient;       // recipient: the public key …
  ByteView box;             // … and K sealed to it
  ByteView clear;           // all before the sealed part
  ByteView sealed;
};

// Form only: whether it opens is not known before a key is tried.
Result<KeySlot> parse_slot(ByteView object);
// `wrong_key` when the credential is not this slot's, `corrupt` when it is and the rest does not
// fit.
Result<RoleKeys> open_slot(const KeySlot& slot, const RepositoryId& repository,
                           const Credential& credential);

// The object for a new slot. For escrow `recipient_public` is given in place of a credential.
Result<Bytes> make_slot(const RoleKeys& keys, const Credential& credential, Random& random);
Result<Bytes> make_recipient_slot(const RoleKeys& keys, ByteView recipient_public, Random& random);

}  // namespace lifeboat::repository
