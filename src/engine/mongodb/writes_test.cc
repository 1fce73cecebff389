#include "engine/mongodb/writes.h"

#include <gtest/gtest.h>

#include "engine/mongodb/test_log.h"

namespace lifeboat::engine::mongodb {
namespace {

const Namespace kOrders{"shop", "orders"};

Result<std::vector<Write>> translated(const std::string& fields,
                                      Dialect dialect = Dialect::mongodb) {
  const auto bytes = entry_at(5, fields);
  return writes_of(TRY(parse_entry(view_document(bytes))), dialect);
}

void expect_write(const std::string& fields, const Write& expected,
                  Dialect dialect = Dialect::mongodb) {
  const auto writes = translated(fields, dialect);
  ASSERT_TRUE(writes) << writes.error().describe();
  ASSERT_EQ(writes->size(), 1U) << fields;
  EXPECT_TRUE(writes->front() == expected) << fields;
}

void expect_nothing(const std::string& fields) {
  const auto writes = translated(fields);
  ASSERT_TRUE(writes) << writes.error().describe();
  EXPECT_TRUE(writes->empty()) << fields;
}

void expect_stop(const std::string& fields, Code code) {
  const auto writes = translated(fields);
  ASSERT_FALSE(writes) << fields;
  EXPECT_EQ(writes.error().code(), code) << writes.error().describe();
}

std::string command(const std::string& object) {
  return R"("op":"c","ns":"shop.$cmd","ui":{"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAQ==",
            "subType":"04"}},"o":)" +
         object;
}

TEST(Writes, AnInsertReplacesOrPutsTheDocument) {
  expect_write(R"("op":"i","ns":"shop.orders","o":{"_id":1,"a":2},"o2":{"_id":1})",
               Replace{kOrders, bson_of(R"({"_id":1})"), bson_of(R"({"_id":1,"a":2})"), true});
  expect_write(R"("op":"i","ns":"shop.a.b","o":{"a":2,"_id":{"x":1}})",
               Replace{{"shop", "a.b"},
                       bson_of(R"({"_id":{"x":1}})"),
                       bson_of(R"({"a":2,"_id":{"x":1}})"),
                       true});
}

TEST(Writes, AnInsertIntoSystemViewsCreatesTheView) {
  expect_write(R"("op":"i","ns":"shop.system.views","o":{"_id":"shop.adults","viewOn":"users",
                  "pipeline":[{"$match":{"a":1}}],"collation":{"locale":"de"}})",
               Create{{"shop", "adults"}, bson_of(R"({"create":"adults","viewOn":"users",
                  "pipeline":[{"$match":{"a":1}}],"collation":{"locale":"de"}})")});
  expect_write(R"("op":"d","ns":"shop.system.views","o":{"_id":"shop.adults"})",
               Drop{{"shop", "adults"}});
}

TEST(Writes, AChangedViewIsDroppedAndCreated) {
  const auto writes = translated(R"("op":"u","ns":"shop.system.views","o2":{"_id":"shop.adults"},
                                    "o":{"_id":"shop.adults","viewOn":"people","pipeline":[]})");
  ASSERT_EQ(writes.value().size(), 2U);
  EXPECT_TRUE((*writes)[0] == Write(Drop{{"shop", "adults"}}));
  EXPECT_TRUE((*writes)[1] ==
              Write(Create{{"shop", "adults"},
                           bson_of(R"({"create":"adults","viewOn":"people","pipeline":[]})")}));
}

TEST(Writes, ATimeSeriesIsCreatedOnceByItsOwnName) {
  expect_nothing(R"("op":"i","ns":"shop.system.views","o":{"_id":"shop.w",
                    "viewOn":"system.buckets.w","pipeline":[{"$_internalUnpackBucket":{}}]})");
  expect_write(command(R"({"create":"system.buckets.w","validator":{"x":1},"clusteredIndex":true,
                           "timeseries":{"timeField":"t"},"expireAfterSeconds":60})"),
               Create{{"shop", "w"}, bson_of(R"({"create":"w","timeseries":{"timeField":"t"},
                                                 "expireAfterSeconds":60})")});
}

