#include "exchange/jsonl/import.h"

#include <gmock/gmock.h>

#include <sstream>

#include "engine/mongodb/indexing.h"
#include "exchange/jsonl/test_exchange.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::DocumentBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class JsonLinesImport : public ExchangeTest {
 protected:
  static fs::path fixture(const std::string& name) {
    return fs::path(__FILE__).parent_path() / "../../../tests/fixtures/jsonl" / name;
  }
  // "orders.jsonl 100" → hash, as the script's own functions computed it.
  static std::map<std::string, std::string> recorded_hashes() {
    std::map<std::string, std::string> hashes;
    std::istringstream lines(to_text(read_file(fixture("sample_hashes.tsv")).value()));
    for (std::string file, size, hash, rest; lines >> file >> size >> hash;) {
      hashes[file + " " + size] = hash;
      std::getline(lines, rest);
    }
    return hashes;
  }
  static std::string file_of(const std::string& name) {
    return (name == "types of values" ? "types_of_values" : name) + ".jsonl";
  }
  static TarMaker two_collections() {
    return TarMaker()
        .file("orders.jsonl", "{\"_id\": 1}\n{\"_id\": 2}\n")
        .file("users.jsonl", "{\"_id\": 1, \"name\": \"a\"}\n");
  }
  static std::string series_lines(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
      lines += "{\"_id\": " + std::to_string(i) +
               R"(, "ts": {"$date": "2026-03-01T00:00:00Z"}, "meta": {"s": 1}})" + "\n";
    return lines;
  }
  const std::vector<Bytes> one_order_{bson(R"({"_id": 1, "old": true})")};
};

TEST_F(JsonLinesImport, RestoresTheScriptsArchivesWithTheirHashesAndCounts) {
  import_.renames = {{"types_of_values", "types of values"}};
  const auto hashes = recorded_hashes();
  import_.replace_existing = true;
  for (const auto* archive : {"backup_20261121_094500.tar", "backup_20261121_094501_pretty.tar"}) {
    const auto report = import(fixture(archive));
    ASSERT_TRUE(report) << error_of(report);
    EXPECT_TRUE(report->is_equal());
    EXPECT_EQ(report->inserted, 3923U);
    for (const auto& each : report->collections)
      EXPECT_EQ(each.sample_hash, hashes.at(file_of(each.name) + " 100")) << each.name;
  }
  for (const std::uint64_t sample : {1, 100'000}) {
    import_.sample = sample;
    const auto planned = plan(fixture("backup_20261121_094500.tar")).value();
    for (const auto& each : planned.collections)
      EXPECT_EQ(each.survey.sample_hash,
                hashes.at(file_of(each.file.name) + " " + std::to_string(sample)))
          << each.file.name;
  }
  EXPECT_THAT(collections(),
              ElementsAre("_migrations", "audit_log", "capped_log", "empty_collection", "filemetas",
                          "orders", "readings", "types of values", "users"));
}

TEST_F(JsonLinesImport, PlansWhatIsDroppedCreatedAndRestored) {
  fill();
  const auto planned = plan(two_collections(), "shop");
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_THAT(planned->drop, ElementsAre("a/b c", "log"));
  EXPECT_THAT(planned->create, ElementsAre("users"));
  EXPECT_THAT(planned->restore, ElementsAre("orders", "users"));
  EXPECT_EQ(planned->documents(), 3U);
  EXPECT_THAT(collections("shop"), ElementsAre("a/b c", "log", "orders"));
}

TEST_F(JsonLinesImport, DropsWhatIsNotInTheArchive) {
  Application(server_.uri(), "restored").insert("stranger", one_order_);
  const auto report = import(two_collections());
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_THAT(report->dropped, ElementsAre("stranger"));
  EXPECT_THAT(collections(), ElementsAre("orders", "users"));
}

TEST_F(JsonLinesImport, IsIdempotent) {
  for (int i = 0; i < 2; ++i) {
    const auto report = import(two_collections());
    ASSERT_TRUE(report) << error_of(report);
    EXPECT_TRUE(report->is_equal());
    EXPECT_EQ(report->inserted, i == 0 ? 3U : 0U);
    EXPECT_EQ(has_finding(report->findings, "documents-present"), i == 1);
  }
}

TEST_F(JsonLinesImport, SaysThatADocumentThatStayedIsAnother) {
  Application(server_.uri(), "restored").insert("orders", one_order_);
  const auto planned = plan(two_collections());
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_TRUE(has_finding(planned->findings, "adds-to"));
  const auto report = run_import(at("restored"), *planned, import_, test_.context);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_FALSE(report->is_equal());
  EXPECT_EQ(report->collections[0].file_count, report->collections[0].db_count);
  EXPECT_NE(report->collections[0].file_digest, report->collections[0].db_digest);
}

TEST_F(JsonLinesImport, TakesNoDocumentForOneThatIsThereBecauseOfAnotherUniqueIndex) {
  const Application restored(server_.uri(), "restored");
  restored.insert("orders", {bson(R"({"_id": 5, "serial": 7})")});
  restored.make_index("orders", "serial", true);
  const auto report = import(TarMaker().file("orders.jsonl", "{\"_id\": 6, \"serial\": 7}\n"));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::io_error) << error_of(report);
}

