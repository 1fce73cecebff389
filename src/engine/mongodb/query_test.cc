#include "engine/mongodb/query.h"

#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {
namespace {

// A shop with photos, as applications keep files: beside a document, and in lists.
class Questions : public testing::ShopTest {
 protected:
  void SetUp() override {
    live().insert("users", {bson_of(R"({"_id": 1, "role": "admin"})"),
                            bson_of(R"({"_id": 2, "role": "customer"})"),
                            bson_of(R"({"_id": 3, "role": "customer"})")});
    live().insert("products", {bson_of(R"({"_id": 1, "photo": {"key": "a.png", "size": 10}})"),
                               bson_of(R"({"_id": 2})"), bson_of(R"({"_id": 3, "photo": null})"),
                               bson_of(R"({"_id": 4, "photo": {"size": 11}})"),
                               bson_of(R"({"_id": 5, "at": {"$date": "2026-11-20T14:32:07.5Z"},
                                 "shots": [{"file": {"key": "b"}}, {"file": {"key": "c"}}]})")});
    inspector_ = mongodb_engine().open_inspector(server_.uri("shop")).value();
  }

  Result<Json> answer(const std::string& text, std::size_t limit = 10) {
    const auto rows = TRY(inspector_->query(text, limit, test_.context));
    return Json(rows);
  }
  Result<Json> selected(std::vector<std::string> fields, const std::string& where = "") {
    Json rows = Json::array();
    TRY(inspector_->select(
        {"products", std::move(fields), where},
        [&](const Row& row) -> Result<void> {
          rows.push_back(row);
          return {};
        },
        test_.context));
    return rows;
  }

  void expect_fact(const Ledger& ledger);

  std::unique_ptr<Inspector> inspector_;
};

TEST_F(Questions, CountAllDocumentsOrThoseThatAFilterMatches) {
  EXPECT_EQ(answer(R"({"count": "users", "query": {}})").value(), Json({{3}}));
  EXPECT_EQ(answer(R"({"count": "users", "query": {"role": "admin"}})").value(), Json({{1}}));
  EXPECT_EQ(answer(R"({"count": "nobody", "query": {}})").value(), Json({{0}}));
}

TEST_F(Questions, AnswerWhatAPipelineDoesWithoutTheIdsOfGroups) {
  const auto grouped = answer(R"({"aggregate": "users", "pipeline": [
      {"$match": {"role": "customer"}}, {"$group": {"_id": null, "n": {"$sum": 1}}}]})");
  ASSERT_TRUE(grouped) << grouped.error().describe();
  EXPECT_EQ(*grouped, Json({{2}}));
  EXPECT_EQ(answer(R"({"aggregate": "users", "pipeline": [{"$project": {"_id": 1}}]})", 2)->size(),
            2U);
}

TEST_F(Questions, RefuseWhatWritesAndWhatIsNoQuestion) {
  for (const auto* wrong :
       {R"({"aggregate": "users", "pipeline": [{"$out": "copy"}]})",
        R"({"aggregate": "users", "pipeline": [{"$match": {}}, {"$merge": "copy"}]})",
        R"({"aggregate": "users"})", R"({"count": "users"})", R"({"count": 1, "query": {}})",
        R"({"drop": "users"})", R"({"dropDatabase": 1})", "SELECT 1", ""}) {
    const auto refused = answer(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code(), Code::usage) << wrong << refused.error().describe();
  }
  EXPECT_EQ(answer(R"({"count": "users", "query": {}})").value(), Json({{3}}));
}

TEST_F(Questions, SelectFieldsThroughDocumentsAndOneRowForEachOfAList) {
  EXPECT_EQ(selected({"photo.key", "photo.size", ""}).value(),
            Json({{"a.png", 10, nullptr}, {nullptr, 11, nullptr}}));
  EXPECT_EQ(selected({"shots.file.key", "", ""}).value(),
            Json({{"b", nullptr, nullptr}, {"c", nullptr, nullptr}}));
  EXPECT_EQ(selected({"_id", "", ""}, R"({"photo.size": 10})").value(),
            Json({{1, nullptr, nullptr}}));
  EXPECT_EQ(selected({"_id"}, "size = 10").error().code(), Code::usage);
}

