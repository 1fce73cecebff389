#include "engine/mongodb/test_server.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

TEST(MongoTestServer, ListensOnASocketOfItsOwnAndIsGoneAfterwards) {
  std::string socket;
  {
    const TestServer one;
    const TestServer another(ServerOptions{.authentication = true, .replica_set = "rs0"});
    EXPECT_NE(one.socket(), another.socket());
    EXPECT_TRUE(fs::exists(one.socket()));
    socket = one.socket();
  }
  EXPECT_FALSE(fs::exists(socket));
}

TEST(MongoTestServer, WritesAUriWhosePasswordNeedsEscaping) {
  const TestServer server(ServerOptions{.authentication = true});
  EXPECT_NE(server.uri("shop").find("mongodb://keeper:a%20p%40ss%2Fword%3A@%2F"), std::string::npos)
      << server.uri("shop");
  EXPECT_NE(server.uri("shop").find("/shop?directConnection=true"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb::testing
