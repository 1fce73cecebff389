#include <gmock/gmock.h>

#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class KeyCalls : public TestShop {
 protected:
  static KeyCall call_of(const std::string& role, const std::string& name) {
    KeyCall call;
    call.repository = "local";
    call.role = role;
    call.name = name;
    return call;
  }
  std::size_t keys() { return list_keys(setup_, "local", context())->body["keys"].size(); }
  // An escrow key pair, added to the repository.
  void add_escrow(const std::string& file) {
    const auto made = make_key_file(setup_, file, true);
    ASSERT_TRUE(made) << made.error().describe();
    auto call = call_of("reader", "escrow");
    call.recipient = made->body["recipient"].get<std::string>();
    const auto added = add_key(setup_, call, context());
    ASSERT_TRUE(added) << added.error().describe();
  }
};

TEST_F(KeyCalls, AnEscrowKeyOpensTheRepositoryAndReads) {
  const auto id = backed_up();
  add_escrow("escrow.key");
  configure("{recipient: escrow.key}");
  const auto listed = list_keys(setup_, "local", context());
  ASSERT_TRUE(listed) << listed.error().describe();
  EXPECT_EQ(listed->body["role"], "reader");
  RestoreCall call;
  call.choice.service = "shop";
  call.to = {"back"};
  const auto restored = restore(setup_, call, agree, context());
  ASSERT_TRUE(restored) << restored.error().describe();
  EXPECT_TRUE(fs::exists(at("back/uploads/first")));
}

TEST_F(KeyCalls, AnotherPairOpensNothingAndItIsSaidWhereTheKeyIsFrom) {
  backed_up();
  add_escrow("escrow.key");
  ASSERT_TRUE(make_key_file(setup_, "other.key", true));
  configure("{recipient: other.key}");
  const auto listed = list_keys(setup_, "local", context());
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code(), Code::wrong_key);
  EXPECT_THAT(std::string(listed.error().hint()),
              AllOf(HasSubstr("the file other.key"), HasSubstr("repositories.local.key.recipient"),
                    HasSubstr("lifeboat doctor")));
}

TEST_F(KeyCalls, AnEscrowFileIsNoKeyFile) {
  add_escrow("escrow.key");
  configure("{file: escrow.key}");
  EXPECT_EQ(list_keys(setup_, "local", context()).error().code(), Code::wrong_key);
}

TEST_F(KeyCalls, AWrongPassphraseIsNeverRepeated) {
  auto call = call_of("admin", "phrase");
  setup_.environment["NEW"] = "correct horse";
  call.passphrase_variable = "NEW";
  ASSERT_TRUE(add_key(setup_, call, context()));
  configure("{passphrase: \"${PHRASE}\"}");
  setup_.environment["PHRASE"] = "hunter2";
  const auto wrong = list_keys(setup_, "local", context());
  ASSERT_FALSE(wrong);
  EXPECT_THAT(std::string(wrong.error().hint()),
              AllOf(HasSubstr("${PHRASE}"), Not(HasSubstr("hunter2"))));
  configure("{passphrase: hunter2}");
  EXPECT_THAT(std::string(list_keys(setup_, "local", context()).error().hint()),
              AllOf(HasSubstr("the configuration itself"), Not(HasSubstr("hunter2"))));
  setup_.environment["PHRASE"] = "correct horse";
  configure("{passphrase: \"${PHRASE}\"}");
  EXPECT_TRUE(list_keys(setup_, "local", context()));
}

TEST_F(KeyCalls, WantsExactlyOneWayToKeepANewKey) {
  EXPECT_EQ(add_key(setup_, call_of("writer", "w"), context()).error().code(), Code::usage);
  auto both = call_of("writer", "w");
  both.new_key_file = "w.key";
  both.recipient = std::string(64, '0');
  EXPECT_EQ(add_key(setup_, both, context()).error().code(), Code::usage);
  EXPECT_EQ(add_key(setup_, call_of("pirate", "w"), context()).error().code(), Code::usage);
  EXPECT_EQ(keys(), 1U);
}

TEST_F(KeyCalls, RemovesByNameAndOnlyWhatIsMeant) {
  for (const auto* file : {"one.key", "two.key"}) {
    auto call = call_of("writer", "host");
    call.new_key_file = file;
    ASSERT_TRUE(add_key(setup_, call, context()));
  }
  EXPECT_EQ(remove_key(setup_, "local", "host", context()).error().code(), Code::usage);
  EXPECT_EQ(remove_key(setup_, "local", "guest", context()).error().code(), Code::not_found);
  EXPECT_EQ(remove_key(setup_, "local", "admin", context()).error().code(), Code::refused);
  EXPECT_EQ(keys(), 3U);
}

TEST_F(KeyCalls, AWriterMayNotAddKeys) {
  auto call = call_of("writer", "host");
  call.new_key_file = "host.key";
  ASSERT_TRUE(add_key(setup_, call, context()));
  configure("{file: host.key}");
  call.new_key_file = "more.key";
  EXPECT_EQ(add_key(setup_, call, context()).error().code(), Code::refused);
  EXPECT_FALSE(fs::exists(at("more.key")));
}

TEST_F(KeyCalls, NeverWritesAKeyOverAnything) {
  const auto again = make_key_file(setup_, "key", true);
  EXPECT_EQ(again.error().code(), Code::exists);
  EXPECT_TRUE(list_keys(setup_, "local", context()));
}

}  // namespace
}  // namespace lifeboat::service
