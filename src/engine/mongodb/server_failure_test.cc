#include <chrono>

#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::document;
using testing::Fault;
using testing::many_documents;
using testing::Refusal;

const Refusal kUnauthorized{13, "Unauthorized", "not authorized on shop to execute command"};
const Refusal kNotPrimary{10107, "NotWritablePrimary", "not primary"};

// A server without snapshots, so that the log of the copy is replayed.
class MongoFailure : public testing::StandInShop {
 protected:
  MongoFailure() : StandInShop({.version = "4.4.29"}) {}
  void SetUp() override {
    for (const auto* name : {"first", "second"}) live().insert(name, many_documents(200));
  }
  Result<contract::Capture> capture_busy() {
    return capture([this](std::size_t entries) {
      if (entries != 3) return;
      live().remove_one("first", 8);
      live().insert("second", {document(1000, "late")});
    });
  }
};

TEST_F(MongoFailure, OfAServerThatDiesInACopyEndsIt) {
  server_.plant({.command = "getMore", .kind = Fault::Kind::die, .after = 1});
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable) << failure_of(captured);
}

TEST_F(MongoFailure, OfAServerThatDiesInARestoreEndsIt) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  server_.plant({.command = "insert", .kind = Fault::Kind::die, .collection = "second"});
  const auto rebuilt = rebuild(*captured);
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().code(), Code::unavailable) << failure_of(rebuilt);
}

TEST_F(MongoFailure, OfAServerThatDiesInAReplayEndsTheRestore) {
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
  server_.plant({.command = "delete", .kind = Fault::Kind::die, .collection = "first"});
  const auto rebuilt = rebuild(*captured);
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().code(), Code::unavailable) << failure_of(rebuilt);
}

TEST_F(MongoFailure, OfTheConnectionEndsTheCopyAndNotTheNextOne) {
  server_.plant({.command = "find", .kind = Fault::Kind::drop, .collection = "second"});
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable) << failure_of(captured);
  LIFEBOAT_OK(capture());
}

TEST_F(MongoFailure, OfTheConnectionInACollectionLetsTheCopyGoOnBehindItsLastDocument) {
  server_.plant({.command = "getMore", .kind = Fault::Kind::drop, .collection = "second"});
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"]["second"]["documents"], 200);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
}

TEST_F(MongoFailure, ToAnswerIsATimeOutAndNoEndlessWait) {
  server_.plant({.command = "getMore", .kind = Fault::Kind::stall, .collection = "first"});
  server_.plant({.command = "find", .kind = Fault::Kind::stall, .collection = "first", .after = 1});
  const auto options = testing::source_at(server_.uri("", "&socketTimeoutMS=300"), "shop");
  const auto begin = std::chrono::steady_clock::now();
  const auto captured = contract::capture(mongodb_engine(), options, test_.context);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable) << failure_of(captured);
}

TEST_F(MongoFailure, OfThePrimaryToStayOneEndsARestoreUnlessItIsOneAgain) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  server_.plant({.command = "insert", .refusal = kNotPrimary, .collection = "second"});
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored")["collections"], captured->outcome.facts["collections"]);
  server_.plant(
      {.command = "insert", .kind = Fault::Kind::none, .collection = "second", .meanwhile = [this] {
         server_.model().set_primary(false);
       }});
  const auto rebuilt = rebuild(*captured);
  ASSERT_FALSE(rebuilt);
  EXPECT_NE(failure_of(rebuilt).find("not primary"), std::string::npos) << failure_of(rebuilt);
}

TEST_F(MongoFailure, ForWantOfRightsOnOneCollectionIsNoSmallerBackup) {
  for (const auto* command : {"find", "listIndexes"}) {
    server_.plant({.command = command, .refusal = kUnauthorized, .collection = "second"});
    const auto captured = capture();
    ASSERT_FALSE(captured) << command;
    EXPECT_EQ(captured.error().code(), Code::permission_denied) << failure_of(captured);
    EXPECT_NE(failure_of(captured).find("second"), std::string::npos) << failure_of(captured);
  }
  LIFEBOAT_OK(capture());
}

TEST_F(MongoFailure, OfTheConnectionAtTheVeryFirstFindEndsTheCopyAndNotTheNextOne) {
  server_.plant({.command = "find", .kind = Fault::Kind::drop});
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable) << failure_of(captured);
  LIFEBOAT_OK(capture());
}

