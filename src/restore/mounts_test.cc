#include "restore/mounts.h"

#include <gtest/gtest.h>

#include <sstream>

namespace lifeboat::restore {
namespace {

std::string where(const std::string& place, const std::string& more = "") {
  std::istringstream mounts(
      "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "22 21 0:5 / /proc rw - proc proc rw\n"
      "30 21 8:2 / /srv rw shared:7 - ext4 /dev/sdb rw\n"
      "31 21 8:2 /shop/uploads/2026 /mnt/with\\040space rw - ext4 /dev/sdb rw\n" +
      more);
  const auto found = device_place(place, mounts);
  return found ? found->device + " " + found->path : "nowhere";
}

TEST(DevicePlace, IsOfTheNearestMountAbove) {
  EXPECT_EQ(where("/var/lib"), "8:1 /var/lib");
  EXPECT_EQ(where("/srv"), "8:2 /");
  EXPECT_EQ(where("/srv/shop/uploads"), "8:2 /shop/uploads");
  EXPECT_EQ(where("/srvx"), "8:1 /srvx");
}

TEST(DevicePlace, OfAPartThatIsMountedElsewhereIsWhereThePartLies) {
  EXPECT_EQ(where("/mnt/with space/a"), "8:2 /shop/uploads/2026/a");
  EXPECT_EQ(where("/mnt/with space"), where("/srv/shop/uploads/2026"));
}

TEST(DevicePlace, IsOfWhatWasMountedLast) {
  EXPECT_EQ(where("/srv/a", "40 30 0:9 / /srv rw - tmpfs tmpfs rw\n"), "0:9 /a");
}

TEST(DevicePlace, IsNotGuessed) {
  std::istringstream none("nonsense\n");
  EXPECT_FALSE(device_place("/srv", none));
  EXPECT_TRUE(device_place("/proc/self"));
}

}  // namespace
}  // namespace lifeboat::restore
