#pragma once
// Ed25519 signatures (RFC 8032). Thread-safe: a key does not change once made.
#include "base/id.h"
#include "base/secret.h"

namespace lifeboat::crypto {

struct VerifyKeyTag;
using VerifyKey = Id<VerifyKeyTag, 32>;
struct SignatureTag;
using Signature = Id<SignatureTag, 64>;

class SigningKey {
 public:
  static constexpr std::size_t kSeedSize = 32;

  // The seed is RFC 8032's private key; one of another size is `corrupt`.
  static Result<SigningKey> from_seed(const Secret& seed);

  Signature sign(ByteView message) const;
  const VerifyKey& verify_key() const { return verify_key_; }

 private:
  SigningKey() = default;
  VerifyKey verify_key_;
  Secret expanded_;
};

// `corrupt` unless the key made this signature of exactly this message.
Result<void> verify(const VerifyKey& key, ByteView message, const Signature& signature);

}  // namespace lifeboat::crypto
