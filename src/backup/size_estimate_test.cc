#include "backup/size_estimate.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/file.h"
#include "base/test_context.h"

namespace lifeboat::backup {
namespace {

using std::chrono::hours;

class Watcher final : public Progress {
 public:
  explicit Watcher(bool wants) : wants_(wants) {}
  void stage(std::string_view, std::uint64_t) override {}
  void total(std::uint64_t bytes) override { total_ = bytes; }
  void advance(std::uint64_t, std::uint64_t) override {}
  bool wants_total() const override { return wants_; }
  std::uint64_t wait_for_total() const {
    for (int turn = 0; turn < 5000 && total_ == 0; ++turn)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return total_;
  }
  std::uint64_t told() const { return total_; }

 private:
  const bool wants_;
  std::atomic<std::uint64_t> total_{0};
};

class SizeEstimateTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file(folder_.path() / "a", Bytes(1000, 1)));
    ASSERT_TRUE(write_file(folder_.path() / "b.tmp", Bytes(500, 1)));
    options_.type = "files";
    options_.path = folder_.path().string();
    options_.exclude = {"*.tmp"};
  }
  RunContext context(Progress& progress) {
    return {test_.stop.get_token(), test_.clock, test_.random, progress, test_.log};
  }

  ScratchDirectory folder_ = ScratchDirectory::make().value();
  TestContext test_;
  engine::SourceOptions options_;
};

TEST_F(SizeEstimateTest, TellsWhoeverWantsToKnow) {
  Watcher watcher(true);
  const auto watched = context(watcher);
  const SizeEstimate estimate(options_, Duration(0), watched);
  EXPECT_EQ(watcher.wait_for_total(), 1000U);
}

TEST_F(SizeEstimateTest, TellsTheSizeOfADatabaseWithItsLog) {
  ASSERT_TRUE(write_file(folder_.path() / "app.db", Bytes(4096, 1)));
  ASSERT_TRUE(write_file(folder_.path() / "app.db-wal", Bytes(512, 1)));
  options_.type = "sqlite";
  options_.path = (folder_.path() / "app.db").string();
  Watcher watcher(true);
  const auto watched = context(watcher);
  const SizeEstimate estimate(options_, Duration(0), watched);
  EXPECT_EQ(watcher.wait_for_total(), 4608U);
}

TEST_F(SizeEstimateTest, DoesNothingWhenNobodyWatches) {
  Watcher watcher(false);
  const auto watched = context(watcher);
  {
    const SizeEstimate estimate(options_, Duration(0), watched);
  }
  EXPECT_EQ(watcher.told(), 0U);
}

TEST_F(SizeEstimateTest, EndsAtOnceWithAShortRun) {
  Watcher watcher(true);
  const auto watched = context(watcher);
  const auto begun = std::chrono::steady_clock::now();
  {
    const SizeEstimate estimate(options_, hours(1), watched);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(1));
  EXPECT_EQ(watcher.told(), 0U);
}

TEST_F(SizeEstimateTest, SaysNothingOfWhatItCannotSee) {
  options_.path = "/nonexistent";
  Watcher watcher(true);
  const auto watched = context(watcher);
  {
    const SizeEstimate estimate(options_, Duration(0), watched);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(watcher.told(), 0U);
}

}  // namespace
}  // namespace lifeboat::backup
