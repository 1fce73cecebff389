#include "engine/losses.h"
#include "engine/mongodb/series_index.h"
#include "engine/mongodb/source.h"
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
using testing::StandInOptions;

class MongoSeries : public testing::StandInShop {
 protected:
  explicit MongoSeries(StandInOptions options = {}) : StandInShop(std::move(options)) {}

  void fill_series(const std::string& more = "") const {
    live().run(make_series("weather", more));
    live().insert("weather", {measurement("north", 0, 20), measurement("south", 0, 25),
                              measurement("north", 1, 21)});
    live().make_index("weather", "degrees", false);
  }
  static Bytes bucket_of_one_type(std::int32_t id) {
    return bson_of(R"({"_id":)" + std::to_string(id) +
                   R"(,"control":{"version":1,"min":{"x":1},"max":{"x":2}},"meta":"west",
                      "data":{"at":{},"x":{"0":1,"1":2}}})");
  }
  void allow_mixed(const std::string& allowed) const {
    live().run(bson_of(R"({"collMod":"weather","timeseriesBucketsMayHaveMixedSchemaData":)" +
                       allowed + "}"));
  }
  // The bucket of several types lies between others; nothing says that there is one, as of 5.0.
  void fill_mixed_series() const {
    fill_series();
    allow_mixed("true");
    live().insert("system.buckets.weather",
                  {bson_of(R"({"_id":1,"control":{"version":1,"min":{"x":1},"max":{"x":"a"}},
                               "meta":"east","data":{"at":{},"x":{"0":1,"1":"a"}}})"),
                   bucket_of_one_type(2)});
    allow_mixed("false");
  }
  void add(const std::string& sensor, std::int64_t minute) const {
    live().insert("weather", {measurement(sensor, minute, 22)});
  }
  Json weather(const std::string& database) {
    return facts(database)["collections"].value("weather", Json());
  }
};

class OldMongoSeries : public MongoSeries {
 protected:
  OldMongoSeries() : MongoSeries({.version = "5.0.30"}) {}
};

TEST_F(MongoSeries, IsBackedUpAsItsBucketsWithWhatTheServerListsOfBoth) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto catalog = decode_catalog(captured->entries[0].content);
  LIFEBOAT_OK(catalog);
  ASSERT_EQ(catalog->collections.size(), 1U);
  const auto& series = catalog->collections[0];
  EXPECT_EQ(series.name, "weather");
  EXPECT_EQ(series.kind, CollectionKind::time_series);
  EXPECT_EQ(series.indexes.size(), 2U);
  EXPECT_FALSE(series.uuid().empty());
  EXPECT_EQ(view_document(series.info).document_at("buckets")->text_at("name"),
            "system.buckets.weather");
  EXPECT_EQ(captured->entries[1].info.path, "shop/collections/weather.bson");
  EXPECT_THAT(to_text(captured->entries[1].content), HasSubstr("control"));
  const auto& facts = captured->outcome.facts["collections"];
  EXPECT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts["weather"]["type"], "timeseries");
  EXPECT_EQ(facts["weather"]["documents"], 2);
  EXPECT_EQ(facts["weather"]["bytes"], captured->entries[1].content.size());
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
}

TEST_F(MongoSeries, IsRestoredWithTheSameBucketsOptionsAndIndexes) {
  fill_series();
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_TRUE(report->findings.empty()) << report->findings[0].message;
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  EXPECT_EQ(weather("restored")["documents"], 2);
}

TEST_F(MongoSeries, IsNotEqualWhenOneBucketIsGoneOrChanged) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  const testing::Application place(uri(""), "restored");
  place.insert("weather", {measurement("north", 2, 1)});
  EXPECT_NE(weather("restored")["digest"], weather("shop")["digest"]);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(weather("restored"), weather("shop"));
  place.run(bson_of(R"({"delete":"system.buckets.weather","deletes":[{"q":{},"limit":1}]})"));
  EXPECT_EQ(weather("restored")["documents"], 1);
}

// The server would drop buckets whose time has passed, in the middle of their restore.
TEST_F(MongoSeries, ExpiresOnlyWhenAllOfItIsThere) {
  fill_series(R"(,"expireAfterSeconds":60)");
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  bool was_told = false;
  server_.plant({.command = "collMod", .kind = Fault::Kind::none, .meanwhile = [&] {
                   was_told = true;
                   EXPECT_EQ(weather("restored")["documents"], 2);
                 }});
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_TRUE(was_told);
  const auto made = server_.received("create");
  ASSERT_EQ(made.size(), 2U);
  EXPECT_TRUE(view_document(made[0]).find("expireAfterSeconds"));
  EXPECT_FALSE(view_document(made[1]).find("expireAfterSeconds"));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
}

