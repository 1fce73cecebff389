#include <gmock/gmock.h>

#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using ::testing::HasSubstr;

// A mongos, and the twin that says nothing of being one.
class ShardedCluster : public testing::StandInShop {
 protected:
  explicit ShardedCluster(bool is_router = true)
      : StandInShop({.replica_set = false, .is_router = is_router}) {}
  void SetUp() override { fill(10); }
  static contract::Capture shop_of_another() {
    const testing::StandInServer other;
    testing::Application(other.uri(), "shop").insert("items", testing::many_documents(3));
    TestContext test;
    return contract::capture(mongodb_engine(), testing::source_at(other.uri(), "shop"),
                             test.context)
        .value();
  }
};

class SingleServer : public ShardedCluster {
 protected:
  SingleServer() : ShardedCluster(false) {}
};

TEST_F(ShardedCluster, IsRefusedByABackupARestoreAndTheDoctor) {
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::refused) << failure_of(captured);
  EXPECT_THAT(failure_of(captured), HasSubstr("sharded cluster"));
  const auto writes = server_.received("create").size() + server_.received("insert").size();
  const auto restored = rebuild(shop_of_another());
  ASSERT_FALSE(restored);
  EXPECT_THAT(failure_of(restored), HasSubstr("sharded cluster"));
  EXPECT_EQ(server_.received("create").size() + server_.received("insert").size(), writes);
  const auto advices = mongodb_engine().examine(source(), test_.context);
  LIFEBOAT_OK(advices);
  ASSERT_EQ(advices->size(), 1U);
  EXPECT_EQ(advices->front().level, Advice::Level::error);
  EXPECT_THAT(advices->front().message, HasSubstr("sharded cluster"));
}

TEST_F(SingleServer, IsBackedUpRestoredToAndExamined) {
  LIFEBOAT_OK(capture());
  LIFEBOAT_OK(rebuild(shop_of_another()));
  const auto advices = mongodb_engine().examine(source(), test_.context);
  LIFEBOAT_OK(advices);
  for (const auto& each : *advices) EXPECT_NE(each.level, Advice::Level::error) << each.message;
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
