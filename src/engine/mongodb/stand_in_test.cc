#include "engine/mongodb/source.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::document;
using testing::Fault;
using MongoStandIn = testing::StandInShop;

TEST_F(MongoStandIn, IsBackedUpAndRestoredAsAServerIs) {
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 500);
}

TEST_F(MongoStandIn, RefusesTheCommandThatItIsToldToAndNoOther) {
  fill();
  server_.plant({.command = "listIndexes",
                 .refusal = {13, "Unauthorized", "not authorized on shop"},
                 .times = 1});
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::permission_denied) << failure_of(captured);
  LIFEBOAT_OK(capture());
}

// Two sets of one name, with the same entries at the same times: only their ids differ.
TEST_F(MongoStandIn, ALogOfAnotherReplicaSetOfTheSameNameIsKnownByItsId) {
  const auto broken_on = [&](const testing::StandInServer& server) -> std::string {
    testing::Application(server.uri(), "shop").insert("items", testing::many_documents(5));
    const auto captured = capture();
    if (!captured) return failure_of(captured);
    const auto log = make_change_log(testing::source_at(server.uri(), "shop"));
    if (!log) return failure_of(log);
    const auto piece = (*log)->read(captured->outcome.position["log"], test_.context);
    return piece ? piece->broken : failure_of(piece);
  };
  live().insert("items", testing::many_documents(5));
  const testing::StandInServer same;
  EXPECT_EQ(broken_on(same), "");
  const testing::StandInServer another({.set_id = "65f0a1b2c3d4e5f607182931"});
  EXPECT_EQ(broken_on(another), "the log is of another server");
}

// More of a cursor is given only to the session that opened it, and sessions are shared by all.
TEST_F(MongoStandIn, GivesMoreOfACursorWhileMoreOfAnotherIsUnderWay) {
  for (const auto* name : {"first", "second"}) live().insert(name, testing::many_documents(100));
  const auto server = Server::open(Secret::from_text(server_.uri())).value();
  const auto connection = server->connect();
  const auto other_connection = server->connect();
  const auto open = [](const Connection& from, const char* name) {
    return from.open_cursor("shop",
                            DocumentBuilder().text("find", name).int32("batchSize", 10).take(), 10);
  };
  const auto count = [](Cursor& cursor) {
    int documents = 0;
    auto next = cursor.next();
    for (; next && !next->empty(); next = cursor.next()) ++documents;
    EXPECT_TRUE(next) << failure_of(next);
    return documents;
  };
  auto first = open(connection, "first");
  auto second = open(other_connection, "second");
  LIFEBOAT_OK(first);
  LIFEBOAT_OK(second);
  server_.plant(
      {.command = "getMore", .kind = Fault::Kind::none, .collection = "first", .meanwhile = [&] {
         EXPECT_EQ(count(*second), 100);
       }});
  EXPECT_EQ(count(*first), 100);
}

// A user may do what roles allow, those that roles hold too, and no more.
TEST(MongoStandInRights, AreThoseOfTheRolesOfWhoIsLoggedIn) {
  const testing::StandInServer server({.authorization = true});
  const testing::Application root(server.uri(), "admin");
  const testing::Application shop(server.uri(), "shop");
  shop.insert("items", testing::many_documents(3));
  shop.insert("system.js", testing::many_documents(1));
  root.run(bson_of(R"({"createRole": "inner", "roles": [],
      "privileges": [{"resource": {"db": "shop", "collection": "items"},
                      "actions": ["insert"]}]})"));
  root.run(bson_of(R"({"createRole": "outer", "privileges": [], "roles": ["inner"]})"));
  root.run(bson_of(R"({"createUser": "reader", "roles": [{"role": "read", "db": "shop"}]})"));
  root.run(bson_of(R"({"createUser": "writer", "roles": ["outer"]})"));
  const auto may = [&](const char* user, const char* command) {
    const auto uri = user == nullptr ? server.uri_of("") : server.uri_of(user);
    const auto opened = Server::open(Secret::from_text(uri)).value();
    const auto done = opened->connect().command("shop", bson_of(command));
    return done ? std::string("yes") : done.error().describe();
  };
  const auto* const insert = R"({"insert": "items", "documents": [{"_id": 9}]})";
  EXPECT_EQ(may("reader", R"({"find": "items"})"), "yes");
  EXPECT_EQ(may("reader", R"({"find": "system.js"})"), "yes");
  EXPECT_EQ(may("reader", insert),
            "this user lacks insert on shop.items: not authorized on shop to execute command "
            "{ insert: \"items\", $db: \"shop\" }");
  EXPECT_EQ(may("writer", insert), "yes");
  EXPECT_NE(may("writer", R"({"find": "items"})"), "yes");
  EXPECT_NE(may("writer", R"({"insert": "others", "documents": [{"_id": 9}]})"), "yes");
  EXPECT_EQ(may(nullptr, insert), "command insert requires authentication");
  EXPECT_EQ(may("nobody", insert), "Authentication failed.");
  root.run(bson_of(R"({"dropRole": "inner"})"));
  EXPECT_NE(may("writer", insert), "yes");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
