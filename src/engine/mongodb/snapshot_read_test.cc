#include "engine/mongodb/snapshot_read.h"

#include <mutex>

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/log_slice.h"
#include "engine/mongodb/source.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::document;
using testing::Fault;
using testing::many_documents;

// Three collections, of which two are read when somebody writes to all of them.
class MongoSnapshotRead : public testing::StandInShop {
 protected:
  explicit MongoSnapshotRead(testing::StandInOptions options = {})
      : StandInShop(std::move(options)) {}
  void SetUp() override {
    for (const auto* name : {"first", "second", "third"}) live().insert(name, many_documents(50));
  }
  void write_to_all() const {
    for (const auto* name : {"first", "second", "third"}) {
      live().remove_one(name, 8);
      live().insert(name, {document(1000, "late")});
    }
  }
  Result<contract::Capture> capture_busy(const std::function<void()>& also = [] {}) {
    return capture([&](std::size_t entries) {
      if (entries != 3) return;
      write_to_all();
      also();
    });
  }
  void lose_snapshot_in_second() {
    server_.plant({.command = "getMore",
                   .kind = Fault::Kind::none,
                   .collection = "second",
                   .meanwhile = [this] { server_.model().forget_history(); }});
  }
  bool has_finding(const contract::Capture& captured, std::string_view code) const {
    return std::ranges::any_of(captured.outcome.findings,
                               [&](const Finding& each) { return each.code == code; });
  }
};

TEST_F(MongoSnapshotRead, SeesAllCollectionsAsOfOneClusterTimeWhateverIsWrittenMeanwhile) {
  const auto before = facts("shop");
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
  EXPECT_TRUE(captured->outcome.findings.empty());
  EXPECT_EQ(captured->outcome.facts["collections"], before["collections"]);
  EXPECT_TRUE(captured->outcome.log_position);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ(report->applied, 0U);
  EXPECT_EQ(facts("restored")["collections"], before["collections"]);
  EXPECT_NE(facts("shop")["collections"], before["collections"]);
}

TEST_F(MongoSnapshotRead, SaysWhatItsServerCanDoAndTheNewestClusterTime) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto hello = live().run(DocumentBuilder().int32("hello", 1).take());
  const auto newest = view_document(hello).document_at("$clusterTime")->find("clusterTime");
  EXPECT_EQ(captured->outcome.position["cluster_time"], newest->timestamp()->text());
  const auto& features = captured->outcome.facts["about"]["features"];
  EXPECT_NE(std::ranges::find(features, Json("time-series-buckets")), features.end());
  EXPECT_NE(std::ranges::find(features, Json("view")), features.end());
}

// As the URI of one member with directConnection is answered.
TEST_F(MongoSnapshotRead, IsTakenOfASecondaryThatIsNamedAlone) {
  const auto before = facts("shop");
  server_.model().set_primary(false);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
  EXPECT_EQ(captured->outcome.facts["collections"], before["collections"]);
}

TEST_F(MongoSnapshotRead, NamesTheOneClusterTimeInEveryReadOfDocuments) {
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  std::set<Timestamp> moments;
  std::size_t reads = 0;
  for (const auto& each : server_.received("find")) {
    const auto concern = view_document(each).document_at("readConcern");
    const auto moment = concern ? concern->find("atClusterTime") : std::nullopt;
    if (!moment) continue;
    moments.insert(*moment->timestamp());
    ++reads;
  }
  EXPECT_EQ(reads, 3U);
  EXPECT_EQ(moments.size(), 1U);
}

// FerretDB reads all of its log for each.
class FerretRead : public MongoSnapshotRead {
 protected:
  FerretRead() : MongoSnapshotRead({.ferretdb = "v1.24.0"}) {}
};

TEST_F(FerretRead, AsksOnceForEachEndOfTheLog) {
  const auto asked = [this] {
    return std::ranges::count_if(server_.received("find"), [](const Bytes& each) {
      const auto command = view_document(each);
      return command.text_at("find") == "oplog.rs" && command.find("limit");
    });
  };
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(asked(), 3) << "both before the copy, and the newest after it";
  LIFEBOAT_OK(follow(captured->outcome.position["log"]));
  EXPECT_EQ(asked(), 5);
}

