// Time series through archives and folders of mongodump, on the stand-in: FerretDB has none.
#include <gmock/gmock.h>

#include "contract/carry.h"
#include "engine/mongodb/engine.h"
#include "engine/mongodb/test_series.h"
#include "engine/mongodb/test_stand_in.h"
#include "exchange/mongodump/export.h"
#include "exchange/mongodump/test_anatomy.h"
#include "exchange/mongodump/test_dump.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::Location;
using engine::mongodb::testing::Application;
using engine::mongodb::testing::document;
using engine::mongodb::testing::document_of;
using engine::mongodb::testing::log_entry;
using engine::mongodb::testing::make_series;
using engine::mongodb::testing::measurement;
using engine::mongodb::testing::StandInServer;
using testing::anatomy_of;
using ::testing::HasSubstr;
using testing::recorded_dump;
using testing::why;

constexpr std::string_view kSeriesOptions =
    R"("timeseries": {"timeField": "at", "metaField": "sensor", "granularity": "minutes"})";

// What an archive holds, by the names that it gives.
struct HeldByArchive final : ArchiveVisitor {
  std::map<std::string, ArchiveCollection> collections;
  std::map<std::string, std::vector<Bytes>> documents;

  Result<void> head(const ArchiveHead&) override { return {}; }
  Result<void> collection(const ArchiveCollection& about) override {
    collections[about.name()] = about;
    return {};
  }
  Result<void> document(const ArchiveCollection& of,
                        engine::mongodb::DocumentView document) override {
    documents[of.name()].push_back(to_bytes(document.bytes()));
    return {};
  }
  Result<void> complete(const ArchiveCollection& about, std::uint64_t) override {
    documents[about.name()];
    return {};
  }
};

class SeriesOfDump : public ::testing::Test {
 protected:
  static Location at(const StandInServer& server, const std::string& database) {
    return engine::mongodb::locate(server.uri(database)).value();
  }
  Application shop() const { return {server_.uri(), "shop"}; }

  void fill(const std::string& more = "") const {
    shop().run(make_series("weather", more));
    shop().insert("weather", {measurement("north", 0, 20), measurement("south", 0, 25),
                              measurement("north", 1, 21)});
    shop().make_index("weather", "degrees", false);
    shop().insert("items", {document(1), document(2)});
  }
  // The whole of an import, on any server.
  Result<DumpReport> import(const StandInServer& server, const fs::path& path) {
    options_.path = path;
    const auto to = at(server, "restored");
    const auto plan = TRY(plan_dump(to, options_, test_.context));
    return restore_dump(to, plan, options_, test_.context);
  }
  Result<DumpReport> import(const fs::path& path) { return import(server_, path); }
  fs::path exported() {
    const auto file = scratch_.path() / "shop.archive";
    const auto report = export_archive(at(server_, "shop"), file, test_.context);
    EXPECT_TRUE(report) << why(report);
    return file;
  }
  Json facts(const StandInServer& server, const std::string& database) const {
    return engine::contract::facts_of(engine::mongodb::mongodb_engine(), server.uri(database),
                                      test_.context)
        .value_or(Json{});
  }
  Json collections(const std::string& database) const {
    return facts(server_, database)["collections"];
  }
  HeldByArchive held_by(const fs::path& file) {
    HeldByArchive held;
    const auto visited = visit_dump({file}, held, test_.context);
    EXPECT_TRUE(visited) << why(visited);
    return held;
  }
  static void write(const fs::path& file, ByteView content) {
    ASSERT_TRUE(make_directories(file.parent_path()));
    ASSERT_TRUE(write_file(file, content));
  }
  static std::string metadata_of(const std::string& name, const std::string& type,
                                 std::string_view options = kSeriesOptions) {
    return "{\"options\": {" + std::string(options) + "}, \"indexes\": [], \"collectionName\": \"" +
           name + "\", \"type\": \"" + type + "\"}";
  }
  // As `mongodump --out` writes it, of the shop as it is.
  fs::path folder() {
    const auto archive = exported();
    const auto held = held_by(archive);
    fs::remove(archive);
    const auto root = scratch_.path() / "dump";
    for (const auto& [name, about] : held.collections) {
      write(root / "shop" / (about.collection + ".metadata.json"), view_of(about.metadata));
      Bytes all;
      for (const auto& each : held.documents.at("shop." + about.stored_name())) append(all, each);
      write(root / "shop" / (about.stored_name() + ".bson"), all);
    }
    return root;
  }

