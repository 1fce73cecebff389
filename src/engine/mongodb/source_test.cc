#include "engine/mongodb/source.h"

#include "base/json_value.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::Application;
using testing::document;
using testing::many_documents;
using MongoSource = testing::ShopTest;

TEST_F(MongoSource, GivesTheCatalogAndTheDocumentsOfEachCollectionAsTheServerHasThem) {
  fill();
  live().insert("orders", {document(1, "one"), document(2, "two")});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  ASSERT_EQ(captured->entries.size(), 3U);
  EXPECT_EQ(captured->entries[0].info.path, "shop/catalog.bson");
  const auto catalog = decode_catalog(captured->entries[0].content);
  LIFEBOAT_OK(catalog);
  EXPECT_EQ(catalog->collections[0].indexes.size(), 2U);
  EXPECT_EQ(captured->entries[1].info.path, "shop/collections/items.bson");
  EXPECT_EQ(captured->entries[2].info.path, "shop/collections/orders.bson");
  auto both = document(1, "one");
  append(both, document(2, "two"));
  EXPECT_EQ(captured->entries[2].content, both);
}

TEST_F(MongoSource, CountsEveryDocumentItselfInThePassThatReadsThem) {
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto& items = captured->outcome.facts["collections"]["items"];
  EXPECT_EQ(items["documents"], 2000);
  EXPECT_EQ(items["bytes"], captured->entries[1].content.size());
  EXPECT_FALSE(items.contains("natural_digest"));
  EXPECT_EQ(captured->outcome.facts["collections"].size(), 1U);
}

TEST_F(MongoSource, KnowsTheOrderOfACappedCollectionAndOfNoOther) {
  live().create_capped("log");
  live().insert("log", {document(2), document(1)});
  const auto one = capture();
  live().drop("log");
  live().create_capped("log");
  live().insert("log", {document(1), document(2)});
  const auto other = capture();
  LIFEBOAT_OK(one);
  LIFEBOAT_OK(other);
  const auto& before = one->outcome.facts["collections"]["log"];
  const auto& after = other->outcome.facts["collections"]["log"];
  EXPECT_EQ(before["digest"], after["digest"]);
  EXPECT_NE(before["natural_digest"], after["natural_digest"]);
}

TEST_F(MongoSource, SaysThatItsCollectionsAreNotOfOneMoment) {
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "per-collection");
  EXPECT_FALSE(captured->outcome.position.contains("cluster_time"));
  EXPECT_EQ(captured->outcome.facts["about"]["features"], Json({"capped", "unique"}));
  ASSERT_EQ(captured->outcome.findings.size(), 1U);
  EXPECT_EQ(captured->outcome.findings[0].code, "consistency-per-collection");
  EXPECT_FALSE(captured->outcome.findings[0].incomplete);
}

// Everything of a source up to the end of its reading; then `meanwhile`, then its last word.
Result<SourceOutcome> read_and_change(const SourceOptions& options, const RunContext& context,
                                      const std::function<void()>& meanwhile) {
  const auto source = TRY(mongodb_engine().open_source(options));
  TRY(source->begin(context));
  std::vector<Finding> findings;
  while (const auto entry = TRY(source->next(context))) TRY(contract::carry(*entry, findings));
  meanwhile();
  return source->finish(context);
}

TEST_F(MongoSource, FailsWhenACollectionWasDroppedMadeAnewOrGotAnIndexMeanwhile) {
  fill();
  const std::vector<std::function<void()>> changes{
      [&] { live().insert("late", {document(1)}); }, [&] { live().drop("late"); },
      [&] { live().make_index("items", "other", false); },
      [&] {
        live().drop("items");
        live().insert("items", {document(1)});
      }};
  for (const auto& change : changes) {
    const auto outcome = read_and_change(options_, test_.context, change);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), Code::source_changed) << failure_of(outcome);
  }
  LIFEBOAT_OK(read_and_change(options_, test_.context, [] {}));
  LIFEBOAT_OK(
      read_and_change(options_, test_.context, [&] { live().insert("items", {document(9999)}); }));
}

TEST_F(MongoSource, RefusesADatabaseThatHoldsNothingAndNamesThoseThatDo) {
  fill();
  options_.database = "shoop";
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::not_found);
  EXPECT_NE(std::string(captured.error().hint()).find("shop"), std::string::npos);
}

TEST_F(MongoSource, FailsWhenTheServerDiesWhileItIsRead) {
  live().insert("items", many_documents(20'000));
  const auto source = mongodb_engine().open_source(options_).value();
  LIFEBOAT_OK(source->begin(test_.context));
  const auto catalog = source->next(test_.context).value();
  const auto items = source->next(test_.context).value();
  const auto reader = items->open();
  LIFEBOAT_OK(reader);
  Bytes piece(100);
  LIFEBOAT_OK((*reader)->read(piece));
  server_.kill();
  EXPECT_FALSE(contract::read_all(**reader));
  EXPECT_FALSE(source->finish(test_.context));
}

TEST_F(MongoSource, IsIncompleteWhenACollectionWasNotReadToItsEnd) {
  fill();
  const auto source = mongodb_engine().open_source(options_).value();
  LIFEBOAT_OK(source->begin(test_.context));
  while (const auto entry = source->next(test_.context).value()) {
  }
  EXPECT_FALSE(source->finish(test_.context));
}

TEST(MongoBatchPace, AsksForBatchesOfAboutTheSameSizeWhateverTheDocumentsAre) {
  BatchPace small(BatchPace::kMostInBytes);
  std::uint32_t size = BatchPace::kFirst;
  for (int i = 0; i < 100'000; ++i) size = small.after(100).value_or(size);
  EXPECT_GT(size, 40'000U);
  EXPECT_LE(size, 100'000U);
  BatchPace large;
  size = BatchPace::kFirst;
  for (int i = 0; i < 100; ++i) size = large.after(8U << 20U).value_or(size);
  EXPECT_EQ(size, 1U);
}

TEST(MongoBatchPace, StaysSmallWhereOnlyDocumentsAreCounted) {
  BatchPace pace;
  std::uint32_t size = BatchPace::kFirst;
  for (int i = 0; i < 100'000; ++i) size = pace.after(100).value_or(size);
  EXPECT_LE(size, BatchPace::kMost);
  EXPECT_GE(size, BatchPace::kMost / 2);
}

TEST(MongoBatchPace, GrowsNoFasterThanWhatItHasSeenAllows) {
  constexpr std::uint64_t kLargestDocument = 16U << 20U;
  constexpr std::uint64_t kLargestMessage = 48'000'000;
  EXPECT_LT(BatchPace::kFirst * kLargestDocument, kLargestMessage);
  BatchPace pace;
  EXPECT_LE(pace.after(20).value_or(BatchPace::kFirst), 32U);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
