#include "repository/sealed.h"

#include <gtest/gtest.h>

#include "base/test_context.h"
#include "repository/certificate.h"
#include "repository/test_keys.h"

namespace lifeboat::repository {
namespace {

class SealedPart : public ::testing::Test {
 protected:
  Bytes seal(std::string_view text) {
    return seal_part(spec, keys.index.view(), view_of(text), random).value();
  }
  Code code_of(const PartSpec& with, ByteView key, ByteView sealed) {
    const auto opened = open_part(with, key, sealed);
    return opened ? Code::internal : opened.error().code();
  }
  SeededRandom random{1};
  RoleKeys keys = test_keys(Role::admin, "admin");
  Bytes clear = to_bytes("clear");
  PartSpec spec{PartType::statement, keys.repository, "statements/note/", clear};
};

TEST_F(SealedPart, OpensToWhatWasSealed) {
  for (const auto& text : {std::string(), std::string("x"), std::string(100'000, 'a')}) {
    const auto sealed = seal(text);
    EXPECT_EQ(to_text(open_part(spec, keys.index.view(), sealed).value()), text);
  }
  EXPECT_LT(seal(std::string(100'000, 'a')).size(), 1000U);
}

TEST_F(SealedPart, NeverOpensWithAnyByteFlipped) {
  const auto sealed = seal("the plaintext of a part");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto flipped = sealed;
    flipped[i] ^= 1U;
    const auto expected = i < 64 ? Code::wrong_key : Code::corrupt;
    EXPECT_EQ(code_of(spec, keys.index.view(), flipped), expected) << i;
  }
}

TEST_F(SealedPart, NeverOpensWhenCutShort) {
  const auto sealed = seal("the plaintext of a part");
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_EQ(code_of(spec, keys.index.view(), ByteView(sealed).first(size)), Code::corrupt);
}

TEST_F(SealedPart, TellsAnotherKeyFromDamage) {
  const auto other = test_keys(Role::admin, "admin", 8);
  EXPECT_EQ(code_of(spec, other.index.view(), seal("text")), Code::wrong_key);
  EXPECT_EQ(code_of(spec, {}, seal("text")), Code::wrong_key);
}

TEST_F(SealedPart, IsBoundToNameTypeRepositoryAndClear) {
  const auto sealed = seal("text");
  const auto key = keys.index.view();
  auto other = spec;
  other.name = "statements/proven/";
  EXPECT_EQ(code_of(other, key, sealed), Code::corrupt);
  other = spec;
  other.clear = {};
  EXPECT_EQ(code_of(other, key, sealed), Code::corrupt);
  other = spec;
  other.repository.bytes[0] ^= 1U;
  EXPECT_EQ(code_of(other, key, sealed), Code::corrupt);
  other = spec;
  other.type = PartType::index;
  EXPECT_EQ(code_of(other, key, sealed), Code::wrong_key);
}

class SignedObject : public ::testing::Test {
 protected:
  Result<Signer> read(const RoleKeys& reader, std::string_view name, ByteView object) {
    if (object.size() < kContent.size()) return fail(Code::corrupt, "shorter than its content");
    ByteReader rest(object.subspan(kContent.size()));
    return read_signature(reader, name, object, rest);
  }
  Bytes make(const RoleKeys& signer) {
    auto object = to_bytes(kContent);
    EXPECT_TRUE(append_signature(signer, "snapshots/1/1", object));
    return object;
  }
  static constexpr std::string_view kContent = "the content";
  RoleKeys keys = test_keys(Role::writer, "shop");
};

TEST_F(SignedObject, NamesItsSigner) {
  const auto signer = read(test_keys(Role::reader, "desk"), "snapshots/1/1", make(keys)).value();
  EXPECT_EQ(signer.role, Role::writer);
  EXPECT_EQ(signer.name, "shop");
  EXPECT_EQ(signer.id, keys.writer);
}

TEST_F(SignedObject, IsCorruptWithAnyByteFlipped) {
  const auto object = make(keys);
  for (std::size_t i = 0; i < object.size(); ++i) {
    auto flipped = object;
    flipped[i] ^= 1U;
    const auto signer = read(keys, "snapshots/1/1", flipped);
    ASSERT_FALSE(signer) << i;
    EXPECT_EQ(signer.error().code(), Code::corrupt) << i;
  }
}

TEST_F(SignedObject, IsCorruptWhenCutShortOrLengthened) {
  auto object = make(keys);
  for (std::size_t size = 0; size < object.size(); ++size)
    EXPECT_FALSE(read(keys, "snapshots/1/1", ByteView(object).first(size))) << size;
  object.push_back(0);
  EXPECT_FALSE(read(keys, "snapshots/1/1", object));
}

TEST_F(SignedObject, IsCorruptUnderAnotherNameOrRoot) {
  EXPECT_FALSE(read(keys, "snapshots/1/2", make(keys)));
  EXPECT_FALSE(read(keys, "snapshots/1/1", make(test_keys(Role::writer, "shop", 8))));
}

TEST_F(SignedObject, CannotClaimAnotherRole) {
  auto forged = test_keys(Role::writer, "shop");
  const auto at = 0U;  // the role is the certificate's first byte
  forged.certificate[at] = static_cast<std::uint8_t>(Role::admin);
  EXPECT_FALSE(read(keys, "snapshots/1/1", make(forged)));
}

TEST(RoleKeys, HoldOnlyWhatTheirRoleMay) {
  const auto writer = test_keys(Role::writer, "w");
  EXPECT_TRUE(writer.root.empty());
  EXPECT_TRUE(writer.box_seed.empty());
  EXPECT_FALSE(writer.chunk_id.empty());
  const auto reader = test_keys(Role::reader, "r");
  EXPECT_TRUE(reader.root.empty());
  EXPECT_FALSE(reader.box_seed.empty());
  const auto collector = test_keys(Role::collector, "c");
  EXPECT_TRUE(collector.chunk_id.empty());
  EXPECT_TRUE(collector.cut.empty());
  EXPECT_FALSE(collector.index.empty());
  EXPECT_FALSE(test_keys(Role::admin, "a").root.empty());
}

}  // namespace
}  // namespace lifeboat::repository
