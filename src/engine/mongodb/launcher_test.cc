#include "engine/mongodb/launcher.h"

#include <gmock/gmock.h>

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::Contains;

std::vector<std::string> arguments_of(const std::string& program) {
  LaunchRequest request;
  request.program = program;
  request.directory = "/box/server";
  request.host = "10.0.0.1";
  request.position = {{"database", "shop"}};
  const auto plan = plan_server(request);
  EXPECT_TRUE(plan) << plan.error().describe();
  return plan ? plan->arguments : std::vector<std::string>{};
}

TEST(Launcher, AMongodListensAtItsOwnSocketOnlyAndDeletesNothing) {
  const auto arguments = arguments_of("/usr/bin/mongod");
  EXPECT_THAT(arguments, Contains("--nounixsocket")) << "else it takes over that of production";
  EXPECT_THAT(arguments, Contains("/box/server/db.sock"));
  EXPECT_THAT(arguments, Contains("ttlMonitorEnabled=false"));
}

TEST(Launcher, AFerretDbListensAtItsOwnSocketOnly) {
  const auto arguments = arguments_of("/opt/ferretdb");
  EXPECT_THAT(arguments, Contains("--listen-unix=/box/server/db.sock"));
  EXPECT_THAT(arguments, Contains("--listen-addr="));
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
