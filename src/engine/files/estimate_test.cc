#include "engine/files/estimate.h"

#include "engine/files/test_folder.h"

namespace lifeboat::engine::files {
namespace {

std::uint64_t estimate(TestFolder& folder, const SourceOptions& options) {
  const auto estimated = engine::files::estimate_folder(options, folder.context());
  EXPECT_TRUE(estimated) << estimated.error().describe();
  return estimated.value_or(~std::uint64_t(0));
}

TEST(Estimate, CountsWhatABackupWouldRead) {
  TestFolder folder;
  folder.write("live/a", std::string(1000, 'a'));
  folder.write("live/deep/b", std::string(200, 'b'));
  folder.link("a", "live/link");
  EXPECT_EQ(estimate(folder, folder.source()), 1200U);
  EXPECT_EQ(folder.capture()->entries.size(), 5U) << "the same tree";
}

TEST(Estimate, LeavesOutWhatIsExcluded) {
  TestFolder folder;
  folder.write("live/a", std::string(1000, 'a'));
  folder.write("live/cache/b", std::string(200, 'b'));
  folder.write("live/c.tmp", std::string(30, 'c'));
  auto options = folder.source();
  options.exclude = {"cache/", "*.tmp"};
  EXPECT_EQ(estimate(folder, options), 1000U);
}

TEST(Estimate, CountsAHardLinkedFileOnce) {
  TestFolder folder;
  folder.write("live/a", std::string(1000, 'a'));
  ASSERT_EQ(::link(folder.at("live/a").c_str(), folder.at("live/b").c_str()), 0);
  EXPECT_EQ(estimate(folder, folder.source()), 1000U);
}

TEST(Estimate, StopsWhenItIsAskedTo) {
  TestFolder folder;
  folder.write("live/a");
  folder.test().stop.request_stop();
  const auto stopped = estimate_folder(folder.source(), folder.context());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Code::interrupted);
}

TEST(Estimate, SaysWhenThereIsNoFolder) {
  TestFolder folder;
  EXPECT_FALSE(estimate_folder(folder.source("absent"), folder.context()));
}

}  // namespace
}  // namespace lifeboat::engine::files
