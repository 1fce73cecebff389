#include "engine/mongodb/accounts.h"

#include <gmock/gmock.h>

#include "base/json_value.h"
#include "engine/mongodb/metadata.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using testing::Application;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

// As a server keeps it; what its password is checked by can be recognised.
std::string user_text(const std::string& name, const std::string& db, const std::string& key) {
  return R"({"_id": ")" + db + "." + name + R"(", "user": ")" + name + R"(", "db": ")" + db +
         R"(", "credentials": {"SCRAM-SHA-256": {"iterationCount": 15000, "salt": "c2FsdA==",
             "storedKey": ")" +
         key + R"(", "serverKey": "a2V5"}},
             "roles": [{"role": "readWrite", "db": ")" +
         db + R"("}]})";
}

class MongoAccounts : public testing::StandInShop {
 protected:
  void SetUp() override {
    fill(10);
    admin().insert("system.users", {bson_of(user_text("anna", "shop", "SECRETKEY")),
                                    bson_of(user_text("berta", "other", "OTHERKEY"))});
    admin().insert("system.roles", {bson_of(R"({"_id": "shop.clerk", "role": "clerk", "db": "shop",
        "privileges": [{"resource": {"db": "shop", "collection": ""}, "actions": ["find"]}],
        "roles": []})")});
    target_.with_users = true;
  }
  Application admin() const { return {server_.uri(), "admin"}; }
  Result<TargetReport> restore(const contract::Capture& captured) {
    const auto target = TRY(mongodb_engine().open_target(target_));
    TRY(target->prepare(test_.context));
    for (const auto& [info, content] : captured.entries) {
      const auto sink = TRY(target->create(info));
      TRY(contract::fill(*sink, content, true));
    }
    return target->finish(test_.context);
  }
  Accounts accounts_of(const std::string& database) const {
    const auto location = locate(server_.uri(database)).value();
    return read_accounts(location.server->connect(), database).value().value();
  }

  TargetOptions target_ = testing::target_at(server_.uri("restored"));
};

TEST_F(MongoAccounts, AreInTheSnapshotAndComeBackWithTheirPasswords) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto& recorded = captured->outcome.facts["accounts"];
  EXPECT_EQ(recorded["users"]["anna"]["roles"], Json({"readWrite"}));
  EXPECT_EQ(recorded["users"]["anna"]["mechanisms"], Json({"SCRAM-SHA-256"}));
  EXPECT_FALSE(recorded["users"].contains("berta")) << "she is of another database";
  const auto report = restore(*captured);
  LIFEBOAT_OK(report);
  EXPECT_THAT(report->findings, IsEmpty());
  EXPECT_EQ(facts("restored")["accounts"], recorded);
  const auto there = accounts_of("restored");
  ASSERT_EQ(there.users.size(), 1U);
  EXPECT_THAT(json_of(there.users[0]), HasSubstr("SECRETKEY"));
  EXPECT_THAT(json_of(there.roles.at(0)), HasSubstr("\"db\" : \"restored\""));
  for (const auto* temporary : {"lifeboat.users", "lifeboat.roles"})
    EXPECT_THAT(to_text(admin().run(bson_of(R"({"listCollections": 1})"))),
                Not(HasSubstr(temporary)));
}

// As mongorestore goes: documents, users and roles, what the log has, indexes, views.
TEST_F(MongoAccounts, ComeAfterTheDocumentsAndBeforeTheLogAndTheIndexes) {
  live().run(bson_of(R"({"create": "seen", "viewOn": "items", "pipeline": []})"));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("items", testing::document(3, "later"));
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto before = server_.order().size();
  with_users_ = true;
  LIFEBOAT_OK(rebuild(*captured, *pieces, last_of(pieces->back())));
  std::string order;
  const auto all = server_.order();
  for (auto at = before; at < all.size(); ++at) {
    static const std::map<std::string, char> kLetters{{"create", 'c'},
                                                      {"insert", 'd'},
                                                      {"_mergeAuthzCollections", 'U'},
                                                      {"update", 'l'},
                                                      {"createIndexes", 'i'}};
    const auto letter = kLetters.find(all[at]);
    if (letter != kLetters.end() && (order.empty() || order.back() != letter->second))
      order += letter->second;
  }
  // What comes through the two collections of users and roles is inserted into them first.
  EXPECT_THAT(order, MatchesRegex("cd(cd)*Ulic"));
}

