#include "crypto/derive.h"

#include <gtest/gtest.h>

namespace lifeboat::crypto {
namespace {

Bytes counting(std::uint8_t from, std::size_t count) {
  Bytes bytes;
  for (std::size_t at = 0; at < count; ++at) bytes.push_back(static_cast<std::uint8_t>(from + at));
  return bytes;
}

// RFC 5869, A.1 to A.3.
TEST(Hkdf, MatchesRfc5869) {
  const Bytes short_key(22, 0x0b);
  const auto info = to_text(counting(0xf0, 10));
  EXPECT_EQ(to_hex(hkdf_sha256(short_key, counting(0, 13), info, 42).view()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(
      to_hex(
          hkdf_sha256(counting(0, 80), counting(0x60, 80), to_text(counting(0xb0, 80)), 82).view()),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
      "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(to_hex(hkdf_sha256(short_key, {}, "", 42).view()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// Computed with the reference implementation's command line tool, `argon2 -id`.
TEST(Argon2id, MatchesTheReferenceImplementation) {
  const auto salt = view_of("0123456789abcdef");
  const auto passphrase = Secret::from_text("correct horse battery staple");
  EXPECT_EQ(to_hex(argon2id(passphrase, salt, {64U << 20U, 3})->view()),
            "94c86f541abdb3d9aabfea59aa03963549483e9c0b1a79336e76b54cee6c917e");
  EXPECT_EQ(to_hex(argon2id(Secret::from_text("password"), salt, {8U << 10U, 1})->view()),
            "771338d819573c67116b39e1788ae8e04b0eb0cf9dfbbfe2e6d746cf3e464fc7");
}

TEST(Argon2id, AnEmptyPassphraseIsAPassphrase) {
  EXPECT_TRUE(argon2id(Secret(), view_of("0123456789abcdef"), {8U << 10U, 1}));
}

TEST(Argon2id, RefusesHostileCostsBeforeAllocating) {
  const auto salt = view_of("0123456789abcdef");
  const auto code_for = [&](ByteView with_salt, const Argon2Cost& cost) {
    const auto key = argon2id(Secret::from_text("x"), with_salt, cost);
    return key ? Code::internal : key.error().code();
  };
  EXPECT_EQ(code_for(salt, {kMaxArgon2Memory + 1, 1}), Code::corrupt);
  EXPECT_EQ(code_for(salt, {UINT64_MAX, 1}), Code::corrupt);
  EXPECT_EQ(code_for(salt, {0, 1}), Code::corrupt);
  EXPECT_EQ(code_for(salt, {8U << 10U, 0}), Code::corrupt);
  EXPECT_EQ(code_for(salt, {8U << 10U, UINT64_MAX}), Code::corrupt);
  EXPECT_EQ(code_for(salt.first(15), {8U << 10U, 1}), Code::corrupt);
}

}  // namespace
}  // namespace lifeboat::crypto
