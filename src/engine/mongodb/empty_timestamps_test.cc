#include "engine/mongodb/empty_timestamps.h"

#include <gmock/gmock.h>

#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

Bytes with_empty(std::int32_t id) {
  return DocumentBuilder().int32("_id", id).timestamp("at", {}).text("name", "n").take();
}

TEST(HasEmptyTimestamp, MeansThoseThatAServerReplaces) {
  EXPECT_TRUE(has_empty_timestamp(view_document(with_empty(1))));
  for (const auto* each : {
           R"({"_id": {"$timestamp": {"t": 0, "i": 0}}})",
           R"({"_id": 1, "at": {"$timestamp": {"t": 0, "i": 1}}})",
           R"({"_id": 1, "at": {"$timestamp": {"t": 1, "i": 0}}})",
           R"({"_id": 1, "in": {"at": {"$timestamp": {"t": 0, "i": 0}}}})",
           R"({"_id": 1, "at": {"$date": {"$numberLong": "0"}}, "n": {"$numberLong": "0"}})",
       })
    EXPECT_FALSE(has_empty_timestamp(view_document(bson_of(each)))) << each;
}

// On a server that can be told to keep them, on some that cannot, and on one that keeps them.
class EmptyTimestamps : public testing::StandInShop,
                        public ::testing::WithParamInterface<const char*> {
 protected:
  EmptyTimestamps() : StandInShop(options_named(GetParam())) {}
  static testing::StandInOptions options_named(const std::string& name) {
    if (name == "FerretDB") return {.version = "7.0.42", .ferretdb = "v1.24.0"};
    return {.version = name};
  }
  bool keeps_all() const { return GetParam() == std::string("FerretDB"); }
  Connection connect() {
    if (!shop_) shop_ = Server::open(Secret::from_text(server_.uri())).value();
    return shop_->connect();
  }
  // The documents with an empty timestamp, of those that are there.
  std::int32_t count_kept(const std::string& database, const std::string& collection) {
    const auto connection = connect();
    auto cursor =
        connection.open_cursor(database, DocumentBuilder().text("find", collection).take(), 100)
            .value();
    std::int32_t kept = 0;
    for (auto each = cursor.next().value(); !each.empty(); each = cursor.next().value())
      kept += has_empty_timestamp(view_document(each)) ? 1 : 0;
    return kept;
  }
  // As no application does: the server makes it what it makes of it.
  void insert_plainly(const Bytes& document) const {
    ArrayBuilder documents;
    documents.document(document);
    live().run(
        DocumentBuilder().text("insert", "items").array("documents", documents.take()).take());
  }

  std::unique_ptr<Server> shop_;
};

TEST_P(EmptyTimestamps, AreReplacedByTheServerWhereNobodySeesToThem) {
  insert_plainly(with_empty(1));
  put("items", testing::document(2));
  put("items", with_empty(2));
  put("items", with_empty(3));
  EXPECT_EQ(count_kept("shop", "items"), keeps_all() ? 3 : 0);
}

TEST_P(EmptyTimestamps, ComeBackWithARestore) {
  live().create_capped("events");
  live().insert("events", {with_empty(3), testing::document(1), with_empty(2)});
  live().insert("items", {with_empty(1), testing::document(2), with_empty(3)});
  live().insert("items", {bson_of(R"({"_id": {"$timestamp": {"t": 0, "i": 0}},
                                      "at": {"$timestamp": {"t": 0, "i": 0}}})")});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(count_kept("shop", "items"), 3);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  EXPECT_EQ(count_kept("restored", "items"), 3);
  EXPECT_EQ(count_kept("restored", "events"), 2);
}

TEST_P(EmptyTimestamps, ComeBackWithTheLog) {
  live().insert("items", {testing::document(1), testing::document(2), testing::document(3)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("items", {with_empty(4)});
  const auto connection = connect();
  for (const auto id : {1, 2}) {
    put("items", with_empty(id));
    LIFEBOAT_OK(keep_empty_timestamps(connection, "shop", "items", {with_empty(id)}));
  }
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto restored = rebuild(*captured, *pieces, last_of(pieces->back()));
  LIFEBOAT_OK(restored);
  EXPECT_EQ(count_kept("restored", "items"), 3);
  EXPECT_EQ(facts("restored"), facts("shop"));
}

// Of two that are written at once the one is there already, with what it was given then.
TEST_P(EmptyTimestamps, OfDocumentsThatAreLeftAsTheyAreAreNotMadeAnew) {
  live().insert("items", {bson_of(R"({"_id": 1, "at": {"$timestamp": {"t": 5, "i": 1}}})")});
  const auto connection = connect();
  const std::vector<Bytes> both{with_empty(1), with_empty(2)};
  const std::vector<ByteView> views(both.begin(), both.end());
  const auto ordered = connection.insert_new("shop", "items", views);
  LIFEBOAT_OK(ordered);
  EXPECT_EQ(ordered->count, 0U);
  EXPECT_EQ(count_kept("shop", "items"), 0);
  EXPECT_EQ(connection.insert_missing("shop", "items", views).value(), 1U);
  EXPECT_EQ(count_kept("shop", "items"), 1);
}

INSTANTIATE_TEST_SUITE_P(Servers, EmptyTimestamps,
                         ::testing::Values("8.0.0", "7.0.13", "7.0.12", "7.3.1", "4.4.29",
                                           "FerretDB"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace lifeboat::engine::mongodb