  TestContext test_;
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  StandInServer server_;
  DumpOptions options_;
};

TEST_F(SeriesOfDump, ComesBackBucketByBucketThroughAnArchive) {
  fill(R"(,"expireAfterSeconds":3600)");
  const auto report = import(exported());
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_TRUE(report->findings.empty());
  ASSERT_EQ(report->collections.size(), 2U);
  EXPECT_EQ(report->collections[1].name, "weather");
  EXPECT_EQ(report->collections[1].there.count, 2U) << "buckets";
  EXPECT_EQ(collections("restored"), collections("shop"));
  EXPECT_EQ(facts(server_, "restored")["catalog_fingerprint"],
            facts(server_, "shop")["catalog_fingerprint"]);
}

// As the archives of mongo-tools 100.4 and later: the time series in the prelude, and its buckets
// under their own name, which the prelude does not have.
TEST_F(SeriesOfDump, IsInAnArchiveWhereMongorestoreLooksForIt) {
  fill();
  const auto held = held_by(exported());
  ASSERT_EQ(held.collections.size(), 2U);
  const auto& about = held.collections.at("shop.weather");
  EXPECT_EQ(about.type, "timeseries");
  const auto metadata = document_of(about.metadata);
  const auto view = engine::mongodb::view_document(metadata);
  EXPECT_EQ(view.text_at("type"), "timeseries");
  EXPECT_EQ(view.text_at("collectionName"), "weather");
  EXPECT_FALSE(view.find("uuid")) << "the time series itself has none";
  EXPECT_EQ(view.document_at("options")->document_at("timeseries")->text_at("timeField"), "at");
  EXPECT_EQ(held.documents.at("shop.system.buckets.weather").size(), 2U);
  EXPECT_FALSE(held.documents.contains("shop.weather"));
  const auto items = document_of(held.collections.at("shop.items").metadata);
  EXPECT_TRUE(engine::mongodb::view_document(items).find("uuid"));
}

TEST_F(SeriesOfDump, LeavesTheFormOfAnArchiveAsItIs) {
  fill();
  const auto made = anatomy_of(exported());
  const auto wanted = anatomy_of(recorded_dump("pixelcraft.archive"));
  EXPECT_EQ(made.head, wanted.head);
  EXPECT_EQ(made.preludes, wanted.preludes);
  EXPECT_EQ(made.headers, wanted.headers);
  EXPECT_TRUE(made.crcs.contains("system.buckets.weather"));
  EXPECT_FALSE(made.crcs.contains("weather"));
}

TEST_F(SeriesOfDump, ComesBackThroughAFolderPlainOrEmpty) {
  fill();
  shop().run(make_series("unused"));
  const auto report = import(folder());
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(collections("restored"), collections("shop"));
  EXPECT_EQ(collections("restored")["unused"]["documents"], 0);
}

TEST_F(SeriesOfDump, TakesAnEmptyOneThroughAnArchive) {
  shop().run(make_series("unused"));
  const auto report = import(exported());
  ASSERT_TRUE(report) << why(report);
  EXPECT_EQ(collections("restored"), collections("shop"));
}