TEST_F(JsonLinesImport, ReplacesWhatIsThereWhereAsked) {
  const Application restored(server_.uri(), "restored");
  restored.insert("orders", one_order_);
  restored.make_index("orders", "old", false);
  import_.replace_existing = true;
  const auto planned = plan(two_collections());
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_TRUE(has_finding(planned->findings, "indexes-kept"));
  const auto report = run_import(at("restored"), *planned, import_, test_.context);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_THAT(report->dropped, ElementsAre("orders"));
  const auto location = at("restored");
  const auto catalog =
      engine::mongodb::read_catalog(location.server->connect(), "restored").value();
  EXPECT_EQ(index_names(catalog.collections[0]), "by_old");
}

TEST_F(JsonLinesImport, FailsWhenAnIndexThatWasThereDoesNotFitTheDocuments) {
  const Application restored(server_.uri(), "restored");
  restored.insert("orders", one_order_);
  restored.make_index("orders", "same", true);
  import_.replace_existing = true;
  const auto report = import(
      TarMaker().file("orders.jsonl", "{\"_id\": 1, \"same\": 1}\n{\"_id\": 2, \"same\": 1}\n"));
  ASSERT_FALSE(report);
  EXPECT_THAT(error_of(report), HasSubstr("orders: index by_same"));
}

TEST_F(JsonLinesImport, MakesIndexesAgainAlsoWhenItFails) {
  const Application restored(server_.uri(), "restored");
  restored.insert("orders", one_order_);
  restored.make_index("orders", "old", false);
  restored.make_index("orders", "same", true);
  import_.replace_existing = true;
  const auto report =
      import(TarMaker().file("orders.jsonl",
                             "{\"_id\": 1, \"same\": 1}\n{\"_id\": 2, \"same\": 1}\n"
                             "{\"_id\": 2, \"same\": 2}\n"));
  ASSERT_FALSE(report);
  EXPECT_THAT(error_of(report), HasSubstr("orders: documents 1 to 3"));
  EXPECT_THAT(std::string(report.error().hint()), HasSubstr("orders: index by_same"));
  EXPECT_THAT(std::string(report.error().hint()), Not(HasSubstr("by_old")));
  const auto location = at("restored");
  const auto catalog =
      engine::mongodb::read_catalog(location.server->connect(), "restored").value();
  EXPECT_EQ(index_names(catalog.collections[0]), "by_old");
}

TEST_F(JsonLinesImport, NamesTheIndexesThatGoWithADroppedCollection) {
  const Application restored(server_.uri(), "restored");
  restored.insert("stranger", one_order_);
  restored.make_index("stranger", "old", false);
  const auto planned = plan(two_collections());
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_TRUE(has_finding(planned->findings, "indexes-lost"));
  EXPECT_TRUE(has_finding(planned->findings, "indexes-not-in-format"));
}

TEST_F(JsonLinesImport, FailsWithTheBatchThatTheServerDoesNotTake) {
  import_.batch_size = 2;
  const auto report = import(TarMaker().file(
      "orders.jsonl", "{\"_id\": 1}\n{\"_id\": 2}\n{\"_id\": 3}\n{\"_id\": 3}\n{\"_id\": 4}\n"));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::io_error) << error_of(report);
  EXPECT_THAT(error_of(report), HasSubstr("orders: documents 3 to 4"));
}

TEST_F(JsonLinesImport, ReadsEverythingBeforeItChangesAnything) {
  Application(server_.uri(), "restored").insert("stranger", one_order_);
  for (const auto* wrong : {"{\"_id\": 1}\n{\"_id\":\n", "{\"_id\": 1}\nx\n", "[1]\n",
                            "{\"a\": {\"$oid\": \"xyz\"}}\n", "{\"a\": \"\xff\"}\n"}) {
    const auto report = import(two_collections().file("zz.jsonl", wrong));
    ASSERT_FALSE(report) << wrong;
    EXPECT_EQ(report.error().code(), Code::corrupt) << error_of(report);
    EXPECT_THAT(error_of(report), HasSubstr("zz"));
  }
  EXPECT_THAT(collections(), ElementsAre("stranger"));
}

