#include "repository/key_slot.h"

#include <gtest/gtest.h>

#include "crypto/sealed_box.h"
#include "repository/config_object.h"
#include "repository/role_bundle.h"
#include "repository/sealed.h"
#include "repository/test_keys.h"

namespace lifeboat::repository {
namespace {

Secret filled_secret(std::uint8_t byte) {
  Secret secret(32);
  std::ranges::fill(secret.span(), byte);
  return secret;
}

Credential key_file(std::uint8_t byte = 5) { return KeyFile{filled_secret(byte)}; }
Credential recipient(std::uint8_t byte = 5) { return RecipientKey{filled_secret(byte)}; }
Credential passphrase(std::string_view text) { return Passphrase{Secret::from_text(text)}; }

class Slots : public ::testing::Test {
 protected:
  Result<RoleKeys> open(ByteView object, const Credential& credential) {
    return open_slot(TRY(parse_slot(object)), keys.repository, credential);
  }
  Code code_of(ByteView object, const Credential& credential) {
    const auto opened = open(object, credential);
    return opened ? Code::internal : opened.error().code();
  }
  SeededRandom random{1};
  RoleKeys keys = test_keys(Role::reader, "desk");
};

TEST_F(Slots, GiveBackTheRoleForEachKindOfCredential) {
  for (const auto& make : {key_file, recipient}) {
    const auto opened = open(make_slot(keys, make(5), random).value(), make(5)).value();
    EXPECT_EQ(opened.name, "desk");
    EXPECT_EQ(opened.writer, keys.writer);
    EXPECT_TRUE(std::ranges::equal(opened.box_seed.view(), keys.box_seed.view()));
    EXPECT_TRUE(std::ranges::equal(opened.chunk_id.view(), keys.chunk_id.view()));
    EXPECT_TRUE(opened.root.empty());
  }
}

TEST_F(Slots, OpenWithTheirPassphraseOnly) {
  const auto object = make_slot(keys, passphrase("correct horse"), random).value();
  EXPECT_EQ(open(object, passphrase("correct horse")).value().name, "desk");
  EXPECT_EQ(code_of(object, passphrase("correct house")), Code::wrong_key);
  EXPECT_EQ(code_of(object, key_file()), Code::wrong_key);
}

TEST_F(Slots, TellAnotherKeyFromTheirOwn) {
  EXPECT_EQ(code_of(make_slot(keys, key_file(5), random).value(), key_file(6)), Code::wrong_key);
  EXPECT_EQ(code_of(make_slot(keys, recipient(5), random).value(), recipient(6)), Code::wrong_key);
}

TEST_F(Slots, ForEscrowAreMadeFromThePublicKeyAlone) {
  const auto pair = crypto::BoxKeyPair::from_seed(filled_secret(5)).value();
  const auto object = make_recipient_slot(keys, pair.public_key().view(), random).value();
  EXPECT_EQ(open(object, recipient(5)).value().name, "desk");
}

TEST_F(Slots, NeverOpenWithAnyByteFlipped) {
  const std::pair<Bytes, Credential> slots[] = {
      {make_slot(keys, key_file(), random).value(), key_file()},
      {make_slot(keys, recipient(), random).value(), recipient()}};
  for (const auto& [object, credential] : slots)
    for (std::size_t i = 0; i < object.size(); ++i) {
      auto flipped = object;
      flipped[i] ^= 0x10U;
      EXPECT_FALSE(open(flipped, credential)) << i;
    }
}

TEST_F(Slots, NeverOpenWhenCutShort) {
  const auto object = make_slot(keys, key_file(), random).value();
  for (std::size_t size = 0; size < object.size(); ++size)
    EXPECT_FALSE(open(ByteView(object).first(size), key_file())) << size;
}

TEST_F(Slots, WithAnUnreasonableArgonCostAreRefusedBeforeItIsPaid) {
  auto object = make_slot(keys, passphrase("x"), random).value();
  const std::size_t memory = kPrefixSize + 2 + 4 + keys.name.size() + 16;
  object[memory + 5] = 1;  // a terabyte
  EXPECT_EQ(code_of(object, passphrase("x")), Code::corrupt);
}

TEST_F(Slots, OfAnotherRepositoryDoNotOpen) {
  const auto object = make_slot(keys, key_file(), random).value();
  auto other = keys.repository;
  other.bytes[0] ^= 1U;
  const auto opened = open_slot(parse_slot(object).value(), other, key_file());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::corrupt);
}

TEST(RoleBundle, ComesBackForEveryRole) {
  for (const auto role : {Role::admin, Role::writer, Role::reader, Role::collector}) {
    const auto keys = test_keys(role, "somebody");
    const auto text = encode_bundle(keys);
    const auto back = decode_bundle(view_of(text)).value();
    EXPECT_EQ(encode_bundle(back), text);
    EXPECT_EQ(back.box_seed.empty(), keys.box_seed.empty());
    EXPECT_EQ(back.chunk_id.empty(), keys.chunk_id.empty());
  }
}

TEST(RoleBundle, ThatClaimsAnotherRoleIsCorrupt) {
  auto text = encode_bundle(test_keys(Role::reader, "desk"));
  text.replace(text.find("\"reader\""), 8, "\"writer\"");
  EXPECT_EQ(decode_bundle(view_of(text)).error().code(), Code::corrupt);
}

TEST(KeyFile, IsSixtyFourDigitsAndALineEnd) {
  SeededRandom random(1);
  const auto text = make_key_file(random).value();
  EXPECT_EQ(text.size(), 65U);
  EXPECT_EQ(to_hex(parse_key_file(view_of(text)).value().view()) + "\n", text);
  EXPECT_EQ(parse_key_file(view_of("abc")).error().code(), Code::usage);
  EXPECT_EQ(parse_key_file(view_of(std::string(64, 'x'))).error().code(), Code::usage);
}

TEST(ConfigObject, ComesBack) {
  RepositoryId id;
  id.bytes.fill(4);
  const Time created{std::chrono::seconds(1'700'000'000)};
  const auto config = parse_config(make_config(id, created)).value();
  EXPECT_EQ(config.id, id);
  EXPECT_EQ(config.created, created);
  EXPECT_TRUE(require_features(config, Operation::read));
}

TEST(ConfigObject, OfANewerFormatSaysSo) {
  const auto text = R"({"format":2,"magic":"lifeboat repository","other":true})";
  EXPECT_EQ(parse_config(view_of(text)).error().code(), Code::unsupported_format);
}

TEST(ConfigObject, ForbidsOnlyTheOperationWhoseFeatureIsUnknown) {
  auto text = to_text(make_config({}, Time{}));
  text.replace(text.find("\"write\":[]"), 10, "\"write\":[\"parity\"]");
  const auto config = parse_config(view_of(text)).value();
  EXPECT_TRUE(require_features(config, Operation::read));
  EXPECT_EQ(require_features(config, Operation::write).error().code(), Code::unsupported_format);
}

TEST(ConfigObject, IsCorruptOfAnyOtherForm) {
  for (const auto* text : {"", "{}", "[]", "null", "restic", R"({"magic":1,"format":1})",
                           R"({"format":0,"magic":"lifeboat repository"})",
                           R"({"format":1,"magic":"lifeboat repository"})"})
    EXPECT_EQ(parse_config(view_of(text)).error().code(), Code::corrupt) << text;
}

}  // namespace
}  // namespace lifeboat::repository
