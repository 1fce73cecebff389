#include "engine/mongodb/connection.h"

#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb {
namespace {

using testing::ServerOptions;
using testing::TestServer;

Result<Bytes> ask(const std::string& uri, const std::string& database, ByteView command) {
  const auto server = TRY(Server::open(Secret::from_text(uri)));
  return server->connect().command(database, command);
}

Bytes ping() { return DocumentBuilder().int32("ping", 1).take(); }
Bytes ask_for_databases() { return DocumentBuilder().int32("listDatabases", 1).take(); }

TEST(MongoConnection, ReachesAServerOnItsSocket) {
  const TestServer server;
  const auto reply = ask(server.uri(), "admin", ping());
  ASSERT_TRUE(reply) << reply.error().describe();
  EXPECT_EQ(DocumentView::check(*reply)->find("ok")->number(), 1.0);
}

TEST(MongoConnection, SaysThatNoServerAnswersAndNeverThePassword) {
  const auto reply = ask("mongodb://anna:tiger@%2Fnowhere%2Fs.sock/?serverSelectionTimeoutMS=200",
                         "admin", ping());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), Code::unavailable);
  EXPECT_NE(reply.error().describe().find("Failed to connect"), std::string::npos)
      << reply.error().describe();
  EXPECT_EQ(reply.error().describe().find("tiger"), std::string::npos);
}

TEST(MongoConnection, RefusesAWrongPasswordAndTakesTheRightOne) {
  const TestServer server(ServerOptions{.authentication = true});
  const auto wrong = ask(server.uri_of("keeper", "tiger"), "admin", ask_for_databases());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), Code::permission_denied) << wrong.error().describe();
  EXPECT_EQ(wrong.error().describe().find("tiger"), std::string::npos);
  const auto right = ask(server.uri(), "admin", ask_for_databases());
  EXPECT_TRUE(right) << right.error().describe();
}

TEST(MongoConnection, RefusesWhatIsNoUriWithoutRepeatingIt) {
  const auto server = Server::open(Secret::from_text("mongo://anna:tiger@host/"));
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Code::config_invalid);
  EXPECT_EQ(server.error().describe().find("tiger"), std::string::npos);
}

TEST(MongoConnection, RefusesAReadPreferenceThatItWouldNotKeepTo) {
  for (const std::string preference :
       {"secondary", "secondaryPreferred&maxStalenessSeconds=120", "nearest", "primaryPreferred"}) {
    const auto server =
        Server::open(Secret::from_text("mongodb://anna:tiger@host/?readPreference=" + preference));
    ASSERT_FALSE(server) << preference;
    EXPECT_EQ(server.error().code(), Code::config_invalid);
    EXPECT_NE(server.error().describe().find("readPreference"), std::string::npos);
    EXPECT_EQ(server.error().describe().find("tiger"), std::string::npos);
  }
  EXPECT_TRUE(Server::open(Secret::from_text("mongodb://host/?readPreference=primary")));
}

Bytes find_in(const std::string& collection) {
  return DocumentBuilder().text("find", collection).int32("batchSize", 2).take();
}

TEST(MongoConnection, LeavesACursorThatIsNotReadToItsEnd) {
  const TestServer server;
  testing::Application(server.uri(), "shop").insert("items", testing::many_documents(100));
  const auto opened = Server::open(Secret::from_text(server.uri())).value();
  const auto connection = opened->connect();
  auto cursor = connection.open_cursor("shop", find_in("items"), 2);
  ASSERT_TRUE(cursor) << cursor.error().describe();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(cursor->next().value().empty());
}

TEST(MongoConnection, InsertsOnlyWhatIsMissingAndCountsTheRest) {
  const TestServer server;
  const testing::Application shop(server.uri(), "shop");
  shop.insert("items", testing::many_documents(3));
  const auto opened = Server::open(Secret::from_text(server.uri())).value();
  const auto more = testing::many_documents(5, 1);
  const std::vector<ByteView> views(more.begin(), more.end());
  EXPECT_EQ(opened->connect().insert_missing("shop", "items", views).value(), 2U);
  EXPECT_EQ(opened->connect().insert_missing("shop", "items", views).value(), 5U);
}

TEST(MongoConnection, TakesNoOtherRefusalForADocumentThatIsThere) {
  const TestServer server;
  const auto opened = Server::open(Secret::from_text(server.uri())).value();
  const auto refused = DocumentBuilder().int32("_id", 1).text("$bad", "x").take();
  const auto inserted = opened->connect().insert_missing("shop", "items", {ByteView(refused)});
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().code(), Code::io_error) << inserted.error().describe();
}

// The server answers `ok: 1` to it, and the error stands beside.
TEST(MongoConnection, SaysThatAWriteWasRefusedWhateverTheCommandWas) {
  const TestServer server;
  const testing::Application app(server.uri(), "shop");
  app.insert("items", {testing::document(1)});
  ArrayBuilder documents;
  documents.document(testing::document(1, "again"));
  const auto reply =
      ask(server.uri(), "shop",
          DocumentBuilder().text("insert", "items").array("documents", documents.take()).take());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), Code::io_error) << reply.error().describe();
  EXPECT_NE(reply.error().describe().find("refused a write"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
