#pragma once
// Keys from keys (HKDF) and keys from passphrases (Argon2id). Thread-safe.
#include "base/secret.h"

namespace lifeboat::crypto {

// HKDF-SHA-256 (RFC 5869), extract and expand; `size` is 1 to 8160 bytes and `key` is not empty.
Secret hkdf_sha256(ByteView key, ByteView salt, std::string_view info, std::size_t size);

struct Argon2Cost {
  std::uint64_t memory_bytes = 64U << 20U;
  std::uint64_t passes = 3;
};

constexpr std::size_t kArgon2SaltSize = 16;
constexpr std::uint64_t kMaxArgon2Memory = 1U << 30U;
constexpr std::uint64_t kMaxArgon2Passes = 32;

// Argon2id version 1.3 with one lane (RFC 9106): 32 bytes. The cost and the salt may come from a
// hostile key slot: outside 8 KiB to 1 GiB, 1 to 32 passes and 16 bytes they are `corrupt`,
// and nothing is allocated. Too little memory on this host is `unavailable`.
Result<Secret> argon2id(const Secret& passphrase, ByteView salt, const Argon2Cost& cost);

}  // namespace lifeboat::crypto
