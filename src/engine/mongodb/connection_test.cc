#include "engine/mongodb/connection.h"

#include "engine/mongodb/test_server.h"

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

}  // namespace
}  // namespace lifeboat::engine::mongodb