TEST_F(SeriesOfDump, TakesBucketsOfSeveralTypesInOneField) {
  fill();
  const auto allow = [&](const std::string& allowed) {
    shop().run(document_of(R"({"collMod":"weather","timeseriesBucketsMayHaveMixedSchemaData":)" +
                           allowed + "}"));
  };
  allow("true");
  shop().insert("system.buckets.weather",
                {document_of(R"({"_id":1,"control":{"version":1,"min":{"x":1},"max":{"x":"a"}},
                                 "meta":"east","data":{"at":{},"x":{"0":1,"1":"a"}}})")});
  allow("false");
  const auto report = import(exported());
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(collections("restored")["weather"]["digest"], collections("shop")["weather"]["digest"]);
}

TEST_F(SeriesOfDump, IsRefusedAsCorruptWhereItsBucketsAreMissing) {
  fill();
  const auto root = folder();
  ASSERT_TRUE(import(root)) << "the twin";
  fs::remove(root / "shop" / "system.buckets.weather.bson");
  const StandInServer other;
  const auto refused = import(other, root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::corrupt);
  EXPECT_THAT(why(refused), HasSubstr("shop.weather"));
  EXPECT_THAT(why(refused), HasSubstr("(system.buckets.weather) are not in the dump"));
  EXPECT_TRUE(other.received("create").empty());
}

TEST_F(SeriesOfDump, IsRefusedAsCorruptWhereBucketsAreWithoutTheirSeries) {
  fill();
  const auto root = folder();
  fs::remove(root / "shop" / "weather.metadata.json");
  const auto refused = import(root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::corrupt);
  EXPECT_THAT(why(refused), HasSubstr("shop.system.buckets.weather holds the buckets of a time "
                                      "series that the dump has not"));
}

TEST_F(SeriesOfDump, MayHaveMetadataOfItsBucketsThatAgrees) {
  fill();
  const auto root = folder();
  const auto own = root / "shop" / "system.buckets.weather.metadata.json";
  write(own, view_of(metadata_of("system.buckets.weather", "collection")));
  ASSERT_TRUE(import(root));
  const StandInServer other;
  for (const std::string options : {R"("timeseries": {"timeField": "t"})", R"("capped": false)"}) {
    write(own, view_of(metadata_of("system.buckets.weather", "collection", options)));
    const auto refused = import(other, root);
    ASSERT_FALSE(refused) << options;
    EXPECT_EQ(refused.error().code(), Code::corrupt);
    EXPECT_THAT(why(refused), HasSubstr("of another time series"));
  }
}

TEST_F(SeriesOfDump, IsRefusedAsCorruptWhereItsTypeAndItsOptionsDisagree) {
  fill();
  const auto root = folder();
  write(root / "shop" / "weather.metadata.json", view_of(metadata_of("weather", "timeseries", "")));
  EXPECT_THAT(why(import(root)), HasSubstr("a time series without the options of one"));
  write(root / "shop" / "items.metadata.json", view_of(metadata_of("items", "collection")));
  fs::remove(root / "shop" / "weather.metadata.json");
  EXPECT_THAT(why(import(root)), HasSubstr("the options of a time series and is none"));
}

// Of 8.3 and later: the documents lie under the name of the time series.
TEST_F(SeriesOfDump, IsRefusedByNameWhereItHasNoBuckets) {
  fill();
  const auto root = folder();
  fs::rename(root / "shop" / "system.buckets.weather.bson", root / "shop" / "weather.bson");
  const auto refused = import(root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("shop.weather is a time series without buckets"));
}

TEST(SeriesOfALaterServer, IsNotExported) {
  const StandInServer later({.version = "8.3.0"});
  Application(later.uri(), "shop").run(make_series("weather"));
  const TestContext test;
  const auto scratch = ScratchDirectory::make().value();
  const auto refused = export_archive(engine::mongodb::locate(later.uri("shop")).value(),
                                      scratch.path() / "a", test.context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("shop.weather is a time series without buckets"));
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST_F(SeriesOfDump, IsALossThatIsNamedFirstWhereTheServerTakesNoBuckets) {
  fill();
  const auto archive = exported();
  options_.accept_older = true;
  for (const std::string version : {"4.4.29", "8.3.0"}) {
    const StandInServer without({.version = version});
    options_.accept_losses = false;
    const auto refused = import(without, archive);
    ASSERT_FALSE(refused) << version;
    EXPECT_EQ(refused.error().code(), Code::refused);
    EXPECT_THAT(why(refused), HasSubstr("shop.weather: "));
    EXPECT_TRUE(without.received("create").empty());
    options_.accept_losses = true;
    const auto report = import(without, archive);
    ASSERT_TRUE(report) << why(report);
    ASSERT_EQ(report->findings.size(), 1U);
    EXPECT_EQ(report->findings[0].subject, "shop.weather");
    EXPECT_TRUE(report->is_equal());
    EXPECT_EQ(facts(without, "restored")["collections"].size(), 1U);
  }
}

TEST_F(SeriesOfDump, IsALossWhereTheServerIsOlderThanTheDump) {
  fill();
  const auto archive = exported();
  const StandInServer older({.version = "6.0.1"});
  const auto refused = import(older, archive);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("shop.weather: its buckets are of MongoDB 7.0.14"));
  options_.accept_losses = true;
  const auto report = import(older, archive);
  ASSERT_TRUE(report) << why(report);
  EXPECT_EQ(report->findings[0].code, "series-left-out");
  const StandInServer newer({.version = "8.0.4"});
  options_.accept_losses = false;
  ASSERT_TRUE(import(newer, archive)) << "the twin";
  EXPECT_EQ(facts(newer, "restored")["collections"], collections("shop"));
}

TEST_F(SeriesOfDump, IsALossWhateverItHoldsWhereTheServerIsOfAnEarlierReleaseAndNobodyAskedForIt) {
  shop().insert("items", {document(1), document(2)});
  const auto archive = exported();
  for (const std::string version : {"4.4.29", "5.0.31", "6.0.1"}) {
    const StandInServer older({.version = version});
    options_ = {};
    const auto refused = import(older, archive);
    ASSERT_FALSE(refused) << version;
    EXPECT_EQ(refused.error().code(), Code::refused);
    EXPECT_THAT(why(refused),
                HasSubstr("older than the server that was backed up (MongoDB 7.0.14"));
    EXPECT_TRUE(older.received("create").empty());
    options_.accept_losses = true;
    const auto accepted = import(older, archive);
    ASSERT_TRUE(accepted) << why(accepted);
    EXPECT_EQ(accepted->findings[0].code, "older-server");
    EXPECT_TRUE(accepted->is_equal());
  }
  for (const std::string version : {"7.0.1", "8.0.4"}) {
    const StandInServer other({.version = version});
    options_ = {};
    const auto imported = import(other, archive);
    ASSERT_TRUE(imported) << version << why(imported);
    EXPECT_TRUE(imported->findings.empty());
  }
}

// What was written while the dump was made, as the server's log has it.
class SeriesInLogOfDump : public SeriesOfDump {
 protected:
  // The log of the shop since `from` entries, as it is now.
  Bytes log_since(std::size_t from) {
    const auto location = at(server_, "local");
    const auto find = engine::mongodb::DocumentBuilder().text("find", "oplog.rs").take();
    const auto connection = location.server->connect();
    auto cursor = connection.open_cursor("local", find, 1000).value();
    Bytes log;
    entries_ = 0;
    for (auto entry = cursor.next().value(); !entry.empty(); entry = cursor.next().value())
      if (entries_++ >= from) append(log, entry);
    return log;
  }
  std::size_t entries() {
    log_since(0);
    return entries_;
  }
  std::size_t entries_ = 0;
};

TEST_F(SeriesInLogOfDump, IsBroughtOnMadeAndDroppedByIt) {
  fill();
  shop().run(make_series("old"));
  shop().insert("old", {measurement("north", 0, 1)});
  const auto root = folder();
  const auto before = entries();
  shop().insert("weather", {measurement("north", 6, 22), measurement("east", 6, 23)});
  shop().run(make_series("made", R"(,"expireAfterSeconds":600)"));
  shop().insert("made", {measurement("west", 0, 3), measurement("west", 1, 4)});
  shop().make_index("made", "degrees", false);
  shop().drop("old");
  write(root / "oplog.bson", log_since(before));
  options_.journal = scratch_.path() / "journal";
  const auto report = import(root);
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(collections("restored"), collections("shop"));
  EXPECT_EQ(collections("restored")["weather"]["documents"], 3);
  EXPECT_FALSE(collections("restored").contains("old"));
}

TEST_F(SeriesInLogOfDump, IsNamedAsLostBeforeAnythingIsMadeAndLeftOutWhenThatIsAccepted) {
  shop().insert("items", {document(1)});
  const auto root = folder();
  const auto before = entries();
  shop().run(make_series("made"));
  shop().insert("made", {measurement("west", 0, 3)});
  shop().insert("items", {document(2)});
  write(root / "oplog.bson", log_since(before));
  options_.journal = scratch_.path() / "journal";
  const StandInServer without({.version = "4.4.29"});
  const auto refused = import(without, root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("shop.made: "));
  EXPECT_TRUE(without.received("create").empty());
  options_.accept_losses = true;
  const auto report = import(without, root);
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(report->findings[0].subject, "shop.made");
  EXPECT_EQ(facts(without, "restored")["collections"].size(), 1U);
  EXPECT_EQ(facts(without, "restored")["collections"]["items"]["documents"], 2);
}

TEST_F(SeriesInLogOfDump, IsCorruptWhereItHasBucketsOfNone) {
  shop().insert("items", {document(1)});
  const auto root = folder();
  write(root / "oplog.bson",
        log_entry(10, R"("op":"i","ns":"shop.system.buckets.lost","o":{"_id":50})"));
  options_.journal = scratch_.path() / "journal";
  const auto refused = import(root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::corrupt);
  EXPECT_THAT(why(refused), HasSubstr("buckets of the time series lost"));
}

}  // namespace
}  // namespace lifeboat::exchange::mongodump
