#include "crypto/key_text.h"

#include <gtest/gtest.h>

namespace lifeboat::crypto {
namespace {

// Made by `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`.
constexpr std::string_view kPrivate =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIPXI8YJFPD8S4TtcMHkBrRl0CR4dCaX8Q3UunBxIotuA\n"
    "-----END PRIVATE KEY-----\n";
constexpr std::string_view kPublic =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAVbwN/rv3vl5PepFQ5kGtXkKySO+2fKC4oBufouYvVe4=\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view kSeed =
    "f5c8f182453c3f12e13b5c307901ad1974091e1d09a5fc43752e9c1c48a2db80";

TEST(KeyText, ReadsWhatOpensslWrites) {
  const auto secret = parse_signing_key(kPrivate);
  const auto open = parse_public_key(kPublic);
  ASSERT_TRUE(secret);
  ASSERT_TRUE(open);
  EXPECT_EQ(secret->verify_key(), *open);
  EXPECT_EQ(to_pem(*open), kPublic);
}

TEST(KeyText, ReadsHexWithOrWithoutALineEnd) {
  const auto open = *parse_public_key(kPublic);
  EXPECT_EQ(*parse_public_key(open.hex() + "\n"), open);
  EXPECT_EQ(parse_signing_key(kSeed)->verify_key(), open);
}

TEST(KeyText, RefusesEverythingElse) {
  const std::string cut(kPublic.substr(0, 60));
  const std::string other =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAVbwN/rv3vl5PepFQ5kGtXkKySO+2fKC4oBufouYvVe4=\n"
      "-----END PUBLIC KEY-----\n";  // X25519
  for (const std::string& text : {std::string(), std::string("key"), std::string(62, 'a'), cut,
                                  other, std::string(kPrivate), std::string(10000, 'a')})
    EXPECT_EQ(parse_public_key(text).error().code(), Code::usage) << text;
  EXPECT_FALSE(parse_signing_key(kPublic));
  EXPECT_FALSE(parse_public_key("-----BEGIN PUBLIC KEY-----END PUBLIC KEY-----"));
}

}  // namespace
}  // namespace lifeboat::crypto