// A follower of the log, which has a piece of it already.
class MongoFollower : public MongoFailure {
 protected:
  void SetUp() override {
    MongoFailure::SetUp();
    about_ = capture().value().outcome.position["log"];
    write();
    about_ = follow(about_).value().back().about;
  }
  void write() { live().insert("first", {document(++written_)}); }
  void expect_waiting() {
    const auto followed = follow(about_);
    ASSERT_FALSE(followed);
    EXPECT_EQ(followed.error().code(), Code::unavailable) << failure_of(followed);
    EXPECT_TRUE(followed.error().retryable());
  }
  // And holds the entry that is known and as many more.
  void expect_whole(std::uint64_t more) {
    const auto followed = follow(about_);
    LIFEBOAT_OK(followed);
    ASSERT_EQ(followed->size(), 1U);
    EXPECT_EQ(followed->front().broken, "");
    EXPECT_EQ(decode_slice(followed->front().about)->entries, more + 1);
  }

  Json about_;
  std::int32_t written_ = 5000;
};

TEST_F(MongoFollower, WaitsForAMemberThatLagsAndTakesItForNoChangedPast) {
  server_.model().hold_back_log(1);
  expect_waiting();
  server_.model().catch_up();
  write();
  expect_whole(1);
}

// The twin: what is known is there no more.
TEST_F(MongoFollower, BeginsAnewWhereTheServerUndidWhatIsKnown) {
  server_.model().hold_back_log(1);
  write();
  const auto followed = follow(about_);
  LIFEBOAT_OK(followed);
  EXPECT_NE(followed->front().broken.find("the history of the server was changed"),
            std::string::npos)
      << followed->front().broken;
}

TEST_F(MongoFollower, LosesTheConnectionAtTheVeryFirstFindAndGoesOnWithoutAHole) {
  server_.plant({.command = "find", .kind = Fault::Kind::drop});
  expect_waiting();
  write();
  expect_whole(1);
}

TEST_F(MongoFollower, GoesOnWithoutAHoleAfterAFailoverOfAMinute) {
  constexpr unsigned kRounds = 6;
  server_.plant({.command = "find", .refusal = kNotPrimary, .times = kRounds});
  for (unsigned round = 0; round < kRounds; ++round) {
    expect_waiting();
    test_.clock.advance(std::chrono::seconds(10));
    write();
  }
  expect_whole(kRounds);
}

class MongoRecreated : public testing::StandInShop {
 protected:
  void SetUp() override {
    for (
        const auto* command : {
            R"({"create":"people","validator":{"age":{"$gte":0}},"validationLevel":"moderate",
                 "validationAction":"error","collation":{"locale":"de"}})",
            R"({"createIndexes":"people","indexes":[
                 {"key":{"mail":1},"name":"by_mail","unique":true,"sparse":true},
                 {"key":{"place":"2dsphere"},"name":"by_place","2dsphereIndexVersion":3},
                 {"key":{"seen":1},"name":"gone","expireAfterSeconds":3600,"hidden":true},
                 {"key":{"age":-1},"name":"old","partialFilterExpression":{"age":{"$gte":18}}}]})",
            R"({"create":"days","clusteredIndex":{"key":{"_id":1},"unique":true,"name":"by_day"}})",
            R"({"create":"adults","viewOn":"people","pipeline":[{"$match":{"age":{"$gte":18}}}]})",
            R"({"create":"elders","viewOn":"adults","pipeline":[{"$match":{"age":{"$gt":70}}}]})",
            R"({"create":"recent","capped":true,"size":4096,"max":10})"})
      live().run(bson_of(command));
    live().insert("people", {bson_of(R"({"_id":1,"age":30,"mail":"a"})"),
                             bson_of(R"({"_id":2,"age":80,"mail":"b"})")});
    live().insert("days", {document(1)});
    live().insert("recent", {document(2), document(1)});
  }
  Catalog catalog(const std::string& database) const {
    const auto server = Server::open(Secret::from_text(server_.uri())).value();
    return read_catalog(server->connect(), database).value();
  }
};

