// Connections that are encrypted, to FerretDB, which really speaks TLS.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using ::testing::HasSubstr;

fs::path tls_file(const std::string& name) {
  return fs::absolute(fs::path(__FILE__).parent_path() / "../../../tests/fixtures/tls" / name);
}

// One that nobody listens at now.
int port_for_tls() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket.get(), generic, size), 0);
  EXPECT_EQ(::getsockname(socket.get(), generic, &size), 0);
  return ntohs(address.sin_port);
}

class MongoOverTls : public ::testing::Test {
 protected:
  std::string uri(const std::string& database, const std::string& more) const {
    return "mongodb://127.0.0.1:" + std::to_string(port_) + "/" + database +
           "?directConnection=true&serverSelectionTimeoutMS=1500" + more;
  }
  static std::string trusting(const std::string& authority) {
    return "&tls=true&tlsCAFile=" + percent_encoded(tls_file(authority).string());
  }
  Result<contract::Capture> capture(const std::string& more) {
    return contract::capture(mongodb_engine(), testing::source_at(uri("", more), "shop"),
                             test_.context);
  }

  TestContext test_;
  int port_ = port_for_tls();
  testing::TestServer server_{
      {.arguments = {"--listen-tls=127.0.0.1:" + std::to_string(port_),
                     "--listen-tls-cert-file=" + tls_file("server.pem").string(),
                     "--listen-tls-key-file=" + tls_file("server.key").string()}}};
};

TEST_F(MongoOverTls, CarriesADatabaseWhereTheAuthorityIsTheServersOwn) {
  const testing::Application live(server_.uri(), "shop");
  live.insert("items", testing::many_documents(200));
  const auto captured = capture(trusting("ca.pem"));
  LIFEBOAT_OK(captured);
  const auto place = uri("restored", trusting("ca.pem"));
  LIFEBOAT_OK(
      contract::rebuild(mongodb_engine(), *captured, testing::target_at(place), test_.context));
  EXPECT_EQ(contract::facts_of(mongodb_engine(), place, test_.context).value(),
            captured->outcome.facts);
}

TEST_F(MongoOverTls, ReadsNothingFromAServerThatAnotherAuthorityVouchesFor) {
  testing::Application(server_.uri(), "shop").insert("items", testing::many_documents(5));
  for (const auto& more : {trusting("another-ca.pem"), std::string("&tls=true")}) {
    const auto refused = capture(more);
    ASSERT_FALSE(refused) << more;
    EXPECT_EQ(refused.error().code(), Code::unavailable);
    EXPECT_THAT(failure_of(refused), HasSubstr("certificate verify failed"));
  }
}

TEST_F(MongoOverTls, ReadsNothingWhereOnlyOneOfTheTwoSpeaksIt) {
  const auto in_clear = capture("");
  ASSERT_FALSE(in_clear);
  EXPECT_EQ(in_clear.error().code(), Code::unavailable) << failure_of(in_clear);
  const auto without_file = capture("&tls=true&tlsCAFile=/nowhere/ca.pem");
  EXPECT_FALSE(without_file);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
