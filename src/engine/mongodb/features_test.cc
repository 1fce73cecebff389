#include "engine/mongodb/features.h"

#include <gtest/gtest.h>

#include "engine/mongodb/test_catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

std::set<Feature> used_by(const Collection& collection) {
  std::set<Feature> used;
  for (const auto& [feature, objects] : used_features({"d", {collection}})) used.insert(feature);
  return used;
}

std::set<Feature> used_by_index(const std::string& fields) {
  return used_by(with_options("a", "{}", {R"({"v":2,"name":"i",)" + fields + "}"}));
}

using Features = std::set<Feature>;

TEST(Features, AnOrdinaryCollectionNeedsNone) {
  EXPECT_EQ(used_by(with_options("a", R"({"validator":{},"collation":{"locale":"simple"}})",
                                 {kIdIndex, R"({"key":{"a":1,"b":-1},"name":"i"})"})),
            Features{});
}

TEST(Features, AreReadFromOptions) {
  EXPECT_EQ(used_by(with_options("a", R"({"capped":true})")), Features{Feature::capped});
  EXPECT_EQ(used_by(with_options("a", R"({"clusteredIndex":{}})")), Features{Feature::clustered});
  EXPECT_EQ(used_by(with_options("a", R"({"collation":{"locale":"de"}})")),
            Features{Feature::collation});
  EXPECT_EQ(used_by(with_options("a", R"({"encryptedFields":{}})")),
            Features{Feature::encrypted_fields});
  EXPECT_EQ(used_by(with_options("a", R"({"changeStreamPreAndPostImages":{"enabled":true}})")),
            Features{Feature::pre_images});
  EXPECT_EQ(used_by(with_options("a", R"({"validator":{"a":1}})")), Features{Feature::validator});
  EXPECT_EQ(used_by(view_of_name("a", "b")), Features{Feature::view});
  EXPECT_EQ(used_by(collection_of(R"({"name":"a","type":"timeseries",
                                      "options":{"timeseries":{},"expireAfterSeconds":1}})")),
            (Features{Feature::time_series, Feature::expiry}));
}

TEST(Features, AreReadFromIndexes) {
  EXPECT_EQ(used_by_index(R"("key":{"a":1},"unique":true)"), Features{Feature::unique});
  EXPECT_EQ(used_by_index(R"("key":{"a":1},"sparse":true)"), Features{Feature::sparse});
  EXPECT_EQ(used_by_index(R"("key":{"a":1},"hidden":true)"), Features{Feature::hidden});
  EXPECT_EQ(used_by_index(R"("key":{"a":1},"expireAfterSeconds":0)"), Features{Feature::expiry});
  EXPECT_EQ(used_by_index(R"("key":{"a":1},"partialFilterExpression":{"b":1})"),
            Features{Feature::partial});
  EXPECT_EQ(used_by_index(R"("key":{"a":1},"collation":{"locale":"fr"})"),
            Features{Feature::collation});
  EXPECT_EQ(used_by_index(R"("key":{"a":"2d"})"), Features{Feature::geo_2d});
  EXPECT_EQ(used_by_index(R"("key":{"a":"2dsphere"})"), Features{Feature::geo_2dsphere});
  EXPECT_EQ(used_by_index(R"("key":{"a":"geoHaystack"})"), Features{Feature::geo_haystack});
  EXPECT_EQ(used_by_index(R"("key":{"a":"hashed"})"), Features{Feature::hashed});
  EXPECT_EQ(used_by_index(R"("key":{"_fts":"text","_ftsx":1})"), Features{Feature::text});
  EXPECT_EQ(used_by_index(R"("key":{"$**":1})"), Features{Feature::wildcard});
  EXPECT_EQ(used_by_index(R"("key":{"a.$**":1})"), Features{Feature::wildcard});
}

TEST(Features, EachThatAServerLacksIsAFindingThatNamesTheObject) {
  const Catalog catalog{
      "shop",
      {with_options("a", R"({"capped":true})", {R"({"key":{"x":1},"name":"x_1","sparse":true})"})}};
  const auto lost = lost_features(catalog, {Feature::capped});
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].code, "feature-lost");
  EXPECT_EQ(lost[0].subject, "shop.a, index x_1");
  EXPECT_TRUE(lost_features(catalog, {Feature::capped, Feature::sparse}).empty());
}

TEST(Features, HaveNamesThatComeBack) {
  for (int i = 0; i <= static_cast<int>(Feature::wildcard); ++i) {
    const auto feature = static_cast<Feature>(i);
    EXPECT_EQ(feature_named(name_of(feature)).value(), feature);
  }
  EXPECT_FALSE(feature_named("unheard-of"));
}

TEST(Features, LeavesOutWhatIsNotOfferedAndKeepsTheRest) {
  const auto strict = with_options(
      "users", R"({"validator": {"name": {"$exists": true}}, "validationLevel": "strict",
                   "capped": true, "size": 4096})",
      {kIdIndex, R"({"v":2,"key":{"a":1},"name":"a","unique":true})",
       R"({"v":2,"key":{"b":1},"name":"b","unique":true,"hidden":true})"});
  const auto left = without_lost(strict, {Feature::capped, Feature::unique});
  EXPECT_EQ(json_of(left.options().bytes()), R"({ "capped" : true, "size" : 4096 })");
  ASSERT_EQ(left.indexes.size(), 2U);
  EXPECT_EQ(view_document(left.indexes[1]).text_at("name"), "a");
  const std::set<Feature> all{Feature::capped, Feature::unique, Feature::hidden,
                              Feature::validator};
  EXPECT_EQ(without_lost(strict, all), strict);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
