#include "restore/aside.h"

#include <gtest/gtest.h>

namespace lifeboat::restore {
namespace {

class AsideTest : public testing::Test {
 protected:
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(parent_), fs::directory_iterator()));
  }
  // As a run leaves it that was killed: nobody holds its lock.
  fs::path left(const std::string& name) const {
    const auto path = parent_ / name;
    EXPECT_TRUE(make_directories(path));
    EXPECT_TRUE(write_file(path / "whole", view_of("plain text")));
    return path;
  }
  ScratchDirectory folder_ = *ScratchDirectory::make();
  const fs::path parent_ = folder_.path();
};

TEST_F(AsideTest, IsForThisUserAndGoesWithWhatIsInIt) {
  {
    const auto aside = Aside::make(parent_);
    ASSERT_TRUE(aside) << aside.error().describe();
    EXPECT_EQ(fs::status(aside->path()).permissions(), fs::perms::owner_all);
    ASSERT_TRUE(write_file(aside->path() / "whole", view_of("x")));
  }
  EXPECT_EQ(count(), 0U);
}

TEST_F(AsideTest, RemovesWhatAKilledRunLeftAndNothingElse) {
  const auto killed = left(".lifeboat-aside-abcdef");
  const auto theirs = left("lifeboat-aside-abcdef");
  const auto living = Aside::make(parent_);
  ASSERT_TRUE(living);
  EXPECT_FALSE(fs::exists(killed));
  EXPECT_TRUE(fs::exists(theirs));
  const auto other = Aside::make(parent_);
  ASSERT_TRUE(other);
  EXPECT_TRUE(fs::exists(living->path())) << "its run lives";
  EXPECT_EQ(count(), 3U);
}

TEST_F(AsideTest, FollowsNoLinkThatIsNamedLikeOne) {
  const auto theirs = left("theirs");
  fs::create_directory_symlink(theirs, parent_ / ".lifeboat-aside-abcdef");
  ASSERT_TRUE(Aside::make(parent_));
  EXPECT_TRUE(fs::exists(theirs / "whole"));
}

}  // namespace
}  // namespace lifeboat::restore
