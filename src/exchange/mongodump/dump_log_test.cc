#include "exchange/mongodump/dump_log.h"

#include <gmock/gmock.h>

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/oplog_entry.h"
#include "exchange/crc64.h"
#include "exchange/mongodump/test_dump.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::DocumentBuilder;
using engine::mongodb::testing::document_of;
using engine::mongodb::testing::log_entry;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using testing::recorded_dump;
using testing::why;

using DumpLog = testing::DumpImport;

// The archive as mongodump would have written it with --oplog: its log is the last segment.
Bytes with_log(const Bytes& archive, const Bytes& log) {
  const auto header = [](bool is_end, std::uint64_t crc) {
    return DocumentBuilder()
        .text("db", "")
        .text("collection", "oplog")
        .boolean("EOF", is_end)
        .int64("CRC", static_cast<std::int64_t>(crc))
        .take();
  };
  const auto end_of_part = ByteWriter().u32(0xffffffff).take();
  Crc64 crc;
  crc.update(log);
  auto whole = archive;
  for (const auto& part :
       {header(false, 0), log, end_of_part, header(true, crc.value()), end_of_part})
    append(whole, part);
  return whole;
}

// What the recorded log says last of each order that it changes.
std::map<Bytes, Bytes> changed_orders(const Bytes& log) {
  std::map<Bytes, Bytes> orders;
  engine::mongodb::BsonReader reader;
  EXPECT_TRUE(reader.feed(log, [&](engine::mongodb::DocumentView document) -> Result<void> {
    const auto entry = TRY(engine::mongodb::parse_entry(document));
    if (entry.operation == engine::mongodb::Operation::update)
      orders[to_bytes(entry.object_2->bytes())] =
          to_bytes(entry.object.document_at("$set")->bytes());
    return {};
  }));
  return orders;
}

TEST_F(DumpLog, ReplaysTheLogOfADumpOntoWhatItHolds) {
  const auto log = read_file(recorded_dump("oplog.bson")).value();
  const auto archive = scratch_.path() / "with.archive";
  write(archive, with_log(read_file(recorded_dump("pixelcraft.archive")).value(), log));
  const auto orders = changed_orders(log);
  ASSERT_FALSE(orders.empty());
  const auto as_the_log_says = [&](const std::string& database) {
    std::size_t count = 0;
    const auto location = at(database);
    for (const auto& [id, wanted] : orders) {
      const auto command = DocumentBuilder().text("find", "orders").document("filter", id).take();
      auto cursor = location.server->connect().open_cursor(database, command, 1).value();
      const auto there = cursor.next().value();
      count += std::ranges::equal(there, wanted) ? 1U : 0U;
    }
    return count;
  };
  const auto report = import(archive);
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(report->log_applied, 41U);
  EXPECT_THAT(counts(*report), HasSubstr("audit_log 321\n"));
  EXPECT_EQ(as_the_log_says("restored"), orders.size());
  options_.without_oplog = true;
  const auto planned = plan_dump(at("without"), options_, test_.context);
  ASSERT_TRUE(planned) << why(planned);
  EXPECT_EQ(planned->findings.back().code, "log-left-out");
  const auto without = restore_dump(at("without"), *planned, options_, test_.context);
  ASSERT_TRUE(without) << why(without);
  EXPECT_THAT(counts(*without), HasSubstr("audit_log 300\n"));
  EXPECT_LT(as_the_log_says("without"), orders.size());
}

TEST_F(DumpLog, FollowsCollectionsThatTheLogMakesRenamesAndDrops) {
  const auto root = folder();
  auto log = log_entry(10, R"("op":"i","ns":"shop.orders","o":{"_id":50})");
  append(log, log_entry(11, R"("op":"i","ns":"other.orders","o":{"_id":51})"));
  append(log, log_entry(12, R"("op":"c","ns":"shop.$cmd","o":{"create":"made"})"));
  append(log, log_entry(13, R"("op":"i","ns":"shop.made","o":{"_id":1})"));
  append(log, log_entry(14, R"("op":"c","ns":"shop.$cmd","o":{"drop":"a/b c"})"));
  append(log, log_entry(15, R"("op":"c","ns":"shop.$cmd","o":{"renameCollection":"shop.made",
                                                             "to":"shop.kept"})"));
  write(root / "oplog.bson", log);
  const auto report = import(root);
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(counts(*report), "kept 1\norders 3\n");
}