TEST_F(MongoSeries, TakesBucketsOfSeveralTypesInOneField) {
  fill_mixed_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(weather("restored")["documents"], 4);
  EXPECT_EQ(weather("restored")["digest"], weather("shop")["digest"]);
}

TEST_F(MongoSeries, TakesNoBucketOfAnotherForOneOfSeveralTypesThatIsTriedAgain) {
  fill_mixed_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  server_.plant({.command = "collMod", .kind = Fault::Kind::none, .meanwhile = [this] {
                   testing::Application(uri(""), "restored")
                       .insert("system.buckets.weather", {bucket_of_one_type(2)});
                 }});
  const auto report = rebuild(*captured);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::exists) << failure_of(report);
}

TEST_F(MongoSeries, NamesTheRightThatIsMissingToReadItsBuckets) {
  fill_series();
  server_.model().ignore_read_concern();
  server_.plant({.command = "find",
                 .refusal = {13, "Unauthorized", "not authorized on shop"},
                 .collection = "system.buckets.weather",
                 .after = 1,
                 .times = 9});
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::permission_denied);
  EXPECT_THAT(failure_of(captured), HasSubstr("find on shop.system.buckets.weather"));
}

TEST_F(MongoSeries, RefusesBucketsWithoutTheirSeries) {
  fill();
  live().run(bson_of(R"({"create":"system.buckets.lost"})"));
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::refused);
  EXPECT_THAT(captured.error().message(), HasSubstr("shop.system.buckets.lost"));
}

// A server makes an index itself since 6.3.
TEST_F(OldMongoSeries, IsRestoredToALaterServerWithTheIndexesThatItHad) {
  fill_series();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  testing::StandInServer later({.version = "8.0.4"});
  auto target = testing::target_at(later.uri("restored"));
  target.facts = std::make_shared<const Json>(captured->outcome.facts);
  LIFEBOAT_OK(contract::rebuild(mongodb_engine(), *captured, target, test_.context));
  const auto there = contract::facts_of(mongodb_engine(), later.uri("restored"), test_.context);
  LIFEBOAT_OK(there);
  EXPECT_EQ((*there)["collections"], captured->outcome.facts["collections"]);
  EXPECT_EQ((*there)["collections"]["weather"]["indexes"].size(), 1U);
}

// A snapshot of 7.0 with a time series and with other things, for a server of 6.0.
class SeriesOfALaterServer : public MongoSeries {
 protected:
  void SetUp() override {
    fill_series();
    live().insert("items", {document(1)});
    captured_ = capture().value();
    target_.facts = std::make_shared<const Json>(captured_.outcome.facts);
  }
  void take_only(const std::string& object) {
    std::erase_if(captured_.entries, [&](const auto& each) {
      return !mongodb_engine().holds(each.info, object) && !mongodb_engine().is_for_all(each.info);
    });
  }
  Result<TargetReport> restore() {
    const auto target = TRY(mongodb_engine().open_target(target_));
    TRY(target->prepare(test_.context));
    for (const auto& [info, content] : captured_.entries) {
      const auto sink = TRY(target->create(info));
      TRY(contract::fill(*sink, content, true));
    }
    return target->finish(test_.context);
  }
  Json there() {
    return contract::facts_of(mongodb_engine(), target_.place, test_.context)
        .value()["collections"];
  }

  testing::StandInServer older_{{.version = "6.0.1"}};
  contract::Capture captured_;
  TargetOptions target_ = testing::target_at(older_.uri("restored"));
};

TEST_F(SeriesOfALaterServer, IsRefusedBeforeAnythingIsMade) {
  const auto refused = restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("weather are of MongoDB 7.0.14"));
  EXPECT_TRUE(older_.received("create").empty());
}

TEST_F(SeriesOfALaterServer, IsRefusedWhenItAloneIsRestored) {
  take_only("weather");
  const auto refused = restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("weather are of MongoDB 7.0.14"));
}

TEST_F(SeriesOfALaterServer, HindersNoRestoreOfAnotherCollectionAlone) {
  take_only("items");
  LIFEBOAT_OK(restore());
  EXPECT_EQ(there()["items"]["documents"], 1);
  EXPECT_EQ(there().size(), 1U);
}

