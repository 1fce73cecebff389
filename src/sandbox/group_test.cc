#include "sandbox/group.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/file.h"
#include "base/test_context.h"
#include "sandbox/cell.h"
#include "sandbox/output.h"

namespace lifeboat::sandbox {
namespace {

// What the kernel shows, as files of this test: what is written to them is what it would be told.
class GroupTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(make_directories((root() / path).parent_path()));
    ASSERT_TRUE(write_file(root() / path, view_of(text)));
  }
  std::string read(const fs::path& path) {
    const auto bytes = read_file(path);
    return bytes ? to_text(*bytes) : bytes.error().describe();
  }
  // As systemd leaves it to a user: the scope of this process hands out nothing, the slice does.
  void delegate(const std::string& controllers = "cpu memory pids") {
    write("proc/self/cgroup", "1:name=systemd:/elsewhere\n0::/user/app.slice/run.scope\n");
    write("sys/fs/cgroup/user/app.slice/run.scope/cgroup.subtree_control", "\n");
    write("sys/fs/cgroup/user/app.slice/cgroup.subtree_control", controllers + "\n");
  }
  fs::path slice() const { return root() / "sys/fs/cgroup/user/app.slice"; }
  fs::path made() const { return slice() / ("lifeboat-" + std::to_string(getpid()) + "-0"); }
  // The number of a process that is no more.
  std::string ended() {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    return std::to_string(child);
  }
  std::unique_ptr<Cell> open_cell() {
    CellSpec spec;
    spec.data = root() / "data";
    spec.groups = root();
    EXPECT_TRUE(make_directories(spec.data));
    return std::move(*Cell::open(spec, test_.context));
  }
  fs::path root() const { return scratch_.path(); }
  TestContext test_;
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
};

TEST_F(GroupTest, IsMadeInTheNearestGroupThatHandsOutMemoryAndProcesses) {
  delegate();
  Limits limits;
  limits.memory = 1U << 30U;
  limits.temporary = 256U << 20U;
  limits.processes = 10;
  const auto group = Group::make(limits, root());
  ASSERT_TRUE(group);
  EXPECT_EQ(group->name(), "/user/app.slice/" + made().filename().string());
  EXPECT_EQ(read(made() / "memory.max"), std::to_string((1U << 30U) + (320U << 20U)));
  EXPECT_EQ(read(made() / "memory.swap.max"), "0");
  EXPECT_EQ(read(made() / "pids.max"), "160");
  EXPECT_TRUE(group->take(4711));
  EXPECT_EQ(read(made() / "cgroup.procs"), "4711");
}

TEST_F(GroupTest, IsNotMadeWhereNoneIsHandedOut) {
  EXPECT_FALSE(Group::make({}, root())) << "a kernel without groups";
  write("proc/self/cgroup", "4:memory:/a\n2:pids:/a\n");
  EXPECT_FALSE(Group::make({}, root())) << "the first version";
  delegate("cpu memory");
  EXPECT_FALSE(Group::make({}, root())) << "memory alone";
}

TEST_F(GroupTest, IsNotMadeWhereThisUserMayNot) {
  delegate();
  fs::permissions(slice(), fs::perms::owner_read | fs::perms::owner_exec);
  const auto group = Group::make({}, root());
  fs::permissions(slice(), fs::perms::owner_all);
  EXPECT_FALSE(group);
}

TEST_F(GroupTest, IsGoneAfterwardsAlsoWhenItsRunWasKilled) {
  delegate();
  const auto killed = slice() / ("lifeboat-" + ended() + "-12");
  ASSERT_TRUE(make_directories(killed));
  auto group = Group::make({}, root());
  ASSERT_TRUE(group);
  EXPECT_FALSE(fs::exists(killed));
  for (const auto* file : {"memory.max", "memory.swap.max", "pids.max"}) fs::remove(made() / file);
  group.reset();
  EXPECT_FALSE(fs::exists(made()));
}

TEST_F(GroupTest, LeavesWhatNoKilledRunMade) {
  delegate();
  const auto dead = ended();
  const std::vector<std::string> others = {"another",
                                           "lifeboat-shop-backup.service",
                                           "lifeboat-" + dead,
                                           "lifeboat-" + dead + "-0.scope",
                                           "lifeboat-0" + dead + "-0",
                                           "lifeboat--" + dead + "-0",
                                           "lifeboat-0-0",
                                           "lifeboat-1-0",  // of a process that is another user's
                                           "lifeboat-" + std::to_string(getppid()) + "-0"};
  for (const auto& name : others) ASSERT_TRUE(make_directories(slice() / name));
  ASSERT_TRUE(Group::make({}, root()));
  for (const auto& name : others) EXPECT_TRUE(fs::exists(slice() / name)) << name;
}

TEST_F(GroupTest, TellsOnceWhatTheKernelRefused) {
  delegate();
  const auto group = Group::make({}, root());
  ASSERT_TRUE(group);
  EXPECT_EQ(group->passed(), "");
  const auto in_group = "sys/fs/cgroup/user/app.slice/" + made().filename().string();
  write(in_group + "/memory.events", "low 0\noom 2\noom_kill 1\n");
  EXPECT_EQ(group->passed(), "memory");
  EXPECT_EQ(group->passed(), "");
  write(in_group + "/pids.events", "max 3\n");
  EXPECT_EQ(group->passed(), "processes");
  EXPECT_EQ(group->passed(), "");
}

TEST_F(GroupTest, HoldsTheCellAndEndsItWhenItIsPassed) {
  delegate();
  auto cell = open_cell();
  EXPECT_EQ(cell->group(), "/user/app.slice/" + made().filename().string());
  EXPECT_GT(std::stoi(read(made() / "cgroup.procs")), 1);
  const auto output = std::move(*Output::open({}));
  ASSERT_TRUE(cell->start({"sleep 1000", {{"PATH", "/usr/bin"}}, "/"}, output->end_for_process()));
  EXPECT_EQ(cell->news().over, "");
  write(fs::relative(made(), root()).string() + "/memory.events", "oom_kill 1\n");
  EXPECT_EQ(cell->news().over, "memory");
  for (int i = 0; i < 400 && cell->look()->processes > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  EXPECT_EQ(cell->look()->processes, 0U);
  EXPECT_TRUE(cell->destroy());
  EXPECT_EQ(cell->group(), "");
}

TEST_F(GroupTest, WithoutOneTheCellIsBoundedByCounting) { EXPECT_EQ(open_cell()->group(), ""); }

}  // namespace
}  // namespace lifeboat::sandbox