TEST_F(DumpLog, RefusesALogThatIsDamagedOrHoldsWhatIsNotReplayed) {
  const auto root = folder();
  const auto first = log_entry(10, R"("op":"i","ns":"shop.orders","o":{"_id":50})");
  auto log = log_entry(11, R"("op":"i","ns":"shop.orders","o":{"_id":51})");
  append(log, first);
  write(root / "oplog.bson", log);
  EXPECT_THAT(why(plan(root)), HasSubstr("not in its order"));
  write(root / "oplog.bson", ByteView(first).first(first.size() - 1));
  EXPECT_EQ(plan(root).error().code(), Code::corrupt);
  write(root / "oplog.bson",
        log_entry(10, R"("op":"c","ns":"shop.$cmd","o":{"create":"r","timeseries":
                        {"timeField":"ts"}})"));
  EXPECT_THAT(why(plan(root)), HasSubstr("the log of the dump makes r, a time series"));
  write(root / "oplog.bson",
        log_entry(10, R"("op":"c","ns":"admin.$cmd","o":{"applyOps":[{"op":"c","ns":"shop.$cmd",
                        "o":{"create":"system.buckets.r","timeseries":{"timeField":"ts"}}}]})"));
  EXPECT_THAT(why(plan(root)), HasSubstr("shop.r: the server has no time-series-buckets"));
  write(root / "oplog.bson",
        log_entry(10, R"("op":"c","ns":"other.$cmd","o":{"renameCollection":"other.a",
                                                          "to":"shop.b"})"));
  const auto refused = import(root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("the log of the dump cannot be replayed"));
}

TEST_F(DumpLog, OfAnyContentIsOnlyCountedWhereItIsLeftOut) {
  const auto root = folder();
  const auto second = log_entry(11, R"("op":"i","ns":"shop.orders","o":{"_id":51})");
  const auto refused_alone = [&](const Bytes& entry) {
    auto log = second;
    append(log, entry);
    write(root / "oplog.bson", log);
    options_.without_oplog = false;
    EXPECT_FALSE(plan(root));
    options_.without_oplog = true;
    const auto planned = plan(root);
    ASSERT_TRUE(planned) << why(planned);
    EXPECT_THAT(planned->findings.back().message, HasSubstr("its 2 entries are left out"));
  };
  refused_alone(log_entry(12, R"("op":"zz","ns":"shop.orders","o":{"_id":52})"));
  refused_alone(log_entry(12, R"("op":"i","ns":"shop.orders")"));
  refused_alone(log_entry(10, R"("op":"i","ns":"shop.orders","o":{"_id":50})"));
  refused_alone(document_of(R"({"op":"i","ns":"shop.orders","o":{"_id":52}})"));
}

TEST_F(DumpLog, RefusesAnEntryOfNoMoment) {
  const auto root = folder();
  const auto at_moment = [&](const std::string& ts) {
    write(root / "oplog.bson", document_of(R"({"ts":{"$timestamp":)" + ts +
                                           R"(},"op":"i","ns":"shop.orders","o":{"_id":50}})"));
    return why(plan(root));
  };
  EXPECT_THAT(at_moment(R"({"t":0,"i":0})"), HasSubstr("an entry of the log has no moment"));
  EXPECT_EQ(at_moment(R"({"t":0,"i":1})"), "");
}

TEST_F(DumpLog, NamesWhatTheServerCannotDoOfWhatItMakes) {
  const auto root = folder();
  auto log = log_entry(10, R"("op":"c","ns":"shop.$cmd","o":{"createIndexes":"orders","v":2,
      "key":{"t":1},"name":"t_1","expireAfterSeconds":5})");
  append(log, log_entry(11, R"("op":"i","ns":"shop.system.views","o":{"_id":"shop.sold",
                                "viewOn":"orders","pipeline":[]})"));
  write(root / "oplog.bson", log);
  const auto refused = import(root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("shop.orders, index t_1: the server has no expiry"));
  EXPECT_THAT(why(refused), HasSubstr("shop.sold: the server has no view"));
  options_.accept_losses = true;
  const auto planned = plan_dump(at("accepted"), options_, test_.context);
  ASSERT_TRUE(planned) << why(planned);
  const auto accepted = restore_dump(at("accepted"), *planned, options_, test_.context);
  ASSERT_TRUE(accepted) << why(accepted);
  EXPECT_TRUE(accepted->is_equal());
  EXPECT_THAT(accepted->findings, ElementsAre(Field(&Finding::subject, "shop.orders, index t_1"),
                                              Field(&Finding::subject, "shop.sold")));
}

TEST_F(DumpLog, NamesNoLossOfAnIndexThatTheServerCanHave) {
  const auto root = folder();
  write(root / "oplog.bson",
        log_entry(10, R"("op":"c","ns":"shop.$cmd","o":{"createIndexes":"orders","v":2,
                         "key":{"t":1},"name":"t_1"})"));
  const auto report = import(root);
  ASSERT_TRUE(report) << why(report);
  EXPECT_EQ(report->collections.back().indexes, std::vector<std::string>{"t_1"});
  EXPECT_TRUE(report->findings.empty());
}

