#include "drill/walk_back.h"

#include <gtest/gtest.h>

#include <bit>

namespace lifeboat::drill {
namespace {

using repository::SnapshotInfo;

// `seq` tells them apart.
std::vector<SnapshotInfo> snapshots(std::size_t count) {
  std::vector<SnapshotInfo> list(count);
  for (std::size_t i = 0; i < count; ++i) list[i].seq = i;
  return list;
}

SnapshotInfo the_failed(std::size_t seq) {
  SnapshotInfo info;
  info.seq = seq;
  return info;
}

TryOut bad_from(std::size_t first_bad) {
  return [first_bad](const SnapshotInfo& info) -> Result<Trial> {
    return Trial{info, info.seq < first_bad ? Verdict::proven : Verdict::failed, "", ""};
  };
}

TEST(WalkBack, FindsTheNewestGoodOneWhereverItIsInAFewDrills) {
  for (std::size_t count = 0; count < 40; ++count)
    for (std::size_t first_bad = 0; first_bad <= count; ++first_bad) {
      const auto walk = walk_back(snapshots(count), the_failed(count), bad_from(first_bad));
      ASSERT_TRUE(walk);
      EXPECT_EQ(walk->first_bad.seq, first_bad);
      EXPECT_EQ(walk->newest_good.has_value(), first_bad > 0);
      if (walk->newest_good) {
        EXPECT_EQ(walk->newest_good->seq, first_bad - 1);
      }
      EXPECT_LE(walk->trials.size(), static_cast<std::size_t>(std::bit_width(count)));
    }
}

TEST(WalkBack, AWaivedDrillIsGood) {
  const auto waived = [](const SnapshotInfo& info) -> Result<Trial> {
    return Trial{info, Verdict::proven_with_waivers, "", ""};
  };
  EXPECT_EQ(walk_back(snapshots(3), the_failed(3), waived)->newest_good->seq, 2U);
}

TEST(WalkBack, WhatCannotBeDecidedEndsIt) {
  const auto undecided = [](const SnapshotInfo& info) -> Result<Trial> {
    return Trial{info, Verdict::unverified, "the store is silent", ""};
  };
  const auto walk = walk_back(snapshots(9), the_failed(9), undecided);
  ASSERT_TRUE(walk);
  EXPECT_FALSE(walk->newest_good);
  EXPECT_EQ(walk->trials.size(), 1U);
  EXPECT_NE(walk->undecided.find("the store is silent"), std::string::npos);
}

TEST(WalkBack, AnErrorIsPassedOn) {
  const auto broken = [](const SnapshotInfo&) -> Result<Trial> {
    return fail(Code::interrupted, "stopped");
  };
  EXPECT_EQ(walk_back(snapshots(2), the_failed(2), broken).error().code(), Code::interrupted);
}

}  // namespace
}  // namespace lifeboat::drill
