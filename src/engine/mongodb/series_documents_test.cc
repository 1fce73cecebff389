#include <map>

#include "engine/mongodb/metadata.h"
#include "engine/mongodb/test_catalog.h"
#include "engine/mongodb/test_series.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::document;
using testing::Fault;
using ::testing::HasSubstr;
using testing::make_series;
using testing::measurement;
using testing::StandInServer;

// A server that shows no buckets of its time series.
class SeriesDocuments : public testing::StandInShop {
 protected:
  explicit SeriesDocuments(const std::string& version = "8.3.0")
      : StandInShop({.version = version}) {}

  void fill_series() const {
    live().run(make_series("weather", R"(,"expireAfterSeconds":60)"));
    live().insert("weather", {measurement("north", 0, 20), measurement("south", 0, 25),
                              measurement("north", 1, 21)});
    live().make_index("weather", "degrees", false);
    live().insert("items", {document(1)});
  }
  static std::vector<std::string> codes_of(const std::vector<Finding>& findings) {
    std::vector<std::string> codes;
    for (const auto& each : findings) codes.push_back(each.code);
    return codes;
  }
  // Into an empty database of another server.
  Result<TargetReport> restore_to(const StandInServer& server, const contract::Capture& captured,
                                  bool accept_losses = false, const Renames& renames = {}) {
    auto options = testing::target_at(server.uri("restored"));
    options.facts = std::make_shared<const Json>(captured.outcome.facts);
    options.accept_losses = accept_losses;
    options.renames = renames;
    const auto target = TRY(mongodb_engine().open_target(options));
    TRY(target->prepare(test_.context));
    for (const auto& [info, content] : captured.entries) {
      const auto sink = TRY(target->create(info));
      TRY(contract::fill(*sink, content, true));
    }
    return target->finish(test_.context);
  }
  Json facts_on(const StandInServer& server) {
    return contract::facts_of(mongodb_engine(), server.uri("restored"), test_.context)
        .value_or(Json{});
  }
};

TEST_F(SeriesDocuments, AreBackedUpWhereTheServerShowsNoBuckets) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto& entry = captured->entries.back();
  EXPECT_EQ(entry.info.path, "shop/collections/weather.bson");
  EXPECT_EQ(decode_metadata(entry.info.metadata)->kind, Metadata::Kind::measurements);
  EXPECT_EQ(mongodb_engine().describe(entry.info).value(), "time series, 2 indexes, as documents");
  EXPECT_THAT(to_text(entry.content), ::testing::Not(HasSubstr("control")));
  const auto& facts = captured->outcome.facts["collections"]["weather"];
  EXPECT_EQ(facts["type"], "timeseries");
  EXPECT_EQ(facts["documents"], 3);
  EXPECT_EQ(facts["bytes"], entry.content.size());
}

TEST_F(SeriesDocuments, AreOfTheMomentOfTheirBackupAlone) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
  EXPECT_FALSE(captured->outcome.position.contains("log"));
  EXPECT_FALSE(captured->outcome.log_position);
  EXPECT_EQ(codes_of(captured->outcome.findings),
            (std::vector<std::string>{"series-as-documents", "log-not-kept"}));
  EXPECT_THAT(captured->outcome.findings[1].message, HasSubstr("the time series weather"));
  live().drop("weather");
  const auto without = capture();
  LIFEBOAT_OK(without);
  EXPECT_TRUE(without->outcome.position.contains("log"));
  EXPECT_TRUE(without->outcome.findings.empty());
}

TEST_F(SeriesDocuments, AreOfNoOneMomentWithoutASnapshot) {
  server_.model().ignore_read_concern();
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "per-collection");
  EXPECT_EQ(codes_of(captured->outcome.findings),
            (std::vector<std::string>{"series-as-documents", "consistency-per-collection"}));
}

TEST_F(SeriesDocuments, AreRestoredToAServerThatShowsNoBuckets) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_TRUE(report->findings.empty()) << report->findings[0].message;
  EXPECT_FALSE(report->facts);
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
}

// Facts of such a place are of its buckets, and what was put in was compared before.
TEST_F(SeriesDocuments, AreRestoredToAServerWithBucketsAndComparedAsDocuments) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const StandInServer with_buckets({.version = "8.0.4"});
  const auto report = restore_to(with_buckets, *captured);
  LIFEBOAT_OK(report);
  ASSERT_TRUE(report->facts);
  const auto there = facts_on(with_buckets);
  EXPECT_EQ((*report->facts)["collections"], there["collections"]);
  EXPECT_EQ(there["catalog_fingerprint"], captured->outcome.facts["catalog_fingerprint"]);
  EXPECT_EQ(there["collections"]["weather"]["documents"], 2) << "buckets";
  EXPECT_EQ(there["collections"]["items"], captured->outcome.facts["collections"]["items"]);
}

