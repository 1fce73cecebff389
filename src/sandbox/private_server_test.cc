#include "sandbox/private_server.h"

#include <gtest/gtest.h>
#include <sys/un.h>

#include "base/test_context.h"
#include "engine/engine.h"
#include "sandbox/dial.h"

namespace lifeboat::sandbox {
namespace {

constexpr std::size_t kLongestSocket = sizeof(sockaddr_un::sun_path) - 1;
constexpr const char* kListens =
    "import socket, sys, time\n"
    "own = socket.socket(socket.AF_UNIX)\n"
    "own.bind(sys.argv[1])\n"
    "own.listen()\n"
    "time.sleep(1000)\n";

class PrivateServerTest : public ::testing::Test {
 protected:
  // A server that only listens, at a path of that length.
  engine::LaunchPlan plan(std::size_t length) const {
    engine::LaunchPlan plan;
    plan.directory = (scratch_.path() / "server").string();
    plan.log = plan.directory + "/log";
    plan.socket = plan.directory + "/";
    plan.socket.resize(length, 's');
    plan.arguments = {"/usr/bin/python3", "-c", kListens, plan.socket};
    return plan;
  }
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
};

TEST_F(PrivateServerTest, AnswersAtTheLongestPathOfASocketAndIsGoneWithItsOwner) {
  const auto longest = plan(kLongestSocket);
  {
    const auto server = PrivateServer::start(longest, test_.context);
    ASSERT_TRUE(server) << server.error().describe();
    EXPECT_TRUE(dial(longest.socket));
  }
  EXPECT_FALSE(dial(longest.socket));
}

constexpr const char* kTellsAndListens =
    "import os, sys\n"
    "print(os.environ['SECRET'], os.environ.get('FOREIGN'), file=open(sys.argv[1] + '-told', "
    "'w'))\n";
constexpr const char* kTellsAndEnds =
    "import os\n"
    "print('cannot begin with', os.environ['SECRET'], flush=True)\n";

TEST_F(PrivateServerTest, AloneIsToldWhatItsPlanSaysAndNothingOfOurs) {
  auto told = plan(kLongestSocket);
  told.arguments[2] = std::string(kTellsAndListens) + kListens;
  told.environment = {"SECRET=four words of secret"};
  ::setenv("FOREIGN", "ours", 1);
  const auto server = PrivateServer::start(told, test_.context);
  ::unsetenv("FOREIGN");
  ASSERT_TRUE(server) << server.error().describe();
  EXPECT_EQ(to_text(*read_file(told.socket + "-told")), "four words of secret None\n");
  EXPECT_EQ(std::getenv("SECRET"), nullptr);
}

TEST_F(PrivateServerTest, ThatDidNotBeginIsQuotedWithoutItsPassword) {
  auto ends = plan(kLongestSocket);
  ends.arguments[2] = kTellsAndEnds;
  ends.environment = {"SECRET=four words of secret"};
  ends.password = "four words of secret";
  const auto server = PrivateServer::start(ends, test_.context);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message().find("cannot begin with ***"), std::string::npos)
      << server.error().message();
}

TEST_F(PrivateServerTest, APathTooLongForASocketIsRefusedBeforeAnythingStarts) {
  const auto longer = plan(kLongestSocket + 1);
  const auto server = PrivateServer::start(longer, test_.context);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Code::internal);
  EXPECT_FALSE(fs::exists(longer.directory));
}

TEST_F(PrivateServerTest, NoProgramIsRefusedBeforeAnythingStarts) {
  auto empty = plan(kLongestSocket);
  empty.arguments.clear();
  const auto server = PrivateServer::start(empty, test_.context);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Code::internal);
  EXPECT_FALSE(fs::exists(empty.directory));
}

}  // namespace
}  // namespace lifeboat::sandbox
