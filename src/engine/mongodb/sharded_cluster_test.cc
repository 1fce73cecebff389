#include <gmock/gmock.h>

#include <algorithm>

#include "engine/losses.h"
#include "engine/mongodb/sharding.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> codes_of(const contract::Capture& captured) {
  std::vector<std::string> codes;
  for (const auto& each : captured.outcome.findings) codes.push_back(each.code);
  return codes;
}

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
  EXPECT_THAT(std::string(captured.error().hint()), HasSubstr("sharded: fuzzy"));
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

// Of it a copy was asked for, though it is of no one moment: `items` is sharded, `people` is not.
class FuzzyCopy : public ShardedCluster {
 protected:
  void SetUp() override {
    ShardedCluster::SetUp();
    live().insert("people", testing::many_documents(5));
    shard("shop.items", R"({"region": 1, "_id": "hashed"})");
    shard("shop.gone", R"({"_id": 1})", R"(, "dropped": true)");
    shard("shops.items", R"({"_id": 1})");
    options_.mongodb.fuzzy = true;
  }
  void shard(const std::string& ns, const std::string& key, const std::string& more = "") const {
    testing::Application(server_.uri(), "config")
        .insert("collections", {bson_of(R"({"_id": ")" + ns + R"(", "unique": false, "key": )" +
                                        key + more + "}")});
  }
  Result<contract::Capture> copy() {
    return contract::capture(mongodb_engine(), options_, test_.context);
  }
  std::vector<Finding> losses_of(const contract::Capture& captured,
                                 const std::vector<std::string>& objects = {}) {
    return mongodb_engine()
        .losses_at(single_.uri("restored"),
                   {captured.entries[0].content, objects, captured.outcome.facts, {}})
        .value();
  }

  const testing::StandInServer single_;
  SourceOptions options_ = source();
};

TEST_F(FuzzyCopy, IsLabelledAndHoldsTheShardKeys) {
  const auto captured = copy();
  LIFEBOAT_OK(captured);
  const auto& position = captured->outcome.position;
  EXPECT_EQ(position["consistency"], "per-collection");
  EXPECT_EQ(position["sharded"], "fuzzy");
  EXPECT_FALSE(position.contains("log"));
  EXPECT_FALSE(captured->outcome.log_position);
  EXPECT_THAT(codes_of(*captured), ElementsAre("consistency-per-collection"));
  const auto& message = captured->outcome.findings.front().message;
  EXPECT_THAT(message, HasSubstr("a log for each shard, and none of all"));
  EXPECT_THAT(message, HasSubstr("stop the balancer"));
  const auto catalog = decode_catalog(captured->entries[0].content);
  LIFEBOAT_OK(catalog);
  EXPECT_EQ(shard_key_of(catalog->collections[0]), "{region: 1, _id: hashed}");
  EXPECT_EQ(shard_key_of(catalog->collections[1]), "");
}

// Each shard would go by its own, so that a reading that goes on behind a document leaves out some.
TEST_F(FuzzyCopy, IsReadInNoOrderOfTheIdsAndGoesOnNowhere) {
  server_.plant({.command = "getMore", .kind = testing::Fault::Kind::drop, .collection = "items"});
  const auto captured = copy();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable) << failure_of(captured);
  for (const auto& each : server_.received("find")) EXPECT_FALSE(view_document(each).find("hint"));
  LIFEBOAT_OK(copy());
}

TEST_F(FuzzyCopy, IsRestoredUnshardedWhichIsNamedAsALossOfThoseThatWere) {
  const auto captured = copy();
  LIFEBOAT_OK(captured);
  const auto losses = losses_of(*captured);
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0].code, kNotSharded);
  EXPECT_EQ(losses[0].subject, "shop.items");
  EXPECT_THAT(losses[0].message, HasSubstr("its shard key is {region: 1, _id: hashed}"));
  EXPECT_THAT(losses_of(*captured, {"people"}), IsEmpty());
  const auto place = single_.uri("restored");
  LIFEBOAT_OK(
      contract::rebuild(mongodb_engine(), *captured, testing::target_at(place), test_.context));
  EXPECT_EQ(contract::facts_of(mongodb_engine(), place, test_.context).value()["collections"],
            captured->outcome.facts["collections"]);
}

