#include "engine/mongodb/marker.h"

#include "engine/mongodb/log_slice.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_log.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr const char* kName = "lifeboat_markers";

class MongoMarkers : public testing::ShopTest {
 protected:
  Result<Marker> write() {
    test_.clock.advance(std::chrono::minutes(1));
    return engine::write_marker(options_, kName, test_.context);
  }
  Result<std::optional<MarkerTrail>> read() {
    return engine::read_markers({"mongodb", server_.uri("shop"), kName});
  }
};

TEST_F(MongoMarkers, AreNumberedWithoutAGapAndOneThatIsLostIsOne) {
  ASSERT_TRUE(read());
  EXPECT_FALSE(*read());
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto marker = write();
    LIFEBOAT_OK(marker);
    EXPECT_EQ(marker->number, i);
  }
  const auto trail = read();
  LIFEBOAT_OK(trail);
  ASSERT_TRUE(*trail);
  EXPECT_EQ((*trail)->count, 5U);
  EXPECT_EQ((*trail)->first, 1U);
  EXPECT_EQ((*trail)->newest.number, 5U);
  EXPECT_EQ((*trail)->newest.time, test_.clock.now());
  EXPECT_FALSE((*trail)->has_gap());
  live().remove_one(kName, 2);
  EXPECT_TRUE((*read())->has_gap());
}

TEST_F(MongoMarkers, OldOnesAreLetGo) {
  const auto last = static_cast<std::int64_t>(kKeptMarkers);
  const auto old = [](std::int64_t number) {
    return DocumentBuilder().int64("_id", number).text("time", "2026-01-01T00:00:00Z").take();
  };
  live().insert(kName, {old(1), old(2), old(last)});
  LIFEBOAT_OK(write());
  EXPECT_EQ((*read())->first, 2U);
  EXPECT_EQ((*read())->newest.number, kKeptMarkers + 1);
}

TEST_F(MongoMarkers, WhatIsNotAMarkerIsSaid) {
  live().insert(kName, {DocumentBuilder().text("_id", "x").text("time", "y").take()});
  EXPECT_EQ(read().error().code(), Code::corrupt);
  EXPECT_EQ(write().error().code(), Code::corrupt);
}

TEST(LoggedMarkers, AreTheInsertsIntoTheirCollection) {
  Bytes log;
  append(log, entry_at(1, R"("op":"i","ns":"shop.lifeboat_markers","o":{"_id":7,"time":"x"})"));
  append(log, entry_at(2, R"("op":"i","ns":"shop.orders","o":{"_id":8})"));
  append(log, entry_at(3, R"("op":"d","ns":"shop.lifeboat_markers","o":{"_id":1})"));
  append(log, entry_at(4, R"("op":"i","ns":"other.lifeboat_markers","o":{"_id":9})"));
  append(log, entry_at(5, R"("op":"i","ns":"shop.lifeboat_markers","o":{"_id":8,"time":"x"})"));
  const auto found = engine::markers_in_log({"mongodb", "shop", kName}, log);
  LIFEBOAT_OK(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].number, 7U);
  EXPECT_EQ((*found)[0].position, position_of({1, 1}));
  EXPECT_EQ((*found)[1].number, 8U);
  EXPECT_EQ((*found)[1].position, position_of({5, 1}));
  EXPECT_EQ(engine::markers_in_log({"sqlite", "shop", kName}, log).error().code(), Code::usage);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