TEST_F(JsonLinesImport, RefusesTheServersOwnDatabases) {
  for (const auto* database : {"admin", "config", "local"})
    EXPECT_EQ(plan(two_collections(), database).error().code(), Code::refused) << database;
}

TEST_F(JsonLinesImport, NamesWhatTheServerCannotDoBeforeAnythingIsDropped) {
  Application(server_.uri(), "restored").insert("stranger", one_order_);
  const auto tar = two_collections().file(
      "collections_metadata.json",
      R"({"orders": {"validator": {"a": 1}}, "users": {"timeseries": {"timeField": "ts"}},
          "cheap": {"viewOn": "orders", "pipeline": []}})");
  const auto refused = import(tar);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  for (const auto* lost : {"restored.orders", "restored.users", "restored.cheap"})
    EXPECT_THAT(error_of(refused), HasSubstr(lost));
  EXPECT_THAT(collections(), ElementsAre("stranger"));
  import_.accept_losses = true;
  const auto accepted = import(tar);
  ASSERT_TRUE(accepted) << error_of(accepted);
  EXPECT_TRUE(has_finding(accepted->findings, "feature-lost"));
  EXPECT_TRUE(accepted->is_equal());
  EXPECT_THAT(collections(), ElementsAre("orders", "users"));
}

TEST_F(JsonLinesImport, RefusesAnArchiveThatLacksACollectionThatItNames) {
  Application(server_.uri(), "restored").insert("events", one_order_);
  const auto metadata = [](const TarMaker& tar) {
    return TarMaker(tar).file(
        "collections_metadata.json",
        R"({"events": {"capped": true, "size": 65536}, "system.profile": {}, "users": {}})");
  };
  const auto tar = metadata(two_collections());
  const auto refused = import(tar);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::corrupt) << error_of(refused);
  EXPECT_THAT(error_of(refused), HasSubstr("names events, and"));
  EXPECT_THAT(collections(), ElementsAre("events"));
  const auto whole = plan(metadata(two_collections().file("events.jsonl", "")));
  ASSERT_TRUE(whole) << error_of(whole);
  EXPECT_THAT(whole->losses, IsEmpty());
  import_.accept_losses = true;
  const auto accepted = import(tar);
  ASSERT_TRUE(accepted) << error_of(accepted);
  EXPECT_TRUE(has_finding(accepted->findings, "collection-missing"));
  EXPECT_THAT(accepted->dropped, ElementsAre("events"));
}

TEST_F(JsonLinesImport, KeepsOptionsThatTheServerHas) {
  const auto report = import(two_collections().file(
      "collections_metadata.json", R"({"orders": {"capped": true, "size": 65536, "max": 100}})"));
  ASSERT_TRUE(report) << error_of(report);
  const auto location = at("restored");
  const auto catalog =
      engine::mongodb::read_catalog(location.server->connect(), "restored").value();
  EXPECT_TRUE(catalog.collections[0].options().is_true_at("capped"));
}

TEST_F(JsonLinesImport, TakesAnOldArchivesTimeSeriesForOne) {
  const auto tar = TarMaker().file("readings.jsonl", series_lines(60));
  const auto refused = plan(tar);  // FerretDB has none
  ASSERT_FALSE(refused);
  EXPECT_THAT(error_of(refused), HasSubstr("restored.readings: the server has no time-series"));
  import_.accept_losses = true;
  const auto planned = plan(tar);
  ASSERT_TRUE(planned) << error_of(planned);
  ASSERT_TRUE(has_finding(planned->findings, "time-series-inferred"));
  import_.accept_losses = false;
  import_.infer_time_series = false;
  const auto plain = import(tar);
  ASSERT_TRUE(plain) << error_of(plain);
  EXPECT_TRUE(plain->is_equal());
}

TEST_F(JsonLinesImport, InfersNothingWhereTheMetadataTells) {
  const auto planned = plan(
      TarMaker().file("readings.jsonl", series_lines(60)).file("collections_metadata.json", "{}"));
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_FALSE(planned->collections[0].is_time_series());
}

