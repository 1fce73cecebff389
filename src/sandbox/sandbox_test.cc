#include "sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test_context.h"

namespace lifeboat::sandbox {
namespace {

class SandboxTest : public ::testing::Test {
 protected:
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
  SandboxSpec spec_{scratch_.path() / "sandboxes", "test"};
};

TEST_F(SandboxTest, IsPrivateAndCarriesItsToken) {
  auto sandbox = Sandbox::provision(spec_, test_.context);
  ASSERT_TRUE(sandbox);
  struct stat status{};
  ASSERT_EQ(stat(sandbox->directory().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_NE(sandbox->directory().string().find(sandbox->token()), std::string::npos);
}

TEST_F(SandboxTest, DestroyProvesThatItIsGone) {
  auto sandbox = Sandbox::provision(spec_, test_.context);
  const auto directory = sandbox->directory();
  ASSERT_TRUE(make_directories(directory / "data"));
  ASSERT_TRUE(write_file(directory / "data" / "read-only", view_of("x"), 0400));
  chmod((directory / "data").c_str(), 0500);
  const auto proof = sandbox->destroy();
  EXPECT_TRUE(proof.clean());
  EXPECT_EQ(proof.removed, std::vector<std::string>{directory.string()});
  EXPECT_FALSE(fs::exists(directory));
}

TEST_F(SandboxTest, NeverRemovesADirectoryThatCarriesAnotherToken) {
  auto sandbox = Sandbox::provision(spec_, test_.context);
  const auto directory = sandbox->directory();
  ASSERT_TRUE(write_file(directory / ".lifeboat-sandbox.json", view_of(R"({"token":"other"})")));
  const auto proof = sandbox->destroy();
  EXPECT_FALSE(proof.clean());
  EXPECT_TRUE(fs::exists(directory));
}

TEST_F(SandboxTest, TheDestructorDestroys) {
  fs::path directory;
  {
    auto sandbox = Sandbox::provision(spec_, test_.context);
    directory = sandbox->directory();
  }
  EXPECT_FALSE(fs::exists(directory));
}

TEST_F(SandboxTest, ReapsTheSandboxOfADeadRunOnly) {
  const pid_t child = fork();
  if (child == 0) {
    auto orphan = Sandbox::provision(spec_, test_.context);
    _exit(orphan ? 0 : 1);  // like a kill: no destructor runs
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  TestContext other(2);
  auto living = Sandbox::provision(spec_, other.context);
  ASSERT_TRUE(make_directories(spec_.parent / "lifeboat-sandbox-not-ours"));
  const auto reaped = reap_orphans(spec_.parent, test_.clock.now());
  ASSERT_TRUE(reaped);
  EXPECT_EQ(reaped->size(), 1U);
  EXPECT_TRUE(fs::exists(living->directory()));
  EXPECT_TRUE(fs::exists(spec_.parent / "lifeboat-sandbox-not-ours"));
}

TEST_F(SandboxTest, ReapsWhatWasKilledBeforeItsTokenWasWritten) {
  const auto old = std::chrono::minutes(5);
  const auto abandoned = scratch_.path() / ("lifeboat-sandbox-" + std::string(24, 'a'));
  const auto young = scratch_.path() / ("lifeboat-sandbox-" + std::string(24, 'b'));
  const auto filled = scratch_.path() / ("lifeboat-sandbox-" + std::string(24, 'c'));
  for (const auto& each : {abandoned, young, filled}) ASSERT_TRUE(make_directories(each));
  ASSERT_TRUE(write_file(filled / "mine", view_of("not a drill's")));
  for (const auto& each : {abandoned, filled})
    fs::last_write_time(each, fs::file_time_type::clock::now() - old);
  const auto removed = reap_orphans(scratch_.path(), test_.clock.now());
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, std::vector<std::string>{abandoned.string()});
  EXPECT_TRUE(fs::exists(young) && fs::exists(filled));
}

TEST_F(SandboxTest, OneThatIsKeptStaysForItsTimeAndIsListed) {
  auto sandbox = Sandbox::provision(spec_, test_.context);
  const auto directory = sandbox->directory();
  ASSERT_TRUE(write_file(directory / "data", view_of("x")));
  const auto until = test_.clock.now() + std::chrono::hours(24);
  const auto proof = sandbox->keep(until);
  ASSERT_TRUE(proof) << proof.error().describe();
  EXPECT_EQ(proof->kept, std::vector<std::string>{directory.string()});
  const auto kept = list_kept(spec_.parent);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].purpose, "test");
  EXPECT_EQ(kept[0].until, until);
  EXPECT_TRUE(reap_orphans(spec_.parent, until - std::chrono::hours(1))->empty());
  EXPECT_TRUE(fs::exists(directory / "data"));
  EXPECT_EQ(reap_orphans(spec_.parent, until + std::chrono::hours(1))->size(), 1U);
  EXPECT_FALSE(fs::exists(directory));
}

TEST_F(SandboxTest, NothingToReapIsNoError) {
  EXPECT_TRUE(reap_orphans("/nonexistent/place", test_.clock.now()));
}

}  // namespace
}  // namespace lifeboat::sandbox