// A transaction of an application: what it writes is in the log before it ends.
class Transaction {
 public:
  explicit Transaction(testing::StandInModel& model, std::string database = "shop")
      : model_(model), database_(std::move(database)) {}
  Timestamp began() const { return first_; }
  void begin() {
    first_ = model_.write_entry(view_document(part(1, R"("partialTxn":true)", {})));
    const auto started = DocumentBuilder().timestamp("ts", first_).int64("t", 1).take();
    model_.set_transaction(DocumentBuilder()
                               .text("_id", "session")
                               .text("state", "inProgress")
                               .document("startOpTime", started)
                               .take());
  }
  void end() {
    for (const auto id : {1, 2}) model_.put_unlogged(database_, "first", document(5000 + id));
    model_.write_entry(view_document(part(2, R"("count":2)", first_)));
    model_.set_transaction(
        DocumentBuilder().text("_id", "session").text("state", "committed").take());
  }

 private:
  Bytes part(std::int32_t number, const std::string& how, Timestamp before) const {
    const auto write = DocumentBuilder()
                           .text("op", "i")
                           .text("ns", database_ + ".first")
                           .document("o", document(5000 + number))
                           .take();
    ArrayBuilder writes;
    writes.document(write);
    DocumentBuilder object;
    object.array("applyOps", writes.take());
    const auto more = bson_of("{" + how + "}");
    for (const auto& field : view_document(more)) object.element(field);
    return DocumentBuilder()
        .text("op", "c")
        .text("ns", "admin.$cmd")
        .document("o", object.take())
        .document("lsid", DocumentBuilder().int32("id", 1).take())
        .int64("txnNumber", 1)
        .document("prevOpTime", DocumentBuilder().timestamp("ts", before).int64("t", 1).take())
        .take();
  }
  testing::StandInModel& model_;
  std::string database_;
  Timestamp first_;
};

class MongoTransactionCut : public MongoSnapshotRead {
 protected:
  Result<std::vector<Finding>> found_at(const contract::Capture& captured, std::uint64_t until) {
    const auto pieces = TRY(follow(captured.outcome.position["log"]));
    return TRY(rebuild(captured, pieces, until)).findings;
  }
};

TEST_F(MongoTransactionCut, IsAFindingOfAMomentWithinATransactionAndOfNoOther) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("third", {document(1001)});
  Transaction transaction(server_.model());
  transaction.begin();
  live().insert("third", {document(1002)});
  transaction.end();
  live().insert("third", {document(1003)});
  const auto began = position_of(transaction.began());
  const auto within = found_at(*captured, began);
  LIFEBOAT_OK(within);
  ASSERT_EQ(within->size(), 1U);
  EXPECT_EQ(within->front().code, "transaction-cut");
  EXPECT_EQ(facts("restored")["collections"]["first"]["documents"], 50);
  EXPECT_TRUE(found_at(*captured, began - 1)->empty()) << "before it";
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  EXPECT_TRUE(found_at(*captured, last_of(pieces->back()))->empty()) << "after it";
  EXPECT_EQ(facts("restored")["collections"]["first"]["documents"], 52);
}

TEST_F(MongoTransactionCut, IsNoneOfATransactionOfAnotherDatabase) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  Transaction transaction(server_.model(), "another");
  transaction.begin();
  live().insert("third", {document(1002)});
  EXPECT_TRUE(found_at(*captured, position_of(transaction.began()))->empty());
}

// Begins before one question and ends before a later one, of those that a backup asks: each pair.
class MongoTransaction : public MongoSnapshotRead,
                         public ::testing::WithParamInterface<std::pair<int, int>> {};

TEST_P(MongoTransaction, IsRestoredWheneverItBeginsAndEnds) {
  server_.model().ignore_read_concern();
  Transaction transaction(server_.model());
  std::mutex guard;  // collections are read by several threads
  int asked = 0;
  server_.plant({.command = "find", .kind = Fault::Kind::none, .times = 1000, .meanwhile = [&] {
                   const std::lock_guard lock(guard);
                   if (asked == GetParam().first) transaction.begin();
                   if (asked == GetParam().second) transaction.end();
                   ++asked;
                 }});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  {
    const std::lock_guard lock(guard);
    EXPECT_GT(asked, GetParam().second);
  }
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
  EXPECT_EQ(facts("restored")["collections"]["first"]["documents"], 52);
}

std::vector<std::pair<int, int>> moments_of_a_transaction() {
  std::vector<std::pair<int, int>> moments;
  for (int begin = 0; begin < 6; ++begin)
    for (int end = begin + 1; end < 7; ++end) moments.emplace_back(begin, end);
  return moments;
}

INSTANTIATE_TEST_SUITE_P(Moments, MongoTransaction,
                         ::testing::ValuesIn(moments_of_a_transaction()));

TEST_F(MongoSnapshotRead, IsWhatTheDoctorSaysOfTheServer) {
  const auto said = [&] {
    std::string all;
    const auto advices = mongodb_engine().examine(source(), test_.context);
    for (const auto& each : advices.value_or(std::vector<Advice>{})) all += each.message + "\n";
    return all;
  };
  EXPECT_NE(said().find("it gives snapshots"), std::string::npos) << said();
  server_.model().ignore_read_concern();
  EXPECT_EQ(said().find("it gives snapshots"), std::string::npos) << said();
}