TEST_F(FuzzyCopy, SaysThatTheShardKeysAreNotInItWhereTheyMayNotBeRead) {
  server_.plant({.command = "find",
                 .refusal = {13, "Unauthorized", "not authorized on config"},
                 .collection = "collections",
                 .times = 2});
  const auto captured = copy();
  LIFEBOAT_OK(captured);
  EXPECT_THAT(codes_of(*captured),
              ElementsAre("consistency-per-collection", "shard-keys-not-read"));
  EXPECT_THAT(captured->outcome.findings[1].message, HasSubstr("lacks find on config.collections"));
  EXPECT_THAT(losses_of(*captured), IsEmpty());
  EXPECT_THAT(mongodb_engine().grants(options_).value()[0].commands,
              HasSubstr(R"({"collection":"collections","db":"config"})"));
  EXPECT_THAT(mongodb_engine().grants(source()).value()[0].commands,
              ::testing::Not(HasSubstr("collections\",\"db\":\"config")));
}

TEST_F(FuzzyCopy, FailsWhenACollectionIsShardedWhileItIsRead) {
  server_.plant({.command = "find",
                 .kind = testing::Fault::Kind::none,
                 .collection = "people",
                 .meanwhile = [this] { shard("shop.people", R"({"_id": 1})"); }});
  const auto captured = copy();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::source_changed);
  EXPECT_THAT(failure_of(captured), HasSubstr("people"));
  LIFEBOAT_OK(copy());
}

TEST_F(FuzzyCopy, HasNoLogAndLeadsToNoOtherMoment) {
  const auto captured = copy();
  LIFEBOAT_OK(captured);
  const auto log = make_change_log(options_);
  LIFEBOAT_OK(log);
  const auto about = shop_of_another().outcome.position["log"];
  const auto followed = (*log)->read(about, test_.context);
  ASSERT_FALSE(followed);
  EXPECT_EQ(followed.error().code(), Code::not_restorable);
  EXPECT_THAT(failure_of(followed), HasSubstr("a log for each shard"));
  const auto route = mongodb_engine().plan_replay(captured->outcome.position, {}, 1);
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().code(), Code::not_restorable);
  EXPECT_THAT(route.error().message(), HasSubstr("has no place in a log"));
}

TEST_F(FuzzyCopy, IsAWarningOfTheDoctor) {
  const auto advices = mongodb_engine().examine(options_, test_.context);
  LIFEBOAT_OK(advices);
  for (const auto& each : *advices) EXPECT_NE(each.level, Advice::Level::error) << each.message;
  EXPECT_EQ(advices->back().level, Advice::Level::warning);
  EXPECT_THAT(advices->back().message, HasSubstr("a log for each shard"));
}

// A shard that is asked directly, as a member of a replica set is.
class OneShard : public testing::StandInShop {
 protected:
  explicit OneShard(bool says_so = false) : StandInShop({.is_shard = says_so}) {}
  void SetUp() override { fill(10); }
  void keep_identity() const {
    testing::Application(server_.uri(), "admin")
        .insert("system.version", {bson_of(R"({"_id": "shardIdentity", "shardName": "s1"})")});
  }
  void expect_label(bool is_one) {
    const auto captured = capture();
    LIFEBOAT_OK(captured);
    EXPECT_EQ(captured->outcome.position.contains("sharded"), is_one);
    EXPECT_EQ(std::ranges::count(codes_of(*captured), "one-shard"), is_one ? 1 : 0);
    const auto advices = mongodb_engine().examine(source(), test_.context);
    LIFEBOAT_OK(advices);
    EXPECT_EQ(std::ranges::any_of(*advices,
                                  [](const Advice& each) {
                                    return each.message.find("one shard of a sharded cluster") !=
                                           std::string::npos;
                                  }),
              is_one);
  }
};

class OneShardThatSaysSo : public OneShard {
 protected:
  OneShardThatSaysSo() : OneShard(true) {}
};

TEST_F(OneShard, IsLabelledByWhatItKeepsOfItselfWhereThatMayBeRead) {
  expect_label(false);
  keep_identity();
  expect_label(true);
  server_.plant({.command = "find",
                 .refusal = {13, "Unauthorized", "not authorized on admin"},
                 .collection = "system.version",
                 .times = 2});
  expect_label(false);
}

TEST_F(OneShardThatSaysSo, IsLabelledWithoutARight) {
  server_.plant({.command = "find",
                 .refusal = {13, "Unauthorized", "not authorized on admin"},
                 .collection = "system.version",
                 .times = 2});
  expect_label(true);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
