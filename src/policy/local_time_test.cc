#include "policy/local_time.h"

#include <gtest/gtest.h>

namespace lifeboat::policy {
namespace {

std::string read(const std::string& text, const std::string& tz = "Europe/Berlin") {
  const auto time = parse_time(text, tz);
  return time ? to_rfc3339(*time) : std::string(info_of(time.error().code()).name);
}

TEST(LocalTime, IsOfTheZoneWhenThereIsNoOffset) {
  EXPECT_EQ(read("2026-11-21 10:45"), "2026-11-21T09:45:00Z");
  EXPECT_EQ(read("2026-07-01T10:45:30"), "2026-07-01T08:45:30Z");
  EXPECT_EQ(read("2026-11-21 10:45", "UTC"), "2026-11-21T10:45:00Z");
}

TEST(LocalTime, HasItsOwnOffsetWhenOneIsWritten) {
  EXPECT_EQ(read("2026-11-21T10:45:00Z"), "2026-11-21T10:45:00Z");
  EXPECT_EQ(read("2026-11-21T10:45:00+05:00"), "2026-11-21T05:45:00Z");
}

TEST(LocalTime, IsTheEarlierMomentWhenTheClockWasSetBack) {
  EXPECT_EQ(read("2026-10-25 02:30"), "2026-10-25T00:30:00Z");
}

TEST(LocalTime, RefusesWhatIsNoTime) {
  EXPECT_EQ(read("yesterday"), "usage");
  EXPECT_EQ(read("2026-11-21 10:45 and more"), "usage");
  EXPECT_EQ(read("2026-11-21 10:45", "Nowhere/Atlantis"), "config_invalid");
}

}  // namespace
}  // namespace lifeboat::policy
