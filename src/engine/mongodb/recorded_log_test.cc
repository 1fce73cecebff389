#include <gtest/gtest.h>

#include "base/file.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/log_slice.h"
#include "engine/mongodb/test_log.h"

// The log that mongodump --oplog wrote while a writer was at work (tests/fixtures/README.md).
namespace lifeboat::engine::mongodb {
namespace {

void each_recorded(const BsonReader::Visit& visit) {
  const auto repository =
      fs::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
  const auto log = read_file(repository / "tests/fixtures/mongodump/oplog.bson").value();
  BsonReader reader;
  const auto read = reader.feed(log, visit);
  ASSERT_TRUE(read) << read.error().describe();
  ASSERT_TRUE(reader.finish());
}

void replay_recorded(MemoryCollections& collections, Dialect dialect) {
  Replay replay(
      {.until = {~0U, 0}, .known = {}, .dialect = dialect, .leaves_out = {}, .make_store = {}});
  each_recorded([&](DocumentView entry) -> Result<void> {
    TRY(replay.apply(entry, [&](const Write& write) { return collections.write(write); }));
    return {};
  });
}

TEST(RecordedLog, IsInOrderAndCounted) {
  SliceTally tally;
  each_recorded([&](DocumentView entry) { return tally.add(entry); });
  const auto slice = tally.finish({}, std::nullopt).value();
  EXPECT_EQ(slice.entries, 41U);
  EXPECT_EQ(slice.operations, (std::map<std::string, std::uint64_t>{{"i", 21}, {"u", 20}}));
  EXPECT_TRUE(slice.open.empty());
}

TEST(RecordedLog, LeavesExactlyWhatItsLastEntriesSay) {
  std::map<Bytes, Bytes> orders;
  MemoryCollections collections;
  const Namespace where{"pixelcraft", "orders"};
  each_recorded([&](DocumentView document) -> Result<void> {
    const auto entry = TRY(parse_entry(document));
    if (entry.operation != Operation::update) return {};
    const auto id = to_bytes(entry.object_2->bytes());
    orders[id] = to_bytes(entry.object.document_at("$set")->bytes());
    // What the snapshot held: the same documents with a field that the update took away.
    DocumentBuilder before;
    before.element(*entry.object_2->find("_id")).text("gone", "x");
    collections.documents[where][id] = before.take();
    return {};
  });
  ASSERT_FALSE(orders.empty());
  auto literal = collections;
  replay_recorded(collections, Dialect::ferretdb);
  EXPECT_EQ(collections.documents[where], orders);
  EXPECT_EQ((collections.documents[{"pixelcraft", "audit_log"}].size()), 21U);
  const auto once = collections.documents;
  replay_recorded(collections, Dialect::ferretdb);
  EXPECT_EQ(collections.documents, once);
  // Taken for a server's own $set, the field would have stayed.
  replay_recorded(literal, Dialect::mongodb);
  EXPECT_NE(literal.documents[where], orders);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
