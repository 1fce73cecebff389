#include "service/placement.h"

#include <gtest/gtest.h>

namespace lifeboat::service {
namespace {

engine::SourceOptions folder(std::vector<std::string> exclude = {}) {
  engine::SourceOptions source;
  source.type = "files";
  source.path = "/srv/shop";
  source.exclude = std::move(exclude);
  return source;
}

TEST(Placement, FindsARepositoryInsideItsSource) {
  EXPECT_TRUE(would_read(folder(), "/srv/shop/backups/repository"));
  EXPECT_TRUE(would_read(folder(), "/srv/shop"));
  EXPECT_TRUE(would_read(folder({"/cache"}), "/srv/shop/backups"));
}

TEST(Placement, LetsBeWhatIsOutsideOrExcluded) {
  EXPECT_FALSE(would_read(folder(), "/srv/shop-backups"));
  EXPECT_FALSE(would_read(folder({"/backups"}), "/srv/shop/backups/repository"));
  EXPECT_FALSE(would_read(folder({"repository/"}), "/srv/shop/backups/repository"));
}

TEST(Placement, KnowsWhichUrlsAreFolders) {
  EXPECT_EQ(local_path("/var/backups"), "/var/backups");
  EXPECT_EQ(local_path("file:///var/backups"), "/var/backups");
  EXPECT_EQ(local_path("s3://bucket/place"), std::nullopt);
}

}  // namespace
}  // namespace lifeboat::service
