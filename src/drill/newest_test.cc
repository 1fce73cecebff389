#include "drill/newest.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

using repository::LostSnapshot;
using repository::SnapshotInfo;
using repository::SnapshotList;
using repository::WriterId;

constexpr std::size_t kFormatByte = 5;  // docs/format.md, section 1

WriterId writer(std::uint8_t number) {
  WriterId id;
  id.bytes.fill(number);
  return id;
}

Time at(int hour) { return Time(std::chrono::hours(hour)); }

SnapshotInfo snapshot(std::uint8_t by, std::uint64_t seq, int hour) {
  SnapshotInfo info;
  info.writer = writer(by);
  info.seq = seq;
  info.service = "shop";
  info.time = at(hour);
  return info;
}

bool is_lost(const LostSnapshot& lost, const SnapshotList& list) {
  return !lost_after({list.snapshots, {lost}, {}}, list.snapshots.back()).empty();
}

TEST(Newest, OneWriterNumbersItsSnapshots) {
  const SnapshotList list{{snapshot(1, 4, 1), snapshot(1, 7, 2)}, {}, {}};
  EXPECT_FALSE(is_lost({"", writer(1), 6, "shop", {}}, list));
  EXPECT_TRUE(is_lost({"", writer(1), 8, "shop", {}}, list));
  EXPECT_TRUE(is_lost({"", writer(1), 8, "", {}}, list));
}

TEST(Newest, WhatIsKnownToBeOfAnotherServiceIsNotMissed) {
  const SnapshotList list{{snapshot(1, 7, 2)}, {}, {}};
  EXPECT_FALSE(is_lost({"", writer(1), 8, "blog", {}}, list));
}

TEST(Newest, WhatAWriterOfOtherServicesLostIsNotMissed) {
  const SnapshotList list{{snapshot(1, 7, 2)}, {}, {}};
  EXPECT_FALSE(is_lost({"", writer(2), 8, "", {}}, list));
}

TEST(Newest, BetweenTwoWritersTheStoresClockTells) {
  const SnapshotList list{{snapshot(2, 1, 1), snapshot(1, 7, 5)}, {}, {}};
  EXPECT_FALSE(is_lost({"", writer(2), 2, "shop", at(4)}, list));
  EXPECT_TRUE(is_lost({"", writer(2), 2, "shop", at(6)}, list));
}

TEST(Newest, BetweenTwoWritersALaterSnapshotTellsThatTheLostOneIsOlder) {
  const SnapshotList later{{snapshot(2, 3, 2), snapshot(1, 7, 5)}, {}, {}};
  EXPECT_FALSE(is_lost({"", writer(2), 2, "", {}}, later));
  const SnapshotList earlier{{snapshot(2, 1, 2), snapshot(1, 7, 5)}, {}, {}};
  EXPECT_TRUE(is_lost({"", writer(2), 2, "", {}}, earlier));
}

TEST(Newest, ANewerSnapshotThatIsIncompleteIsWarnedOf) {
  auto incomplete = snapshot(1, 8, 3);
  incomplete.complete = false;
  const SnapshotList list{{snapshot(1, 7, 2), incomplete}, {}, {}};
  EXPECT_EQ(check_newest(list, list.snapshots[0]).outcome, Outcome::warned);
  EXPECT_EQ(check_newest({{list.snapshots[0]}, {}, {}}, list.snapshots[0]).outcome,
            Outcome::passed);
}

// With two snapshots, of which the newer one comes to harm.
class NewestDrillTest : public ShopFixture {
 protected:
  void SetUp() override {
    ShopFixture::SetUp();
    test_.clock.advance(std::chrono::minutes(10));
    back_up();
  }

  std::vector<std::string> heads() { return objects_in("snapshots/"); }

  void flip(const std::string& key) {
    alter(key, [](Bytes& object) { object[object.size() / 2] ^= 1; });
  }