TEST(Writes, AnUpdateWithoutOperatorsReplacesWhatIsThere) {
  expect_write(R"("op":"u","ns":"shop.orders","o2":{"_id":1},"o":{"_id":1,"a":2})",
               Replace{kOrders, bson_of(R"({"_id":1})"), bson_of(R"({"_id":1,"a":2})"), false});
}

TEST(Writes, AnUpdateOfVersionOneSetsAndUnsets) {
  const Update expected{kOrders, bson_of(R"({"_id":1})"),
                        bson_of(R"({"$set":{"a":2},"$unset":{"b":true}})")};
  expect_write(R"("op":"u","ns":"shop.orders","o2":{"_id":1},
                  "o":{"$v":1,"$set":{"a":2},"$unset":{"b":true}})",
               expected);
  expect_write(R"("op":"u","ns":"shop.orders","o2":{"_id":1,"shard":7},
                  "o":{"$set":{"a":2},"$unset":{"b":true}})",
               expected);
}

TEST(Writes, AnUpdateOfVersionTwoIsADifference) {
  expect_write(R"("op":"u","ns":"shop.orders","o2":{"_id":1},
                  "o":{"$v":2,"diff":{"u":{"a":2}}})",
               ApplyDiff{kOrders, bson_of(R"({"_id":1})"), bson_of(R"({"u":{"a":2}})"),
                         PresentField::moved});
  expect_write(
      R"("op":"u","ns":"shop.orders","o2":{"_id":1},"checkExistenceForDiffInsert":true,
                  "o":{"$v":2,"diff":{"i":{"a":2}}})",
      ApplyDiff{kOrders, bson_of(R"({"_id":1})"), bson_of(R"({"i":{"a":2}})"), PresentField::kept});
}

TEST(Writes, FerretdbsUpdateIsAReplacement) {
  const std::string fields = R"("op":"u","ns":"shop.orders","o2":{"_id":1},
                                "o":{"$v":1,"$set":{"_id":1,"a":2}})";
  expect_write(fields,
               Replace{kOrders, bson_of(R"({"_id":1})"), bson_of(R"({"_id":1,"a":2})"), false},
               Dialect::ferretdb);
  expect_write(fields,
               Update{kOrders, bson_of(R"({"_id":1})"), bson_of(R"({"$set":{"_id":1,"a":2}})")});
  expect_write(R"("op":"u","ns":"shop.orders","o2":{"_id":1},"o":{"$v":1,"$set":{"a":2}})",
               Update{kOrders, bson_of(R"({"_id":1})"), bson_of(R"({"$set":{"a":2}})")},
               Dialect::ferretdb);
}

TEST(Writes, ADeleteGoesById) {
  expect_write(R"("op":"d","ns":"shop.orders","o":{"_id":{"$oid":"0123456789abcdef01234567"}})",
               Delete{kOrders, bson_of(R"({"_id":{"$oid":"0123456789abcdef01234567"}})")});
}

TEST(Writes, CreateLosesWhatServersSayToThemselves) {
  expect_write(command(R"({"create":"orders","capped":true,"size":4096,"autoIndexId":true,
                           "recordIdsReplicated":true,"ui":"x","temp":true,
                           "idIndex":{"v":2,"key":{"_id":1},"name":"_id_","ns":"shop.orders"}})"),
               Create{kOrders, bson_of(R"({"create":"orders","capped":true,"size":4096})")});
}

TEST(Writes, ThePlaceOfViewsComesWithTheFirstView) {
  expect_nothing(command(R"({"create":"system.views","idIndex":{"v":2,"key":{"_id":1}}})"));
}

TEST(Writes, DropsNameWhatTheyDrop) {
  expect_write(command(R"({"drop":"orders"})"), Drop{kOrders});
  expect_write(command(R"({"dropDatabase":1})"), DropDatabase{"shop"});
}