TEST_F(MongoAccounts, LeaveNoSecretInFactsFindingsAndMetadata) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_THAT(canonical_json(captured->outcome.facts), Not(HasSubstr("SECRETKEY")));
  EXPECT_THAT(canonical_json(captured->outcome.facts), Not(HasSubstr("c2FsdA")));
  for (const auto& each : captured->entries)
    EXPECT_THAT(to_text(each.info.metadata), Not(HasSubstr("SECRETKEY")));
}

TEST_F(MongoAccounts, DifferWhenAPasswordARoleOrARightIsAnother) {
  const auto facts = accounts_facts(accounts_of("shop"), "shop");
  for (const auto& [from, to] :
       {std::pair{"SECRETKEY", "SECRETKEZ"}, {"readWrite", "readWritf"}, {"find", "drop"}}) {
    auto bytes = to_text(encode_accounts(accounts_of("shop"), "shop"));
    const auto at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, std::string(to).size(), to);
    EXPECT_NE(accounts_facts(decode_accounts(view_of(bytes), "shop").value(), "shop"), facts) << to;
  }
  const auto same = decode_accounts(encode_accounts(accounts_of("shop"), "shop"), "elsewhere");
  EXPECT_EQ(accounts_facts(*same, "elsewhere"), facts);
}

TEST_F(MongoAccounts, AreNotRestoredUnlessAsked) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  target_.with_users = false;
  LIFEBOAT_OK(restore(*captured));
  EXPECT_TRUE(accounts_of("restored").empty());
}

TEST_F(MongoAccounts, NeverReplaceAUserWhoIsThere) {
  admin().insert("system.users", {bson_of(user_text("anna", "restored", "ANOTHERKEY"))});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = restore(*captured);
  LIFEBOAT_OK(report);
  EXPECT_THAT(report->findings, ElementsAre(Field(&Finding::code, "account-kept")));
  EXPECT_THAT(json_of(accounts_of("restored").users.at(0)), HasSubstr("ANOTHERKEY"));
  EXPECT_EQ(accounts_of("restored").roles.size(), 1U);
}

TEST_F(MongoAccounts, ThatTheUserMayNotReadAreAFindingAndUnknown) {
  server_.plant({.command = "usersInfo", .refusal = {13, "Unauthorized", "not authorized"}});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_TRUE(captured->outcome.facts["accounts"].is_null());
  EXPECT_THAT(captured->outcome.findings, Contains(Field(&Finding::code, "accounts-not-read")));
  EXPECT_THAT(captured->outcome.findings,
              Contains(Field(&Finding::message, HasSubstr("lacks viewUser on all of shop"))));
}

TEST_F(MongoAccounts, AreNotMadeOfWhatIsNone) {
  const auto good = encode_accounts(accounts_of("shop"), "shop");
  EXPECT_EQ(decode_accounts(good, "shop").value(), accounts_of("shop"));
  for (const auto& wrong : {Bytes{}, to_bytes("garbage"), bson_of(R"({"lifeboat": "catalog"})"),
                            Bytes(good.begin(), good.end() - 1)})
    EXPECT_EQ(decode_accounts(wrong, "shop").error().code(), Code::corrupt);
  const auto later = bson_of(R"({"lifeboat": "accounts", "version": 2, "database": "shop"})");
  EXPECT_EQ(decode_accounts(later, "shop").error().code(), Code::unsupported_format);
}

// FerretDB lets a restored user log in, by what came out of the snapshot.
TEST(MongoAccountsOnFerretDB, CanLogInAfterwards) {
  TestContext test;
  testing::ServerOptions options;
  options.authentication = true;
  const testing::TestServer server(options);
  Application(server.uri(), "people").insert("pets", {testing::document(1)});
  const auto captured =
      contract::capture(mongodb_engine(), testing::source_at(server.uri(), "people"), test.context);
  LIFEBOAT_OK(captured);
  EXPECT_TRUE(captured->outcome.facts["accounts"]["users"].contains(options.user));
  const auto in_moved = [&](std::string uri) {
    return uri.replace(uri.find("authSource=people"), 17, "authSource=moved");
  };
  const auto can_log_in = [&] {
    const auto uri = in_moved(server.uri("moved"));
    const auto opened = Server::open(Secret::from_text(uri)).value();
    return read_catalog(opened->connect(), "moved").has_value();
  };
  EXPECT_FALSE(can_log_in());
  ASSERT_EQ(::setenv("LIFEBOAT_TEST_PLACE", server.uri("moved").c_str(), 1), 0);
  auto target = testing::target_at("env:LIFEBOAT_TEST_PLACE");
  target.with_users = true;
  LIFEBOAT_OK(contract::rebuild(mongodb_engine(), *captured, target, test.context));
  EXPECT_TRUE(can_log_in());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
