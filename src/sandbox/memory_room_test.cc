#include "sandbox/memory_room.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace lifeboat::sandbox {
namespace {

class MemoryRoomTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(make_directories((root() / path).parent_path()));
    ASSERT_TRUE(write_file(root() / path, view_of(text)));
  }
  void SetUp() override {
    write("proc/meminfo", "MemTotal:  8000 kB\nMemFree:  100 kB\nMemAvailable:  4000 kB\n");
  }
  fs::path root() const { return scratch_.path(); }
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
};

TEST_F(MemoryRoomTest, WithoutGroupsItIsWhatTheMachineHas) {
  const auto room = memory_room(root());
  ASSERT_TRUE(room);
  EXPECT_EQ(room->bytes, 4000U * 1024U);
  EXPECT_EQ(room->where, "this machine");
}

TEST_F(MemoryRoomTest, AGroupThatAllowsLessIsNamed) {
  write("proc/self/cgroup", "0::/jobs/one\n");
  write("sys/fs/cgroup/jobs/one/memory.max", "max\n");
  write("sys/fs/cgroup/jobs/one/memory.current", "500000\n");
  write("sys/fs/cgroup/jobs/memory.max", "1000000\n");
  write("sys/fs/cgroup/jobs/memory.current", "700000\n");
  write("sys/fs/cgroup/jobs/memory.stat", "anon 1\ninactive_file 100000\n");
  const auto room = memory_room(root());
  ASSERT_TRUE(room);
  EXPECT_EQ(room->bytes, 400'000U);
  EXPECT_EQ(room->where, "the control group /jobs");
}

TEST_F(MemoryRoomTest, AGroupOfTheFirstVersionCountsToo) {
  write("proc/self/cgroup", "4:memory:/not/seen/from/here\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "300000\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "900000\n");
  const auto room = memory_room(root());
  ASSERT_TRUE(room);
  EXPECT_EQ(room->bytes, 0U);
  EXPECT_EQ(room->where, "the control group /");
}

TEST_F(MemoryRoomTest, AGroupThatAllowsMoreThanThereIsChangesNothing) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "99999999999\n");
  write("sys/fs/cgroup/memory.current", "1\n");
  EXPECT_EQ(memory_room(root())->where, "this machine");
}

TEST_F(MemoryRoomTest, AKernelThatSaysNothingIsNotGuessed) {
  write("proc/meminfo", "MemTotal:  8000 kB\n");
  EXPECT_EQ(memory_room(root()).error().code(), Code::unavailable);
}

TEST(OwnMemory, ItsPeakIsNoLessThanWhatItHolds) {
  EXPECT_GT(own_memory(), 0U);
  EXPECT_GE(own_memory_peak() + (1U << 20U), own_memory());
}

}  // namespace
}  // namespace lifeboat::sandbox