TEST(Writes, RenameTellsWhetherItReplaces) {
  expect_write(command(R"({"renameCollection":"shop.orders","to":"old.orders.1",
                           "dropTarget":false})"),
               Rename{kOrders, {"old", "orders.1"}, false});
  expect_write(command(R"({"renameCollection":"shop.orders","to":"shop.b","stayTemp":false,
                           "dropTarget":{"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAQ==",
                                         "subType":"04"}}})"),
               Rename{kOrders, {"shop", "b"}, true});
  expect_write(command(R"({"renameCollection":"shop.orders","to":"shop.b","dropTarget":true})"),
               Rename{kOrders, {"shop", "b"}, true});
}

TEST(Writes, CollModIsPartedIntoCollectionAndIndex) {
  const auto writes = translated(command(R"({"collMod":"orders","validator":{"a":1},
      "index":{"name":"t_1","expireAfterSeconds":5}})"));
  ASSERT_EQ(writes.value().size(), 2U);
  EXPECT_TRUE((*writes)[0] ==
              Write(ModifyIndex{kOrders, bson_of(R"({"name":"t_1","expireAfterSeconds":5})")}));
  EXPECT_TRUE((*writes)[1] == Write(ModifyCollection{kOrders, bson_of(R"({"collMod":"orders",
                                                          "validator":{"a":1}})")}));
}

TEST(Writes, IndexesAreGathered) {
  const auto spec = bson_of(R"({"v":2,"key":{"a":1},"name":"a_1","unique":true})");
  expect_write(command(R"({"createIndexes":"orders","v":2,"key":{"a":1},"name":"a_1",
                           "unique":true})"),
               AddIndexes{kOrders, {spec}});
  expect_write(command(R"({"commitIndexBuild":"orders","indexBuildUUID":"x",
                           "indexes":[{"v":2,"key":{"a":1},"name":"a_1","unique":true},
                                      {"v":2,"key":{"a":1},"name":"a_1","unique":true}]})"),
               AddIndexes{kOrders, {spec, spec}});
}

TEST(Writes, AnIndexWithoutAKeyOrANameIsCorruptHoweverItComes) {
  const auto alone = [](const std::string& spec) {
    return command(R"({"createIndexes":"orders",)" + spec + "}");
  };
  const auto listed = [](const std::string& spec) {
    return command(R"({"commitIndexBuild":"orders","indexes":[{"key":{"b":1},"name":"b_1"},{)" +
                   spec + "}]}");
  };
  for (const std::string spec :
       {R"("name":"a_1")", R"("key":{"a":1})", R"("key":1,"name":"a_1")",
        R"("key":{},"name":"a_1")", R"("key":{"a":1},"name":"")", R"("key":{"a":1},"name":7)"}) {
    expect_stop(alone(spec), Code::corrupt);
    expect_stop(listed(spec), Code::corrupt);
  }
  EXPECT_TRUE(translated(alone(R"("key":{"a":1},"name":"a_1")")));
  EXPECT_TRUE(translated(listed(R"("key":{"a":1},"name":"a_1")")));
}

TEST(Writes, IndexesAreRemovedByNameOrKey) {
  for (const std::string name : {"dropIndexes", "dropIndex", "deleteIndexes", "deleteIndex"})
    expect_write(command(R"({")" + name + R"(":"orders","index":"a_1"})"),
                 RemoveIndex{kOrders, "a_1", {}});
  expect_write(command(R"({"dropIndexes":"orders","index":"*"})"), RemoveIndex{kOrders, "*", {}});
  expect_write(command(R"({"dropIndexes":"orders","index":{"a":1}})"),
               RemoveIndex{kOrders, "", bson_of(R"({"a":1})")});
}

