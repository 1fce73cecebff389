#include "repository/outbox.h"

#include <gtest/gtest.h>

#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

class OutboxTest : public testing::Test {
 protected:
  void put(Outbox& outbox, const std::string& key) {
    Outbox::Item item;
    item.key = key;
    item.owned = to_bytes(view_of(key));
    item.finished = [this] { ++finished_; };
    outbox.put(std::move(item));
  }

  TestStore store_;
  std::atomic<int> finished_ = 0;
};

TEST_F(OutboxTest, HasStoredAllOnceItIsDrained) {
  Outbox outbox(store_);
  for (const char* key : {"a", "b", "c"}) put(outbox, key);
  ASSERT_TRUE(outbox.drain());
  EXPECT_EQ(store_.keys("").size(), 3U);
  EXPECT_EQ(finished_, 3);
  put(outbox, "d");
  ASSERT_TRUE(outbox.drain()) << "it goes on";
  EXPECT_EQ(store_.keys("").size(), 4U);
}

// Or an index would be stored that names a pack which is not there.
TEST_F(OutboxTest, StoresNothingAfterAnError) {
  store_.puts_left = 1;
  Outbox outbox(store_);
  for (const char* key : {"a", "b", "c"}) put(outbox, key);
  const auto drained = outbox.drain();
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().code(), Code::io_error);
  EXPECT_NE(drained.error().describe().find("b"), std::string::npos);
  store_.puts_left = -1;
  put(outbox, "d");
  EXPECT_FALSE(outbox.drain());
  EXPECT_FALSE(outbox.status());
  EXPECT_EQ(store_.keys(""), std::vector<std::string>{"a"});
  EXPECT_EQ(finished_, 4) << "whose memory it was gets it back";
}

}  // namespace
}  // namespace lifeboat::repository
