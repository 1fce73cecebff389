#include "exchange/jsonl/staged.h"

#include <gtest/gtest.h>

#include "base/test_context.h"

namespace lifeboat::exchange::jsonl {
namespace {

class StagedBackup : public ::testing::Test {
 protected:
  Result<Staged> begin() { return Staged::begin(out(), ".tar", test_.context); }
  fs::path out() const { return scratch_.path() / "out"; }
  // What a person sees there.
  std::size_t visible() const {
    std::size_t count = 0;
    for (const auto& each : fs::recursive_directory_iterator(out()))
      if (!each.path().filename().string().starts_with('.')) ++count;
    return count - 1;  // the folder of the archives
  }
  bool holds_nothing_hidden() const {
    for (const auto& each : fs::recursive_directory_iterator(out()))
      if (each.path().filename().string().starts_with('.')) return false;
    return true;
  }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
};

TEST_F(StagedBackup, AppearsWhenItIsWhole) {
  auto staged = begin();
  ASSERT_TRUE(staged) << staged.error().describe();
  ASSERT_TRUE(write_file(staged->folder() / "orders.jsonl", view_of("{}\n")));
  EXPECT_FALSE(fs::exists(staged->final_folder()));
  EXPECT_FALSE(fs::exists(staged->final_archive()));
  ASSERT_TRUE(staged->commit());
  EXPECT_EQ(staged->final_folder(), out() / "backup_20251121_094500");
  EXPECT_TRUE(fs::exists(out() / "backup_20251121_094500/orders.jsonl"));
  EXPECT_TRUE(fs::exists(out() / "backup_data/backup_20251121_094500.tar"));
  EXPECT_TRUE(holds_nothing_hidden());
}

TEST_F(StagedBackup, LeavesNothingWhenItIsNotFinished) {
  {
    ASSERT_TRUE(begin());
  }
  EXPECT_EQ(visible(), 0U);
  EXPECT_TRUE(holds_nothing_hidden());
}

TEST_F(StagedBackup, WaitsForASecondThatNoOtherHas) {
  ASSERT_TRUE(begin()->commit());
  auto second = begin();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->final_folder().filename(), "backup_20251121_094501");
}

TEST_F(StagedBackup, IsNeverWrittenOverAnother) {
  auto staged = begin();
  ASSERT_TRUE(staged);
  ASSERT_TRUE(write_file(staged->final_archive(), view_of("somebody else's")));
  EXPECT_EQ(staged->commit().error().code(), Code::exists);
  {
    const auto gone = std::move(*staged);
  }
  EXPECT_EQ(to_text(*read_file(out() / "backup_data/backup_20251121_094500.tar")),
            "somebody else's");
  EXPECT_FALSE(fs::exists(out() / "backup_20251121_094500"));
  EXPECT_TRUE(holds_nothing_hidden());
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
