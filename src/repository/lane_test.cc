#include "repository/lane.h"

#include <gtest/gtest.h>

#include "repository/segment_opener.h"
#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

class LaneTest : public testing::Test {
 protected:
  // Two chunks that were identified and wait for being stored.
  SegmentBuffer identified(Lane& lane) {
    SegmentBuffer buffer(1U << 20U);
    for (const auto& chunk : chunks_) buffer.append(lane.identify(chunk), chunk);
    return buffer;
  }
  // Bad memory: a bit of a chunk is another one now.
  static void flip(const SegmentBuffer& buffer, std::size_t chunk, std::size_t at) {
    const auto bytes = buffer.chunk(chunk);
    const_cast<std::uint8_t&>(bytes[at]) ^= 1U;
  }
  Lane::Setup setup() { return {keys_, session_key_, sink_, options_}; }
  std::uint64_t stored_bytes() {
    EXPECT_TRUE(sink_.flush(context_.random));
    std::uint64_t total = 0;
    for (const auto& [key, bytes] : store_.objects) total += bytes.size();
    return total;
  }

  TestContext context_;
  TestStore store_;
  RoleKeys keys_ = test_keys(context_.random);
  Bytes session_key_ = Bytes(32, 5);
  SessionRef session_{keys_.writer, 1};
  PutJournal journal_{{}, session_};
  PackSink sink_{{store_, keys_, session_, journal_}};
  Options options_;
  std::vector<Bytes> chunks_ = {wordy_bytes(70'000, 1), random_bytes(30'000, 2)};
};

TEST_F(LaneTest, StoresWhatItWasGiven) {
  Lane lane(setup());
  auto buffer = identified(lane);
  ASSERT_TRUE(lane.store(buffer, context_.random));
  EXPECT_EQ(buffer.chunks(), 0U);
  EXPECT_GT(stored_bytes(), 60'000U);
}

TEST_F(LaneTest, StoresNothingOfASegmentThatChangedInMemoryAfterItWasIdentified) {
  for (const std::size_t chunk : {0, 1}) {
    for (const std::size_t at : {std::size_t{0}, chunks_[chunk].size() - 1}) {
      Lane lane(setup());
      auto buffer = identified(lane);
      flip(buffer, chunk, at);
      const auto stored = lane.store(buffer, context_.random);
      ASSERT_FALSE(stored) << chunk << " " << at;
      EXPECT_EQ(stored.error().code(), Code::internal);
      EXPECT_NE(stored.error().hint().find("memory"), std::string_view::npos);
    }
  }
}

// Who turns the check off stores it: then `verify` and restore find it (bad_memory_test.cc).
TEST_F(LaneTest, LooksOnlyWhenItIsAskedTo) {
  options_.verify_before_store = false;
  Lane lane(setup());
  auto buffer = identified(lane);
  flip(buffer, 0, 0);
  EXPECT_TRUE(lane.store(buffer, context_.random));
}

}  // namespace
}  // namespace lifeboat::repository