TEST_F(MongoRecreated, HasTheOptionsTheIndexesAndTheViewsThatWereRecorded) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_TRUE(report->findings.empty());
  const auto before = catalog("shop");
  const auto after = catalog("restored");
  ASSERT_EQ(before.collections.size(), 5U);
  ASSERT_EQ(after.collections.size(), 5U);
  for (std::size_t i = 0; i < before.collections.size(); ++i) {
    const auto& recorded = before.collections[i];
    EXPECT_EQ(json_of(normalised(recorded)), json_of(normalised(after.collections[i])));
    EXPECT_EQ(recorded.indexes.size(), after.collections[i].indexes.size()) << recorded.name;
  }
  EXPECT_EQ(facts("restored")["collections"], captured->outcome.facts["collections"]);
}

// The defect that the test before must find.
TEST_F(MongoRecreated, DiffersWhenAServerKeepsLess) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  testing::Application(server_.uri(), "restored")
      .run(bson_of(R"({"collMod":"people","validationAction":"warn"})"));
  EXPECT_NE(json_of(normalised(catalog("shop").collections[3])),
            json_of(normalised(catalog("restored").collections[3])));
  EXPECT_NE(facts("restored")["collections"], captured->outcome.facts["collections"]);
}

// What the server is asked for, not only what is meant to be.
TEST_F(MongoFailure, IsNotToBeAskedForEverMoreInSmallBatches) {
  live().insert("many", many_documents(3000));
  LIFEBOAT_OK(capture());
  std::int64_t largest = 0;
  for (const auto& each : server_.received("getMore"))
    largest = std::max(largest, *view_document(each).find("batchSize")->integer());
  EXPECT_GT(largest, 1000);
  EXPECT_LT(server_.received("getMore").size(), 30U);
}

// Reads by no index, as FerretDB, and meets again what was made again behind it.
class MongoTwice : public testing::StandInShop,
                   public ::testing::WithParamInterface<testing::StandInOptions> {
 protected:
  MongoTwice() : StandInShop(GetParam()) {}
  Result<contract::Capture> capture_twice() {
    live().insert("items", many_documents(100));
    live().make_index("items", "name", true);
    server_.plant({.command = "getMore",
                   .kind = Fault::Kind::none,
                   .collection = "items",
                   .after = 1,
                   .meanwhile = [this] {
                     for (const auto id : {3, 4}) live().remove_one("items", id);
                     live().insert("items", {document(3, "later"), document(4, "name 4")});
                   }});
    return capture();
  }
};

using MongoFerretTwice = MongoTwice;

TEST_P(MongoFerretTwice, KeepsTheLaterOneAndKnowsWhatMustBeThere) {
  const auto captured = capture_twice();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 102);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].code, "document-met-twice");
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
  ASSERT_TRUE(report->facts);
  EXPECT_EQ((*report->facts)["collections"], facts("shop")["collections"]);
}

INSTANTIATE_TEST_SUITE_P(
    AServer, MongoFerretTwice,
    ::testing::Values(testing::StandInOptions{.ferretdb = "v1.24.0"},
                      testing::StandInOptions{.replica_set = false, .ferretdb = "v1.24.0"}),
    [](const auto& each) { return each.param.replica_set ? "WithALog" : "WithoutALog"; });

class MongoOnce : public MongoTwice {};

TEST_P(MongoOnce, MeetsNoDocumentTwiceWhereItReadsByTheIndexOfId) {
  const auto captured = capture_twice();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 100);
  LIFEBOAT_OK(rebuild(*captured));
}

TEST_P(MongoOnce, LeavesADocumentThatSomebodyElseMadeMeanwhile) {
  live().insert("items", many_documents(5));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  server_.plant(
      {.command = "insert", .kind = Fault::Kind::none, .collection = "items", .meanwhile = [this] {
         testing::Application(server_.uri(), "restored")
             .insert("items", {document(3, "another's")});
       }});
  const auto report = rebuild(*captured);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::exists) << failure_of(report);
}

INSTANTIATE_TEST_SUITE_P(AServer, MongoOnce,
                         ::testing::Values(testing::StandInOptions{.version = "4.4.29"},
                                           testing::StandInOptions{},
                                           testing::StandInOptions{.replica_set = false}),
                         [](const auto& each) {
                           if (!each.param.replica_set) return "Alone";
                           return each.param.version == "4.4.29" ? "WithALog" : "WithSnapshots";
                         });

}  // namespace
}  // namespace lifeboat::engine::mongodb