TEST_F(Questions, TellTheNewestTimeOfACollection) {
  EXPECT_EQ(inspector_->newest("products", "at", test_.context).value(),
            "2026-11-20T14:32:07.500000Z");
  EXPECT_EQ(inspector_->newest("products", "none", test_.context).value(), Json());
  EXPECT_EQ(inspector_->newest("nothing", "at", test_.context).value(), Json());
}

// What is recorded of it at a backup, in the pass that reads the collection.
void Questions::expect_fact(const Ledger& ledger) {
  const auto facts = inspector_->facts(test_.context);
  ASSERT_TRUE(facts) << facts.error().describe();
  const Json last = ledger.applied.empty() ? Json() : Json(ledger.applied.back().name);
  EXPECT_EQ(facts->at("migrations"), Json({{ledger.table,
                                            {{"tool", ledger.tool},
                                             {"applied", ledger.applied.size()},
                                             {"last", last},
                                             {"failed", ledger.failed},
                                             {"dirty", !ledger.failed.empty()},
                                             {"locked", ledger.locked}}}}));
}

struct LedgerCase {
  std::string collection;
  std::vector<std::string> documents;
  std::string tool;
  std::vector<std::string> applied;
  std::vector<std::string> failed;
  bool locked;
};

TEST_F(Questions, ReadTheLedgersOfMigrationTools) {
  const std::vector<LedgerCase> cases{
      {"_migrations",
       {R"({"name": "1-users", "appliedAt": 1, "durationMs": 5})", R"({"name": "2-orders"})"},
       "davepi",
       {"1-users", "2-orders"},
       {},
       false},
      {"_migrations",
       {R"({"name": "1-users", "status": "succeeded"})", R"({"name": "2-o", "status": "failed"})",
        R"({"name": "__lock", "owner": "x"})"},
       "davepi",
       {"1-users"},
       {"2-o"},
       true},
      {"changelog",
       {R"({"fileName": "1.js", "appliedAt": 1})"},
       "migrate-mongo",
       {"1.js"},
       {},
       false},
      {"schema_migrations",
       {R"({"version": {"$numberLong": "7"}, "dirty": true})"},
       "golang-migrate",
       {},
       {"7"},
       false},
      {"mongockChangeLog",
       {R"({"changeId": "a", "state": "EXECUTED", "timestamp": 1})",
        R"({"changeId": "b", "state": "FAILED", "timestamp": 2})"},
       "mongock",
       {"a"},
       {"b"},
       false}};
  for (const auto& each : cases) {
    std::vector<Bytes> documents;
    for (const auto& text : each.documents) documents.push_back(bson_of(text));
    live().insert(each.collection, documents);
    const auto ledgers = inspector_->ledgers(test_.context);
    ASSERT_TRUE(ledgers) << ledgers.error().describe();
    ASSERT_EQ(ledgers->size(), 1U) << each.tool;
    const auto& ledger = ledgers->front();
    EXPECT_EQ(ledger.tool, each.tool);
    EXPECT_EQ(ledger.table, each.collection);
    std::vector<std::string> applied;
    for (const auto& one : ledger.applied) applied.push_back(one.name);
    EXPECT_EQ(applied, each.applied);
    EXPECT_EQ(ledger.failed, each.failed);
    EXPECT_EQ(ledger.locked, each.locked);
    expect_fact(ledger);
    live().drop(each.collection);
  }
}

TEST_F(Questions, TakeNoCollectionForALedgerThatIsNone) {
  live().insert("changelog", {bson_of(R"({"version": "1.2", "notes": "faster"})")});
  const auto ledgers = inspector_->ledgers(test_.context);
  ASSERT_TRUE(ledgers) << ledgers.error().describe();
  EXPECT_TRUE(ledgers->empty());
  EXPECT_TRUE(inspector_->facts(test_.context).value()["migrations"].empty());
}

TEST_F(Questions, SeeALockInACollectionOfItsOwn) {
  live().insert("changelog", {bson_of(R"({"fileName": "1.js", "fileHash": "ab"})")});
  live().insert("changelog_lock", {bson_of(R"({"createdAt": 1})")});
  const auto ledgers = inspector_->ledgers(test_.context);
  ASSERT_TRUE(ledgers && ledgers->size() == 1U);
  EXPECT_TRUE(ledgers->front().locked);
  EXPECT_EQ(ledgers->front().applied.front().checksum, "ab");
  expect_fact(ledgers->front());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