TEST_F(SeriesDocuments, AreComparedUnderAnotherNameToo) {
  fill_series();
  auto captured = capture();
  LIFEBOAT_OK(captured);
  const Renames renames{{"weather", "climate"}};
  const StandInServer whole({.version = "8.3.0"});
  LIFEBOAT_OK(restore_to(whole, *captured, false, renames));
  const auto recorded = captured->outcome.facts["collections"];
  EXPECT_EQ(facts_on(whole)["collections"]["climate"], recorded["weather"]);
  captured->entries.erase(captured->entries.begin(), captured->entries.end() - 1);
  const StandInServer part({.version = "8.3.0"});
  LIFEBOAT_OK(restore_to(part, *captured, false, renames));
  EXPECT_EQ(facts_on(part)["collections"], Json({{"climate", recorded["weather"]}}));
}

TEST_F(SeriesDocuments, AreComparedAsTheOneThatTheyWereWhereTwoExchangeTheirNames) {
  fill_series();
  live().run(make_series("tides"));
  live().insert("tides", {measurement("bay", 5, 7)});
  auto captured = capture();
  LIFEBOAT_OK(captured);
  std::erase_if(captured->entries, [](const auto& each) {
    const auto metadata = decode_metadata(each.info.metadata);
    return !metadata || metadata->kind != Metadata::Kind::measurements;
  });
  ASSERT_EQ(captured->entries.size(), 2U);
  const StandInServer part({.version = "8.3.0"});
  LIFEBOAT_OK(restore_to(part, *captured, false, {{"weather", "tides"}, {"tides", "weather"}}));
  const auto recorded = captured->outcome.facts["collections"];
  EXPECT_EQ(facts_on(part)["collections"],
            Json({{"tides", recorded["weather"]}, {"weather", recorded["tides"]}}));
}

// Several may have one _id: a reading that goes on behind a document would leave out the others.
TEST_F(SeriesDocuments, AreReadByNoIndexOfTheirIds) {
  fill_series();
  live().make_index("weather", "_id", false);
  LIFEBOAT_OK(capture());
  std::map<std::string, bool> by_index;
  for (const auto& each : server_.received("find"))
    if (const auto find = view_document(each); find.text_at("find"))
      by_index[std::string(*find.text_at("find"))] |= find.find("hint").has_value();
  EXPECT_FALSE(by_index.at("weather"));
  EXPECT_TRUE(by_index.at("items"));
}

TEST_F(SeriesDocuments, AreNotTakenForRestoredWhereOneIsMissingChangedOrThereOnceMore) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto one_more = measurement("north", 1, 21);
  const auto another = measurement("north", 1, 22);
  const auto remove = bson_of(R"({"delete":"weather","deletes":[{"q":{"degrees":21},"limit":1}]})");
  struct Defect {
    std::string version;
    bool removes;
    std::vector<Bytes> adds;
    std::string said;
  };
  const std::vector<Defect> all{
      {"8.0.4", false, {one_more}, "weather was restored from 3 documents, and 4 are there"},
      {"8.3.0", false, {one_more}, "weather was restored from 3 documents, and 4 are there"},
      {"8.3.0", true, {}, "weather was restored from 3 documents, and 2 are there"},
      {"8.3.0", true, {another}, "and 3 are there, not all of them the same"}};
  for (const auto& each : all) {
    StandInServer other({.version = each.version});
    const testing::Application there(other.uri(), "restored");
    other.plant(
        {.command = "find", .kind = Fault::Kind::none, .collection = "weather", .meanwhile = [&] {
           if (each.removes) there.run(remove);
           if (!each.adds.empty()) there.insert("weather", each.adds);
         }});
    const auto report = restore_to(other, *captured);
    ASSERT_FALSE(report) << each.said;
    EXPECT_EQ(report.error().code(), Code::check_failed) << failure_of(report);
    EXPECT_THAT(failure_of(report), HasSubstr(each.said));
  }
  LIFEBOAT_OK(restore_to(StandInServer({.version = "8.3.0"}), *captured));
}

TEST_F(SeriesDocuments, NeedAServerWithTimeSeriesOrBecomeAnOrdinaryCollection) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto losses_on = [&](const StandInServer& server) {
    return mongodb_engine()
        .losses_at(server.uri("restored"), {captured->entries[0].content, {}, Json(), {}})
        .value();
  };
  EXPECT_TRUE(losses_on(StandInServer({.version = "6.0.1"})).empty());
  const StandInServer without({.version = "4.4.29"});
  const auto losses = losses_on(without);
  ASSERT_FALSE(losses.empty());
  EXPECT_EQ(losses[0].subject, "shop.weather");
  EXPECT_FALSE(restore_to(without, *captured));
  const StandInServer again({.version = "4.4.29"});
  LIFEBOAT_OK(restore_to(again, *captured, true));
  const auto there = facts_on(again)["collections"];
  EXPECT_EQ(there["weather"]["type"], "collection");
  EXPECT_EQ(there["weather"]["documents"], 3);
}

