#include "engine/mongodb/source.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::document;
using testing::Fault;
using MongoStandIn = testing::StandInShop;

TEST_F(MongoStandIn, IsBackedUpAndRestoredAsAServerIs) {
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 500);
}

TEST_F(MongoStandIn, RefusesTheCommandThatItIsToldToAndNoOther) {
  fill();
  server_.plant({.command = "listIndexes",
                 .refusal = {13, "Unauthorized", "not authorized on shop"},
                 .times = 1});
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::permission_denied) << failure_of(captured);
  LIFEBOAT_OK(capture());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
