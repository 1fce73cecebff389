#include "crypto/signature.h"

#include <sodium.h>

#include "crypto/require.h"

namespace lifeboat::crypto {

static_assert(VerifyKey::kSize == crypto_sign_PUBLICKEYBYTES);
static_assert(Signature::kSize == crypto_sign_BYTES);
static_assert(SigningKey::kSeedSize == crypto_sign_SEEDBYTES);

Result<SigningKey> SigningKey::from_seed(const Secret& seed) {
  if (seed.size() != kSeedSize) return fail(Code::corrupt, "a signing seed of the wrong length");
  require_sodium();
  SigningKey key;
  key.expanded_ = Secret(crypto_sign_SECRETKEYBYTES);
  require(crypto_sign_seed_keypair(key.verify_key_.bytes.data(), key.expanded_.span().data(),
                                   seed.view().data()) == 0,
          "Ed25519 failed");
  return key;
}

Signature SigningKey::sign(ByteView message) const {
  Signature signature;
  require(crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(),
                               expanded_.view().data()) == 0,
          "Ed25519 failed");
  return signature;
}

Result<void> verify(const VerifyKey& key, ByteView message, const Signature& signature) {
  require_sodium();
  if (crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                  key.bytes.data()) != 0)
    return fail(Code::corrupt, "a signature does not match");
  return {};
}

}  // namespace lifeboat::crypto
