#include "crypto/aead.h"

#include <gtest/gtest.h>

namespace lifeboat::crypto {
namespace {

Bytes counting_key() {
  Bytes key;
  for (int at = 0; at < 32; ++at) key.push_back(static_cast<std::uint8_t>(at));
  return key;
}

Bytes sealed_with(ByteView key, std::uint64_t counter, ByteView aad, ByteView plain) {
  Bytes sealed;
  Aead(key).seal(counter, aad, plain, sealed);
  return sealed;
}

// The GCM specification (McGrew and Viega), test cases 13 and 14.
TEST(Aead, MatchesTheGcmSpecification) {
  EXPECT_EQ(to_hex(sealed_with(Bytes(32, 0), 0, {}, {})), "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(to_hex(sealed_with(Bytes(32, 0), 0, {}, Bytes(16, 0))),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

// Computed with Python's cryptography, AESGCM(key).encrypt(4 zero bytes + counter, …).
TEST(Aead, TheNonceIsFourZeroBytesAndALittleEndianCounter) {
  EXPECT_EQ(to_hex(sealed_with(counting_key(), 0x0102030405060708, view_of("header"),
                               view_of("segment"))),
            "6f9d98280741bc7a467cc07af28347714170c36c06d322");
}

TEST(Aead, OneObjectSealsAndOpensManyTimesAndAppends) {
  Aead aead(counting_key());
  for (std::uint64_t counter = 0; counter < 4; ++counter) {
    const Bytes plain(counter * 1000, 0x5a);
    Bytes sealed = to_bytes("in front");
    aead.seal(counter, view_of("aad"), plain, sealed);
    ASSERT_EQ(sealed.size(), 8 + plain.size() + Aead::kTagSize);
    Bytes opened = to_bytes("kept");
    ASSERT_TRUE(aead.open(counter, view_of("aad"), ByteView(sealed).subspan(8), opened));
    EXPECT_EQ(to_text(ByteView(opened).first(4)), "kept");
    EXPECT_EQ(Bytes(opened.begin() + 4, opened.end()), plain);
  }
}

class AeadRefusal : public testing::Test {
 protected:
  Code open(std::uint64_t counter, std::string_view aad, ByteView sealed) {
    Bytes out = to_bytes("before");
    const auto opened = aead_.open(counter, view_of(aad), sealed, out);
    EXPECT_EQ(to_text(out), opened ? "beforemessage" : "before");
    return opened ? Code::internal : opened.error().code();
  }
  Aead aead_{counting_key()};
  Bytes sealed_ = sealed_with(counting_key(), 7, view_of("aad"), view_of("message"));
};

TEST_F(AeadRefusal, TheUnchangedTwinOpens) { EXPECT_EQ(open(7, "aad", sealed_), Code::internal); }

TEST_F(AeadRefusal, EveryFlippedBitIsCorruptAndNothingIsAppended) {
  for (std::size_t bit = 0; bit < sealed_.size() * 8; ++bit) {
    auto flipped = sealed_;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_EQ(open(7, "aad", flipped), Code::corrupt);
  }
}

TEST_F(AeadRefusal, AnotherCounterAadKeyOrLengthIsCorrupt) {
  EXPECT_EQ(open(8, "aad", sealed_), Code::corrupt);
  EXPECT_EQ(open(7, "Aad", sealed_), Code::corrupt);
  EXPECT_EQ(open(7, "", sealed_), Code::corrupt);
  EXPECT_EQ(open(7, "aad", ByteView(sealed_).first(sealed_.size() - 1)), Code::corrupt);
  EXPECT_EQ(open(7, "aad", ByteView(sealed_).first(15)), Code::corrupt);
  EXPECT_EQ(open(7, "aad", {}), Code::corrupt);
  Bytes out;
  EXPECT_FALSE(Aead(Bytes(32, 1)).open(7, view_of("aad"), sealed_, out));
}

}  // namespace
}  // namespace lifeboat::crypto