TEST_F(MongoSnapshotRead, IsBroughtOnByTheLogFromItsClusterTime) {
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  ASSERT_EQ(pieces->size(), 1U);
  const auto report = rebuild(*captured, *pieces, last_of(pieces->back()));
  LIFEBOAT_OK(report);
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
  ASSERT_TRUE(report->facts);
  EXPECT_EQ((*report->facts)["collections"], facts("shop")["collections"]);
}

TEST_F(MongoSnapshotRead, FallsBackToTheLogWhenTheServerLetsGoOfTheSnapshotBetweenCollections) {
  const auto captured = capture_busy([this] { server_.model().forget_history(); });
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
  EXPECT_TRUE(has_finding(*captured, "snapshot-lost"));
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_GT(report->applied, 0U);
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
  EXPECT_EQ((*report->facts)["collections"], facts("shop")["collections"]);
}

TEST_F(MongoSnapshotRead, GoesOnBehindTheLastDocumentWhenTheSnapshotIsLostInACollection) {
  lose_snapshot_in_second();
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
  EXPECT_EQ((*report->facts)["collections"], facts("shop")["collections"]);
}

TEST_F(MongoSnapshotRead, IsOfNoOneMomentWhenItIsLostAndTheLogMayNotBeRead) {
  server_.plant({.command = "find",
                 .refusal = {13, "Unauthorized", "not authorized"},
                 .collection = "oplog.rs"});
  lose_snapshot_in_second();
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "per-collection");
  EXPECT_TRUE(has_finding(*captured, "consistency-per-collection"));
  LIFEBOAT_OK(rebuild(*captured));
}

TEST_F(MongoSnapshotRead, SaysThatNoLogBeginsFromItWhenItsPartOfTheLogIsGone) {
  server_.plant(
      {.command = "find", .kind = Fault::Kind::none, .collection = "third", .meanwhile = [this] {
         server_.plant({.command = "find",
                        .refusal = {136, "CappedPositionLost", "position lost"},
                        .collection = "oplog.rs"});
       }});
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
  EXPECT_TRUE(has_finding(*captured, "log-not-kept"));
  EXPECT_FALSE(captured->outcome.log_position);
}

TEST_F(MongoSnapshotRead, KeepsTheSnapshotWhenOnlyACursorIsLost) {
  const auto before = facts("shop");
  server_.plant({.command = "getMore",
                 .refusal = {43, "CursorNotFound", "cursor id 7 not found"},
                 .collection = "second"});
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
  EXPECT_EQ(captured->outcome.facts["collections"], before["collections"]);
}

TEST_F(MongoSnapshotRead, TakesNoSnapshotFromAServerThatNamesNoClusterTime) {
  server_.model().ignore_read_concern();
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
  EXPECT_TRUE(captured->outcome.findings.empty());
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
}

TEST_F(MongoSnapshotRead, IsNotAskedForWhereACappedCollectionIsNotInIt) {
  live().create_capped("recent");
  live().insert("recent", {document(1)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
}

class MongoWithoutSnapshots : public MongoSnapshotRead {
 protected:
  MongoWithoutSnapshots() : MongoSnapshotRead({.version = "4.4.29"}) {}
};

TEST_F(MongoWithoutSnapshots, UsesTheLogOnAServerBeforeFive) {
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
}

class MongoAlone : public MongoSnapshotRead {
 protected:
  MongoAlone() : MongoSnapshotRead({.replica_set = false}) {}
};

TEST_F(MongoAlone, SaysThatEachCollectionIsOfItsOwnMoment) {
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "per-collection");
  EXPECT_TRUE(has_finding(*captured, "consistency-per-collection"));
}

// Behind its last document the collection would be of another moment than before it.
TEST_F(MongoAlone, FailsWhenACursorIsLost) {
  server_.plant({.command = "getMore", .refusal = {43, "CursorNotFound", "cursor not found"}});
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::source_changed) << failure_of(captured);
}

class MongoCappedSnapshot : public MongoSnapshotRead {
 protected:
  MongoCappedSnapshot() : MongoSnapshotRead({.version = "8.0.4"}) {}
};

// Once the server lets a snapshot go, a capped collection cannot be gone on with.
TEST_F(MongoCappedSnapshot, UsesTheLogAlsoOnAServerThatWouldGiveThemInASnapshot) {
  live().create_capped("recent");
  live().insert("recent", {document(2), document(1)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored")["collections"], captured->outcome.facts["collections"]);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
