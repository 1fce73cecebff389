#include "base/nearest.h"

#include <gtest/gtest.h>

namespace lifeboat {
namespace {

TEST(NearestWord, IsTheOneWithTheFewestLettersChanged) {
  EXPECT_EQ(nearest_word("sorces", {"owner", "sources", "repositories"}), "sources");
  EXPECT_EQ(nearest_word("onwer", {"owner", "other"}), "owner");
  EXPECT_EQ(nearest_word("backups", {"backup", "snapshots"}), "backup");
}

TEST(NearestWord, IsNoneWhenNothingIsNear) {
  EXPECT_EQ(nearest_word("xyzzy", {"url", "key"}), "");
  EXPECT_EQ(nearest_word("", {"a"}), "");
  EXPECT_EQ(nearest_word(std::string(1000, 'a'), {"a"}), "");
}

}  // namespace
}  // namespace lifeboat
