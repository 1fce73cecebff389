#include <gtest/gtest.h>

#include "restore/plan.h"

namespace lifeboat::restore {
namespace {

repository::SnapshotInfo numbered(std::uint8_t number, const std::string& service) {
  repository::SnapshotInfo info;
  info.id.bytes[0] = number;
  info.id.bytes[1] = 0xab;
  info.service = service;
  info.time = Time(std::chrono::seconds(1'000'000 + 100 * number));
  return info;
}

TEST(BeforeRestore, IsFoundByItsIdAndIsNeverTheLatest) {
  const auto before = numbered(2, before_restore("shop"));
  const std::vector all{numbered(1, "shop"), before, numbered(3, before_restore("shops"))};
  EXPECT_EQ(choose_snapshot(all, "shop", {"02ab", {}})->id, before.id);
  EXPECT_EQ(choose_snapshot({before}, "shop", {"02ab", {}})->id, before.id);
  for (const auto* word : {"", "latest", "first"})
    EXPECT_EQ(choose_snapshot(all, "shop", {word, {}})->id, all[0].id) << word;
  EXPECT_EQ(choose_snapshot({before}, "shop", {}).error().code(), Code::not_found);
  EXPECT_EQ(choose_snapshot(all, "shop", {"03ab", {}}).error().code(), Code::not_found);
}

}  // namespace
}  // namespace lifeboat::restore
