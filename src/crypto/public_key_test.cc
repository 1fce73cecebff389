#include <gtest/gtest.h>

#include "crypto/random.h"
#include "crypto/sealed_box.h"
#include "crypto/signature.h"

namespace lifeboat::crypto {
namespace {

struct SignatureVector {
  std::string_view seed, key, message, signature;
};

// RFC 8032, 7.1, tests 1 and 2.
constexpr SignatureVector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
     "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"}};

SigningKey key_of(const SignatureVector& vector) {
  return std::move(*SigningKey::from_seed(Secret(*from_hex(vector.seed))));
}

TEST(Signature, MatchesRfc8032) {
  for (const auto& vector : kVectors) {
    const auto key = key_of(vector);
    const auto message = *from_hex(vector.message);
    EXPECT_EQ(key.verify_key().hex(), vector.key);
    EXPECT_EQ(key.sign(message).hex(), vector.signature);
    EXPECT_TRUE(verify(key.verify_key(), message, key.sign(message)));
  }
}

TEST(Signature, AChangedMessageSignatureOrKeyIsCorrupt) {
  const auto key = key_of(kVectors[0]);
  const auto good = key.sign(view_of("evidence"));
  EXPECT_TRUE(verify(key.verify_key(), view_of("evidence"), good));
  EXPECT_EQ(verify(key.verify_key(), view_of("Evidence"), good).error().code(), Code::corrupt);
  EXPECT_FALSE(verify(key_of(kVectors[1]).verify_key(), view_of("evidence"), good));
  auto flipped = good;
  flipped.bytes[40] ^= 1;
  EXPECT_FALSE(verify(key.verify_key(), view_of("evidence"), flipped));
}

// A key of all zeros has small order: naive verifiers accept a zero signature of anything under it.
TEST(Signature, AKeyOfSmallOrderVerifiesNothing) {
  EXPECT_FALSE(verify(VerifyKey{}, view_of("x"), Signature{}));
}

TEST(Signature, ASeedOfTheWrongLengthIsCorrupt) {
  EXPECT_EQ(SigningKey::from_seed(Secret(31)).error().code(), Code::corrupt);
}

BoxKeyPair counting_pair() {
  Secret seed(32);
  for (std::size_t at = 0; at < 32; ++at) seed.span()[at] = static_cast<std::uint8_t>(at);
  return std::move(*BoxKeyPair::from_seed(seed));
}

// Computed with Python: X25519PrivateKey.from_private_bytes(sha512(seed)[:32]).
TEST(SealedBox, ThePublicKeyIsThatOfTheHashedSeed) {
  EXPECT_EQ(counting_pair().public_key().hex(),
            "4701d08488451f545a409fb58ae3e58581ca40ac3f7f114698cd71deac73ca01");
}

TEST(SealedBox, OnlyTheRecipientOpensIt) {
  const auto recipient = counting_pair();
  auto sealed = *seal_to(recipient.public_key(), view_of("session key"));
  EXPECT_EQ(sealed.size(), 11 + kBoxOverhead);
  EXPECT_EQ(to_text(open_sealed(recipient, sealed)->view()), "session key");
  const auto other = BoxKeyPair::from_seed(Secret(Bytes(32, 9)));
  EXPECT_EQ(open_sealed(*other, sealed).error().code(), Code::corrupt);
  sealed.back() ^= 1;
  EXPECT_EQ(open_sealed(recipient, sealed).error().code(), Code::corrupt);
}

TEST(SealedBox, BadLengthsAndKeysOfLowOrderAreCorrupt) {
  EXPECT_EQ(open_sealed(counting_pair(), Bytes(47)).error().code(), Code::corrupt);
  EXPECT_EQ(BoxKeyPair::from_seed(Secret(33)).error().code(), Code::corrupt);
  EXPECT_EQ(seal_to(BoxPublicKey{}, view_of("x")).error().code(), Code::corrupt);
}

TEST(SealedBox, AnEmptyMessageIsAMessage) {
  const auto sealed = *seal_to(counting_pair().public_key(), {});
  EXPECT_TRUE(open_sealed(counting_pair(), sealed)->empty());
}

TEST(SystemRandom, GivesOtherBytesEachTime) {
  EXPECT_NE(system_random().hex(16), system_random().hex(16));
}

TEST(ConstantTimeEqual, ComparesContentsAndSizes) {
  EXPECT_TRUE(constant_time_equal(view_of("same"), view_of("same")));
  EXPECT_FALSE(constant_time_equal(view_of("same"), view_of("sane")));
  EXPECT_FALSE(constant_time_equal(view_of("same"), view_of("sam")));
  EXPECT_TRUE(constant_time_equal({}, {}));
}

}  // namespace
}  // namespace lifeboat::crypto