TEST_F(JsonLinesImport, RefusesATimeSeriesThatAUniqueIndexContradicts) {
  const Application restored(server_.uri(), "restored");
  restored.insert("readings", one_order_);
  restored.make_index("readings", "serial", true);
  const auto refused = plan(TarMaker().file("readings.jsonl", series_lines(60)));
  ASSERT_FALSE(refused);
  EXPECT_THAT(error_of(refused), HasSubstr("unique index"));
  EXPECT_THAT(error_of(refused), HasSubstr("50 of the first 50"));
}

TEST_F(JsonLinesImport, RefusesATimeSeriesWhoseDocumentsLackTheTime) {
  const auto refused =
      plan(TarMaker().file("readings.jsonl", series_lines(60) + "{\"_id\": \"x\"}\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(error_of(refused), HasSubstr("1 of its documents"));
}

TEST_F(JsonLinesImport, LeavesBucketsOutAndRefusesThemWithoutTheirDocuments) {
  const auto planned = plan(TarMaker()
                                .file("collections_metadata.json", "{}")
                                .file("readings.jsonl", series_lines(3))
                                .file("system.buckets.readings.jsonl", "{\"_id\": 1}\n"));
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_THAT(planned->restore, ElementsAre("readings"));
  EXPECT_TRUE(has_finding(planned->findings, "buckets-left-out"));
  const auto refused = plan(two_collections().file("system.buckets.readings.jsonl", ""));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
}

TEST_F(JsonLinesImport, LeavesTheProfileOutAndRefusesOtherCollectionsOfTheServer) {
  const auto planned = plan(two_collections()
                                .file("system.js.jsonl", "{\"_id\": \"f\"}\n")
                                .file("system.profile.jsonl", "{\"op\": \"query\"}\n"));
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_TRUE(has_finding(planned->findings, "profile-left-out"));
  EXPECT_THAT(planned->restore, ElementsAre("orders", "system.js", "users"));
  Application(server_.uri(), "restored").insert("stranger", one_order_);
  const auto refused = import(two_collections().file("system.users.jsonl", "{\"_id\": 1}\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused) << error_of(refused);
  EXPECT_THAT(error_of(refused), HasSubstr("system.users"));
  EXPECT_THAT(collections(), ElementsAre("stranger"));
}

TEST_F(JsonLinesImport, InsertsNoLinesOfAView) {
  import_.accept_losses = true;
  const auto planned =
      plan(two_collections()
               .file("cheap.jsonl", "{\"_id\": 1}\n")
               .file("system.views.jsonl",
                     R"({"_id": "shop.cheap", "viewOn": "orders", "pipeline": []})"));
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_TRUE(has_finding(planned->findings, "view-documents"));
  EXPECT_TRUE(has_finding(planned->losses, "feature-lost"));
  EXPECT_EQ(planned->collections.size(), 2U);
}

TEST_F(JsonLinesImport, ReadsLegacyCanonicalAndRelaxedLines) {
  const auto report = import(TarMaker().file(
      "a.jsonl",
      "\xef\xbb\xbf{\"_id\": 1, \"d\": {\"$date\": 1700000000000}, \"n\": {\"$numberLong\": \"5\"}}"
      "{\"_id\": 2, \"r\": {\"$regex\": \"^x\", \"$options\": \"i\"}}\r\n\n"
      "{\"_id\": 3, \"b\": {\"$binary\": \"AQI=\", \"$type\": \"00\"}}"));
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(report->collections[0].db_count, 3U);
}

TEST_F(JsonLinesImport, GivesAnIdToDocumentsThatHaveNoneAndSaysSo) {
  const auto planned = plan(TarMaker().file("a.jsonl", "{\"n\": 1}\n{\"n\": 2}\n"));
  ASSERT_TRUE(planned) << error_of(planned);
  EXPECT_TRUE(has_finding(planned->findings, "documents-without-id"));
  const auto report = run_import(at("restored"), *planned, import_, test_.context);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->collections[0].db_count, 2U);
  EXPECT_FALSE(report->is_equal());
  EXPECT_THAT(report->collections[0].not_compared, HasSubstr("gave 2 documents"));
  EXPECT_NE(report->collections[0].file_digest, report->collections[0].db_digest);
}

TEST_F(JsonLinesImport, InsertsInBatchesOfBoundedSize) {
  std::string lines;
  for (int i = 0; i < 25; ++i)
    lines +=
        "{\"_id\": " + std::to_string(i) + ", \"x\": \"" + std::string(1'000'000, 'x') + "\"}\n";
  import_.batch_size = 1'000'000;
  const auto report = import(TarMaker().file("large.jsonl", lines));
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_TRUE(report->is_equal());
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