// What a server of 8.3 logs of a time series is not known here.
TEST_F(SeriesDocuments, AreRefusedByNameWhereTheLogMadeTheSeries) {
  live().insert("items", {document(1)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("items", {document(2)});
  const auto before = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(before);
  live().run(make_series("weather"));
  live().insert("weather", {measurement("north", 0, 20)});
  const auto after = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(after);
  LIFEBOAT_OK(rebuild(*captured, *before, last_of(before->back())));
  const auto refused = rebuild(*captured, *after, last_of(after->back()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unsupported_format) << failure_of(refused);
  EXPECT_THAT(failure_of(refused), HasSubstr("the log makes the time series weather in the form"));
}

// One whose server has buckets.
class AskedSeriesDocuments : public SeriesDocuments {
 protected:
  AskedSeriesDocuments() : SeriesDocuments("7.0.14") {}
  Result<contract::Capture> capture_documents() {
    auto options = source();
    options.mongodb.series_as_documents = true;
    return contract::capture(mongodb_engine(), options, test_.context);
  }
};

TEST_F(AskedSeriesDocuments, AreInTheSnapshotInsteadOfBuckets) {
  fill_series();
  const auto captured = capture_documents();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(decode_metadata(captured->entries.back().info.metadata)->kind,
            Metadata::Kind::measurements);
  EXPECT_EQ(captured->outcome.facts["collections"]["weather"]["documents"], 3);
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
  EXPECT_EQ(codes_of(captured->outcome.findings),
            (std::vector<std::string>{"series-as-documents", "log-not-kept"}));
  EXPECT_THAT(captured->outcome.findings[0].message, HasSubstr("is asked for"));
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  ASSERT_TRUE(report->facts);
  EXPECT_EQ((*report->facts)["collections"], facts("restored")["collections"]);
  const StandInServer later({.version = "8.3.0"});
  LIFEBOAT_OK(restore_to(later, *captured));
  EXPECT_EQ(facts_on(later)["collections"], captured->outcome.facts["collections"]);
}

TEST_F(AskedSeriesDocuments, AreRestoredWithoutAnIdWhereTheyHadNone) {
  live().run(make_series("weather"));
  ArrayBuilder without;
  without.document(measurement("north", 0, 20)).document(measurement("south", 0, 25));
  live().run(DocumentBuilder().text("insert", "weather").array("documents", without.take()).take());
  live().insert("weather", {measurement("east", 0, 30)});
  const auto captured = capture_documents();
  LIFEBOAT_OK(captured);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ((*report->facts)["collections"], facts("restored")["collections"]);
  const StandInServer later({.version = "8.3.0"});
  LIFEBOAT_OK(restore_to(later, *captured));
  EXPECT_EQ(facts_on(later)["collections"], captured->outcome.facts["collections"]);
}

TEST_F(AskedSeriesDocuments, AreNotWhatChangedMeanwhile) {
  fill_series();
  server_.plant(
      {.command = "find", .kind = Fault::Kind::none, .collection = "weather", .meanwhile = [&] {
         live().drop("weather");
         live().run(make_series("weather"));
       }});
  const auto captured = capture_documents();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::source_changed) << failure_of(captured);
}

TEST(MetadataOfASeries, SaysOnlyWhatItsCatalogSays) {
  const std::string options = R"("type":"timeseries","options":{"timeseries":{"timeField":"at"}})";
  const auto plain = collection_of(R"({"name":"weather",)" + options + "}");
  const auto buckets =
      collection_of(R"({"name":"weather",)" + options +
                    R"(,"buckets":{"name":"system.buckets.weather","type":"collection"}})");
  const auto decoded = [](Metadata::Kind kind, const Collection& collection) {
    const auto metadata = decode_metadata(encode_metadata({kind, "shop", collection}));
    return metadata ? "" : std::string(info_of(metadata.error().code()).name);
  };
  EXPECT_EQ(decoded(Metadata::Kind::measurements, plain), "");
  EXPECT_EQ(decoded(Metadata::Kind::buckets, buckets), "");
  EXPECT_EQ(decoded(Metadata::Kind::buckets, plain), "corrupt");
  EXPECT_EQ(decoded(Metadata::Kind::measurements, buckets), "corrupt");
  EXPECT_EQ(decoded(Metadata::Kind::documents, plain), "corrupt");
  EXPECT_EQ(decoded(Metadata::Kind{7}, plain), "corrupt");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
