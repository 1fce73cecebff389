#include "engine/mongodb/launcher.h"

#include <gmock/gmock.h>

#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::Fault;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::StandInServer;

const std::string kPassword = "p@ss/word";

LaunchRequest request_for(const std::string& program, const std::string& database = "shop") {
  return {program, "/box/server", "db.sandbox", {{"database", database}}, "drill-1", kPassword};
}

LaunchPlan plan_of(const LaunchRequest& request) {
  auto plan = plan_server(request);
  EXPECT_TRUE(plan) << plan.error().describe();
  return plan ? *plan : LaunchPlan{};
}

TEST(Launcher, AMongodListensAtItsOwnSocketOnlyAndDeletesNothing) {
  const auto arguments = plan_of(request_for("/usr/bin/mongod")).arguments;
  EXPECT_THAT(arguments, Contains("--nounixsocket")) << "else it takes over that of production";
  EXPECT_THAT(arguments, Contains("/box/server/db.sock"));
  EXPECT_THAT(arguments, Contains("ttlMonitorEnabled=false"));
}

TEST(Launcher, AFerretDbListensAtItsOwnSocketOnly) {
  const auto arguments = plan_of(request_for("/opt/ferretdb")).arguments;
  EXPECT_THAT(arguments, Contains("--listen-unix=/box/server/db.sock"));
  EXPECT_THAT(arguments, Contains("--listen-addr="));
}

TEST(Launcher, LetsInNobodyWithoutThePasswordWhichIsInNoArgument) {
  const auto mongod = plan_of(request_for("/usr/bin/mongod"));
  EXPECT_THAT(mongod.arguments, Contains("--auth"));
  EXPECT_THAT(mongod.environment, IsEmpty());
  const auto ferretdb = plan_of(request_for("/opt/ferretdb"));
  EXPECT_THAT(
      ferretdb.environment,
      ElementsAre("FERRETDB_TEST_ENABLE_NEW_AUTH=true", "FERRETDB_SETUP_DATABASE=admin",
                  "FERRETDB_SETUP_USERNAME=drill-1", "FERRETDB_SETUP_PASSWORD=" + kPassword));
  for (const auto& plan : {mongod, ferretdb}) {
    EXPECT_THAT(plan.arguments, Each(Not(HasSubstr(kPassword))));
    EXPECT_EQ(plan.address,
              "mongodb://drill-1:p%40ss%2Fword@%2Fbox%2Fserver%2Fdb.sock/shop"
              "?directConnection=true&authSource=admin");
    EXPECT_EQ(plan.uri,
              "mongodb://drill-1:p%40ss%2Fword@db.sandbox:27017/shop"
              "?directConnection=true&authSource=admin");
  }
}

TEST(Launcher, AddsNoUserWhereTheUsersOfTheServerAreWhatIsCompared) {
  for (const auto* program : {"/usr/bin/mongod", "/opt/ferretdb"}) {
    const auto plan = plan_of(request_for(program, "admin"));
    EXPECT_THAT(plan.arguments, Not(Contains("--auth")));
    EXPECT_THAT(plan.environment, IsEmpty());
    EXPECT_EQ(plan.user + plan.password, "");
    EXPECT_EQ(plan.uri, "mongodb://db.sandbox:27017/admin?directConnection=true");
    EXPECT_TRUE(prepare_server(request_for(program, "admin"))) << "there is nobody to ask";
  }
}

// A mongod that listens in a folder of this test.
class FirstUser : public ::testing::Test {
 protected:
  LaunchRequest request() const {
    auto request = request_for("/usr/bin/mongod");
    request.directory = folder_.path().string();
    return request;
  }
  // What somebody is told who looks for documents with that password.
  Result<Bytes> asked_with(const std::string& password) const {
    auto request = this->request();
    request.password = password;
    const auto server = TRY(Server::open(Secret::from_text(plan_of(request).address)));
    return server->connect().command("shop", DocumentBuilder().text("count", "orders").take());
  }

  ScratchDirectory folder_ = ScratchDirectory::make().value();
  StandInServer server_{{.socket = (folder_.path() / "db.sock").string()}};
};

TEST_F(FirstUser, OfAMongodMayDoEverythingAndIsMadeBeforeAnybodyLogsIn) {
  const auto prepared = prepare_server(request());
  ASSERT_TRUE(prepared) << prepared.error().describe();
  const auto made = server_.received("createUser");
  ASSERT_EQ(made.size(), 1U);
  const auto command = view_document(made.front());
  EXPECT_EQ(command.text_at("createUser"), "drill-1");
  EXPECT_EQ(command.text_at("pwd"), kPassword);
  EXPECT_EQ(command.text_at("$db"), "admin");
  std::vector<std::string> roles;
  for (const auto& each : command.find("roles")->inside())
    roles.emplace_back(*each.inside().text_at("role"));
  EXPECT_THAT(roles, ElementsAre("root", "__system"));
  EXPECT_TRUE(server_.received("saslStart").empty());

  const auto told = asked_with(kPassword);
  EXPECT_TRUE(told) << told.error().describe();
  EXPECT_FALSE(asked_with("another"));
}

TEST_F(FirstUser, ThatIsRefusedIsSaidWithoutThePassword) {
  server_.plant({.command = "createUser",
                 .refusal = {2, "BadValue", "cannot take \"" + kPassword + "\" as a password"}});
  const auto prepared = prepare_server(request());
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code(), Code::unavailable);
  EXPECT_THAT(prepared.error().describe(),
              AllOf(HasSubstr("mongod did not take the user"), HasSubstr("cannot take"),
                    Not(HasSubstr(kPassword))));
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