TEST(Writes, CappedCollectionsAreConvertedAndEmptied) {
  expect_write(command(R"({"convertToCapped":"orders","size":4096})"),
               RunCapped{kOrders, bson_of(R"({"convertToCapped":"orders","size":4096})")});
  expect_write(command(R"({"emptycapped":"orders"})"),
               RunCapped{kOrders, bson_of(R"({"emptycapped":"orders"})")});
}

TEST(Writes, WhatChangesNoDataIsPassedOver) {
  for (const std::string name :
       {"startIndexBuild", "abortIndexBuild", "setMultikeyMetadata", "dropIdent", "dbCheck"})
    expect_nothing(command(R"({")" + name + R"(":"orders"})"));
  expect_nothing(R"("op":"n","ns":"","o":{"msg":"periodic noop"})");
  for (const std::string op : {"km", "ci", "cu", "cd"})
    expect_nothing(R"("op":")" + op + R"(","ns":"shop.orders","o":{})");
}

TEST(Writes, WhatIsNotKnownStopsTheReplay) {
  for (const std::string name :
       {"importCollection", "upgradeDowngradeViewlessTimeseries", "somethingNew"})
    expect_stop(command(R"({")" + name + R"(":"orders"})"), Code::unsupported_format);
  for (const std::string op : {"xi", "xd", "zz"})
    expect_stop(R"("op":")" + op + R"(","ns":"shop.orders","o":{})", Code::unsupported_format);
  expect_stop(R"("op":"u","ns":"shop.orders","o2":{"_id":1},"o":{"$v":3})",
              Code::unsupported_format);
  expect_stop(R"("op":"i","ns":"shop.system.indexes","o":{"_id":1})", Code::unsupported_format);
}

TEST(Writes, EntriesThatLackAPartAreCorrupt) {
  for (const std::string fields :
       {R"("op":"i","ns":"shop.orders","o":{"a":1})", R"("op":"i","ns":"shop","o":{"_id":1})",
        R"("op":"i","ns":"shop.orders")", R"("ns":"shop.orders","o":{"_id":1})",
        R"("op":"i","o":{"_id":1})", R"("op":"u","ns":"shop.orders","o":{"a":1})",
        R"("op":"u","ns":"shop.orders","o":{"a":1},"o2":{"x":1})",
        R"("op":"u","ns":"shop.orders","o2":{"_id":1},"o":{"$v":2})",
        R"("op":"u","ns":"shop.orders","o2":{"_id":1},"o":{"$inc":{"a":1}})",
        R"("op":"d","ns":"shop.orders","o":{})", R"("op":"i","ns":"shop.orders","o":7)"})
    expect_stop(fields, Code::corrupt);
  for (const std::string object :
       {R"({"drop":1})", R"({"renameCollection":"shop"})", R"({"createIndexes":"orders"})",
        R"({"dropIndexes":"orders"})", R"({"commitIndexBuild":"orders","indexes":[1]})",
        R"({"commitIndexBuild":"orders","indexes":1})"})
    expect_stop(command(object), Code::corrupt);
}

TEST(OplogEntry, TellsItsPlaceAndItsSession) {
  const auto bytes = entry_at(9, R"("op":"c","ns":"admin.$cmd","o":{"applyOps":[]},
      "wall":{"$date":{"$numberLong":"77"}},"lsid":{"id":1},"txnNumber":{"$numberLong":"4"},
      "prevOpTime":{"ts":{"$timestamp":{"t":8,"i":2}},"t":1},"multiOpType":1)");
  const auto entry = parse_entry(view_document(bytes)).value();
  EXPECT_EQ(entry.at, (OpTime{{9, 1}, 1}));
  EXPECT_EQ(entry.wall_ms, 77);
  EXPECT_EQ(entry.session->number, 4);
  EXPECT_EQ(entry.previous_in_transaction, (Timestamp{8, 2}));
  EXPECT_TRUE(entry.retryable_inserts);
  EXPECT_EQ(entry.command(), "applyOps");
  EXPECT_EQ(entry_hash(entry), crypto::sha256(bytes));
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