// FerretDB knows no validators: it refuses to make a collection with one, and to put one back.
TEST_F(DumpLog, FindsTheValidatorsOfRestoredCollectionsAside) {
  const auto root = folder();
  write_metadata(root / "shop" / "orders.metadata.json", "orders",
                 R"(, "options": {"validator": {"a": 1}})");
  write(root / "oplog.bson", log_entry(10, R"("op":"i","ns":"shop.orders","o":{"_id":50})"));
  options_.journal = scratch_.path() / "journal";
  options_.accept_losses = true;
  auto planned = plan(root);
  ASSERT_TRUE(planned) << why(planned);
  planned->offered.insert(engine::mongodb::Feature::validator);
  const auto with = restore_dump(at("with"), *planned, options_, test_.context);
  EXPECT_THAT(why(with), HasSubstr("the validator of orders could not be put back"));
  EXPECT_TRUE(fs::exists(options_.journal)) << "the next import puts it back";
  const auto count = engine::mongodb::testing::Application(server_.uri(), "with")
                         .run(DocumentBuilder().text("count", "orders").take());
  EXPECT_EQ(engine::mongodb::view_document(count).find("n")->integer(), 3)
      << "its documents came in, and the log was replayed";
  planned->log.reset();
  const auto without = restore_dump(at("without"), *planned, options_, test_.context);
  EXPECT_THAT(why(without), HasSubstr("orders: making it"));
}

TEST_F(DumpLog, IsToldThatAnotherRunHasTheJournalBeforeAnythingIsMade) {
  const auto root = folder();
  write(root / "oplog.bson", log_entry(10, R"("op":"i","ns":"shop.orders","o":{"_id":50})"));
  options_.journal = scratch_.path() / "journal";
  const auto location = at("restored");
  std::optional<engine::mongodb::ValidatorsAside> other(std::in_place, location, options_.journal);
  ASSERT_TRUE(other->recover());
  const auto busy = import(root);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code(), Code::busy);
  other.reset();
  const auto report = import(root);
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
}

TEST_F(DumpLog, SeesTheLogBesideTheFolderOfOneDatabase) {
  const auto root = folder("pixelcraft");
  const auto given = root / "pixelcraft";
  EXPECT_FALSE(plan(given)->log);
  write(root / "oplog.bson", *read_file(recorded_dump("oplog.bson")));
  for (const auto& each : {given, given / ""}) {
    const auto planned = plan(each);
    ASSERT_TRUE(planned) << why(planned);
    EXPECT_EQ(planned->log->entries, 41U);
  }
  fs::rename(given, scratch_.path() / "copied");
  EXPECT_FALSE(plan(scratch_.path() / "copied")->log);
  options_.was_at = given;
  const auto copied = plan(scratch_.path() / "copied");
  ASSERT_TRUE(copied) << why(copied);
  EXPECT_EQ(copied->database, "pixelcraft");
  EXPECT_EQ(copied->log->entries, 41U);
}

TEST_F(DumpLog, RefusesALogOfOtherDatabasesOnly) {
  const auto root = folder();
  write(root / "oplog.bson", log_entry(10, R"("op":"i","ns":"sold.orders","o":{"_id":1})"));
  for (const auto& given : {root, root / "shop"})
    EXPECT_THAT(why(plan(given)), HasSubstr("changes sold, and nothing of shop"));
  auto own = log_entry(10, R"("op":"i","ns":"sold.orders","o":{"_id":1})");
  append(own, log_entry(11, R"("op":"c","ns":"admin.$cmd","o":{"applyOps":[
                            {"op":"i","ns":"shop.orders","o":{"_id":1}}]})"));
  write(root / "oplog.bson", own);
  for (const auto& given : {root, root / "shop"}) EXPECT_TRUE(plan(given)) << why(plan(given));
  write(root / "oplog.bson", log_entry(10, R"("op":"n","ns":"","o":{"msg":"periodic noop"})"));
  EXPECT_TRUE(plan(root)) << why(plan(root));
}

TEST_F(DumpLog, IsOfTheFolderOfOneDatabaseWhereItChangesAnotherThatLiesBeside) {
  const auto root = folder();
  folder("sold");
  write(root / "oplog.bson", log_entry(10, R"("op":"i","ns":"sold.orders","o":{"_id":1})"));
  const auto given = root / "shop";
  EXPECT_TRUE(plan(given)) << why(plan(given));
  fs::rename(root / "sold", root / "renamed");
  EXPECT_THAT(why(plan(given)), HasSubstr("the log beside the folder shop changes sold, and "
                                          "nothing of shop or of another folder there"));
  fs::rename(root / "renamed", root / "sold");
  fs::rename(given, scratch_.path() / "copied");
  options_.was_at = given;
  EXPECT_TRUE(plan(scratch_.path() / "copied")) << "its folder was copied from there";
}

TEST_F(DumpLog, IsNotOfADatabaseThatOnlyADocumentNames) {
  const auto root = folder();
  write(root / "oplog.bson",
        log_entry(10, R"("op":"i","ns":"sold.orders","o":{"_id":1,"to":"shop.orders"})"));
  EXPECT_THAT(why(plan(root)), HasSubstr("changes sold, and nothing of shop"));
  write(root / "oplog.bson", log_entry(10, R"("op":"c","ns":"sold.$cmd","o":{
                                              "renameCollection":"sold.a","to":"shop.b"})"));
  EXPECT_TRUE(plan(root)) << why(plan(root));
}

}  // namespace
}  // namespace lifeboat::exchange::mongodump