  void alter(const std::string& key, const std::function<void(Bytes&)>& change) {
    auto object = storage::get_whole(*store_, key, 1 << 24);
    ASSERT_TRUE(object);
    change(*object);
    ASSERT_TRUE(store_->remove(key));
    ASSERT_TRUE(store_->put(key, *object));
  }

  Report drilled(const Request& request) {
    auto sealed = run_drill(request, *repository_, test_.context);
    EXPECT_TRUE(sealed) << (sealed ? "" : sealed.error().describe());
    return sealed->report;
  }

  Report expect_failed(const std::string& rules) {
    auto report = drilled(drill_request());
    EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
    EXPECT_EQ(rules_of(report), rules);
    return report;
  }

  static std::string rules_of(const Report& report) {
    std::string rules;
    for (const auto& each : report.diagnoses) rules += each.rule + " ";
    return rules;
  }
};

TEST_F(NewestDrillTest, WithBothSnapshotsTheDrillIsProven) {
  const auto report = drilled(drill_request());
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "");
}

TEST_F(NewestDrillTest, ADamagedHeadOfTheNewestSnapshotFailsAlthoughAnOlderOneIsGood) {
  flip(heads().at(1));
  const auto report = expect_failed("newest-unreadable ");
  EXPECT_THAT(report.checks.front().details, testing::ElementsAre(testing::HasSubstr("\"shop\"")));
  EXPECT_EQ(report.snapshot->seq, 1U);
}

TEST_F(NewestDrillTest, ANewestSnapshotOfANewerFormatFailsUnderItsName) {
  alter(heads().at(1), [](Bytes& object) { ++object[kFormatByte]; });
  const auto report = expect_failed("newest-newer-format ");
  EXPECT_EQ(report.snapshot->seq, 1U);
}

// It holds what opens the snapshot's packs.
TEST_F(NewestDrillTest, ADamagedSessionFailsTheSnapshotThatItBegan) {
  flip(objects_in("sessions/").at(1));
  const auto report = expect_failed("session-damaged ");
  EXPECT_EQ(report.snapshot->seq, 2U);
}

// Most of what a snapshot holds was stored by the sessions before it.
TEST_F(NewestDrillTest, ADamagedSessionFailsTheSnapshotsThatUseWhatItStored) {
  flip(objects_in("sessions/").at(0));
  expect_failed("session-damaged ");
}

TEST_F(NewestDrillTest, ALostSessionFailsTheSnapshotThatItBegan) {
  ASSERT_TRUE(store_->remove(objects_in("sessions/").at(1)));
  expect_failed("session-damaged ");
}

TEST_F(NewestDrillTest, ANewestSnapshotThatTheStoreLostFailsAlthoughAnOlderOneIsGood) {
  ASSERT_TRUE(repository_->snapshots(test_.context));
  ASSERT_TRUE(store_->remove(heads().at(1)));
  expect_failed("newest-missing ");
}

TEST_F(NewestDrillTest, ADamagedOlderSnapshotIsAFinding) {
  flip(heads().at(0));
  const auto report = drilled(drill_request());
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "object-unreadable ");
}

TEST_F(NewestDrillTest, WhoeverNamesASnapshotIsToldOfTheDamagedOneAndGetsAProof) {
  const auto list = repository_->snapshots(test_.context);
  ASSERT_TRUE(list);
  auto request = drill_request();
  request.selector.snapshot = list->snapshots.at(0).id.hex();
  flip(heads().at(1));
  const auto report = drilled(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "object-unreadable ");
}

TEST_F(NewestDrillTest, WithoutAReadableHeadItIsNotSaidThatNothingWasEverBackedUp) {
  for (const auto& key : heads()) flip(key);
  const auto report = drilled(drill_request());
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_TRUE(rules_of(report).starts_with("no-snapshot-left ")) << rules_of(report);
}

}  // namespace
}  // namespace lifeboat::drill
