#include "crypto/hash.h"

#include <gtest/gtest.h>

namespace lifeboat::crypto {
namespace {

// FIPS 180-4 example and the empty message.
TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(sha256(view_of("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWholeAndResetStartsAgain) {
  Sha256 hash;
  hash.update(view_of("a"));
  hash.update({});
  hash.update(view_of("bc"));
  EXPECT_EQ(hash.finish(), sha256(view_of("abc")));
  hash.reset();
  EXPECT_EQ(hash.finish(), sha256({}));
}

struct HmacVector {
  Bytes key;
  std::string_view data;
  std::string_view digest;
};

// RFC 4231 test cases 1, 2 and 6 (short keys and one longer than a block), and an empty key.
const std::vector<HmacVector>& hmac_vectors() {
  static const std::vector<HmacVector> vectors{
      {Bytes(20, 0x0b), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {to_bytes("Jefe"), "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Bytes(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {{}, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
  };
  return vectors;
}

TEST(Hmac, MatchesRfc4231) {
  for (const auto& vector : hmac_vectors())
    EXPECT_EQ(hmac_sha256(vector.key, view_of(vector.data)).hex(), vector.digest);
}

TEST(Hmac, OneObjectGivesTheSameDigestEachTime) {
  Hmac hmac(hmac_vectors()[1].key);
  const auto first = hmac.digest(view_of("one"));
  EXPECT_NE(hmac.digest(view_of("two")), first);
  EXPECT_EQ(hmac.digest({}), hmac_sha256(hmac_vectors()[1].key, {}));
  EXPECT_EQ(hmac.digest(view_of("one")), first);
}

}  // namespace
}  // namespace lifeboat::crypto
