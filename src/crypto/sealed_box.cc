#include "crypto/sealed_box.h"

#include <sodium.h>

#include "crypto/require.h"

namespace lifeboat::crypto {

static_assert(BoxPublicKey::kSize == crypto_box_PUBLICKEYBYTES);
static_assert(BoxKeyPair::kSeedSize == crypto_box_SEEDBYTES);
static_assert(kBoxOverhead == crypto_box_SEALBYTES);

Result<BoxKeyPair> BoxKeyPair::from_seed(const Secret& seed) {
  if (seed.size() != kSeedSize) return fail(Code::corrupt, "a box seed of the wrong length");
  require_sodium();
  BoxKeyPair pair;
  pair.private_key_ = Secret(crypto_box_SECRETKEYBYTES);
  require(crypto_box_seed_keypair(pair.public_key_.bytes.data(), pair.private_key_.span().data(),
                                  seed.view().data()) == 0,
          "X25519 failed");
  return pair;
}

Result<Bytes> seal_to(const BoxPublicKey& recipient, ByteView plain) {
  require_sodium();
  Bytes sealed(plain.size() + kBoxOverhead);
  if (crypto_box_seal(sealed.data(), plain.data(), plain.size(), recipient.bytes.data()) != 0)
    return fail(Code::corrupt, "a recipient's public key is not a usable one");
  return sealed;
}

Result<Secret> open_sealed(const BoxKeyPair& recipient, ByteView sealed) {
  require_sodium();
  if (sealed.size() < kBoxOverhead) return fail(Code::corrupt, "a sealed box is too short");
  Secret plain(sealed.size() - kBoxOverhead);
  if (crypto_box_seal_open(plain.span().data(), sealed.data(), sealed.size(),
                           recipient.public_key().bytes.data(),
                           recipient.private_key().view().data()) != 0)
    return fail(Code::corrupt, "a sealed box was changed, or sealed to another recipient");
  return plain;
}

}  // namespace lifeboat::crypto