TEST_F(SeriesOfALaterServer, IsLeftOutAndNamedWhenThatIsAccepted) {
  target_.accept_losses = true;
  const auto report = restore();
  LIFEBOAT_OK(report);
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].code, "series-left-out");
  EXPECT_EQ(report->findings[0].subject, "weather");
  EXPECT_EQ(there().size(), 1U);
}

TEST_F(SeriesOfALaterServer, IsNotLookedForInAManifestWhoseTextsAreNone) {
  take_only("items");
  auto facts = captured_.outcome.facts;
  facts["collections"]["weather"]["type"] = 7;
  facts["about"]["server"] = Json::array();
  target_.facts = std::make_shared<const Json>(facts);
  LIFEBOAT_OK(restore());
}

TEST_F(MongoSeries, IsNamedAsLostWhereTheServerTakesNoBucketsAndLeftOutWhenThatIsAccepted) {
  fill_series();
  live().insert("items", {document(1)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  for (const std::string version : {"4.4.29", "8.3.0"}) {
    testing::StandInServer without({.version = version});
    const auto place = without.uri("restored");
    const auto losses_of = [&](const std::vector<std::string>& objects) {
      auto losses = mongodb_engine().losses_at(
          place, {captured->entries[0].content, objects, captured->outcome.facts, {}});
      if (losses) std::erase_if(*losses, [](auto& each) { return each.code == kOlderServer; });
      return losses;
    };
    const auto losses = losses_of({});
    LIFEBOAT_OK(losses);
    ASSERT_EQ(losses->size(), 1U) << version;
    EXPECT_EQ(losses->front().subject, "shop.weather");
    EXPECT_THAT(losses->front().message, HasSubstr("holds its buckets"));
    const auto others = losses_of({"items"});
    LIFEBOAT_OK(others);
    EXPECT_TRUE(others->empty());
    auto target = testing::target_at(place);
    const auto refused = contract::rebuild(mongodb_engine(), *captured, target, test_.context);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::refused);
    target.overwrite = target.accept_losses = true;
    LIFEBOAT_OK(contract::rebuild(mongodb_engine(), *captured, target, test_.context));
    const auto there = contract::facts_of(mongodb_engine(), place, test_.context);
    LIFEBOAT_OK(there);
    EXPECT_EQ((*there)["collections"].size(), 1U);
    EXPECT_TRUE((*there)["collections"].contains("items"));
  }
}

// Without a snapshot the log brings the copy to one moment, of buckets too.
TEST_F(MongoSeries, TakesWhatIsWrittenIntoItDuringTheCopy) {
  server_.model().ignore_read_concern();
  fill_series();
  const auto captured = capture([&](std::size_t entries) {
    if (entries == 2) {
      add("north", 5);
      add("east", 5);
    }
  });
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
  EXPECT_EQ(captured->outcome.facts["collections"]["weather"]["documents"], 2);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ(weather("restored"), weather("shop"));
  EXPECT_EQ(weather("restored")["documents"], 3);
  ASSERT_TRUE(report->facts);
  EXPECT_EQ((*report->facts)["collections"], facts("restored")["collections"]);
}

// Its end in the log explains why it is not there.
TEST_F(MongoSeries, WithTheWholeDatabaseMayBeDroppedBeforeTheCatalogIsRead) {
  server_.model().ignore_read_concern();
  fill_series();
  server_.plant({.command = "listCollections", .kind = Fault::Kind::none, .meanwhile = [&] {
                   add("east", 5);
                   live().run(bson_of(R"({"dropDatabase":1})"));
                   live().insert("items", {document(1)});
                 }});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"].size(), 1U);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
}

TEST_F(MongoSeries, IsMadeChangedAndDroppedByTheLog) {
  fill_series();
  live().run(make_series("old"));
  live().insert("old", {measurement("north", 0, 1)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  add("north", 6);
  live().run(make_series("made", R"(,"expireAfterSeconds":600)"));
  live().insert("made", {measurement("west", 0, 3), measurement("west", 1, 4)});
  live().make_index("made", "degrees", false);
  live().run(bson_of(R"({"collMod":"weather","expireAfterSeconds":3600})"));
  live().drop_index("weather", "by_degrees");
  live().drop("old");
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto report = rebuild(*captured, *pieces, last_of(pieces->back()));
  LIFEBOAT_OK(report);
  const auto there = facts("restored");
  EXPECT_EQ(there["collections"], facts("shop")["collections"]);
  ASSERT_TRUE(report->facts);
  EXPECT_EQ((*report->facts)["collections"], there["collections"]);
  EXPECT_EQ((*report->facts)["catalog_fingerprint"], there["catalog_fingerprint"]);
  EXPECT_FALSE(there["collections"].contains("old"));
  EXPECT_EQ(there["collections"]["made"]["indexes"].size(), 2U);
}

TEST_F(MongoSeries, IsBroughtOnAloneWhenItAloneIsRestored) {
  fill_series();
  live().insert("items", {document(1)});
  auto captured = capture();
  LIFEBOAT_OK(captured);
  add("north", 6);
  live().insert("items", {document(2)});
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  std::erase_if(captured->entries, [](const auto& each) {
    return !mongodb_engine().holds(each.info, "weather") && !mongodb_engine().is_for_all(each.info);
  });
  LIFEBOAT_OK(rebuild(*captured, *pieces, last_of(pieces->back())));
  EXPECT_EQ(weather("restored"), weather("shop"));
  EXPECT_EQ(facts("restored")["collections"].size(), 1U);
}

TEST_F(MongoSeries, IsLeftOutOfTheLogWhereItsLossWasAccepted) {
  fill_series();
  live().insert("items", {document(1)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  add("north", 6);
  live().run(make_series("made"));
  live().insert("items", {document(2)});
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  testing::StandInServer without({.version = "4.4.29"});
  auto target = testing::target_at(without.uri("restored"));
  target.accept_losses = true;
  target.until = last_of(pieces->back());
  const auto opened = mongodb_engine().open_target(target).value();
  LIFEBOAT_OK(opened->prepare(test_.context));
  for (const auto& [info, content] : captured->entries)
    LIFEBOAT_OK(contract::fill(*opened->create(info).value(), content, true));
  for (const auto& each : *pieces) LIFEBOAT_OK(opened->replay(each.content, test_.context));
  LIFEBOAT_OK(opened->finish(test_.context));
  const auto there = contract::facts_of(mongodb_engine(), target.place, test_.context);
  LIFEBOAT_OK(there);
  EXPECT_EQ((*there)["collections"]["items"]["documents"], 2);
  EXPECT_EQ((*there)["collections"].size(), 1U);
}

std::string made_index(const std::string& of_buckets, bool with_meta = true) {
  const auto options = bson_of(with_meta ? R"({"timeseries":{"timeField":"t","metaField":"tags"}})"
                                         : R"({"timeseries":{"timeField":"t"}})");
  const auto made = index_of_series(view_document(bson_of(of_buckets)), view_document(options));
  return made ? json_of(*made) : std::string(info_of(made.error().code()).name);
}

TEST(SeriesIndex, IsReadFromWhatTheServerKeepsOnTheBuckets) {
  EXPECT_EQ(made_index(R"({"key":{"meta":1,"control.min.t":1,"control.max.t":1},"name":"a"})"),
            R"({ "key" : { "tags" : 1, "t" : 1 }, "name" : "a" })");
  EXPECT_EQ(made_index(R"({"key":{"meta.x":-1,"control.max.t":-1,"control.min.t":-1}})"),
            R"({ "key" : { "tags.x" : -1, "t" : -1 } })");
  EXPECT_EQ(made_index(R"({"key":{"data.place":"2dsphere_bucket"}})"),
            R"({ "key" : { "place" : "2dsphere" } })");
  EXPECT_EQ(made_index(R"({"key":{"meta":1},"originalSpec":{"key":{"q":1},"name":"b"}})"),
            R"({ "key" : { "q" : 1 }, "name" : "b" })");
}

TEST(SeriesIndex, IsNotGuessedWhereItIsNoneOfASeries) {
  for (const std::string key :
       {R"({"x":1})", R"({"control.min.t":1})", R"({"control.min.t":1,"control.max.u":1})",
        R"({"control.min.t":1,"control.max.t":-1})", R"({"control.max.t":1,"control.min.t":1})",
        R"({"control.min.":1,"control.max.":1})", R"({"metal":1})"})
    EXPECT_EQ(made_index(R"({"key":)" + key + "}"), "unsupported_format") << key;
  EXPECT_EQ(made_index(R"({"key":{"meta":1}})", false), "unsupported_format");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
