#pragma once
// Sealing to an X25519 public key (libsodium's crypto_box_seal): whoever holds only the public key
// can seal but never open, not even what it sealed itself. Thread-safe.
#include "base/id.h"
#include "base/secret.h"

namespace lifeboat::crypto {

struct BoxPublicKeyTag;
using BoxPublicKey = Id<BoxPublicKeyTag, 32>;

constexpr std::size_t kBoxOverhead = 48;  // an ephemeral public key and a tag

class BoxKeyPair {
 public:
  static constexpr std::size_t kSeedSize = 32;

  // crypto_box_seed_keypair: the private key is the first half of SHA-512 of the seed. A seed of
  // another size is `corrupt`.
  static Result<BoxKeyPair> from_seed(const Secret& seed);

  const BoxPublicKey& public_key() const { return public_key_; }
  const Secret& private_key() const { return private_key_; }

 private:
  BoxKeyPair() = default;
  BoxPublicKey public_key_;
  Secret private_key_;
};

// plain.size() + 48 bytes; a public key of low order (never one that from_seed made) is `corrupt`.
Result<Bytes> seal_to(const BoxPublicKey& recipient, ByteView plain);

// `corrupt` when the bytes were changed or sealed to another key: the box cannot tell which, so
// name the recipient beside it.
Result<Secret> open_sealed(const BoxKeyPair& recipient, ByteView sealed);

}  // namespace lifeboat::crypto
