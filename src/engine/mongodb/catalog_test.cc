#include "engine/mongodb/catalog.h"

#include <gtest/gtest.h>

#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/test_catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

// As mongod 7.0 lists it.
const std::string kUsers = R"({"name":"users","type":"collection",
    "options":{"validator":{"$jsonSchema":{"required":["email"]}},"validationLevel":"strict",
               "validationAction":"error"},
    "info":{"readOnly":false,
            "uuid":{"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAQ==","subType":"04"}}},
    "idIndex":{"v":2,"key":{"_id":1},"name":"_id_"}})";
const std::string kEmailIndex = R"({"v":2,"unique":true,"key":{"email":1},"name":"email_1"})";

Catalog small_catalog() {
  return {"shop",
          {collection_of(kUsers, {kIdIndex, kEmailIndex}), view_of_name("adults", "users"),
           with_options("log", R"({"capped":true,"size":4096})", {kIdIndex})}};
}

bool same_fingerprint(const Collection& left, const Collection& right) {
  return fingerprint_of(left) == fingerprint_of(right);
}

TEST(Catalog, ComesBackVerbatimAndInOrder) {
  const auto catalog = small_catalog();
  const auto decoded = decode_catalog(encode_catalog(catalog)).value();
  EXPECT_EQ(decoded.database, "shop");
  ASSERT_EQ(decoded.collections.size(), 3U);
  EXPECT_EQ(decoded.collections[0], catalog.collections[1]);
  EXPECT_EQ(decoded.collections[1], catalog.collections[2]);
  EXPECT_EQ(decoded.collections[2], catalog.collections[0]);
  EXPECT_EQ(decoded.collections[0].kind, CollectionKind::view);
  EXPECT_EQ(encode_catalog(decoded), encode_catalog(catalog));
}

TEST(Catalog, KeepsOptionNamesThatBeginWithADollar) {
  const auto odd = with_options("odd", R"({"storageEngine":{"$odd":{"$x.y":1}}})");
  const auto decoded = decode_catalog(encode_catalog({"d", {odd}})).value();
  EXPECT_EQ(decoded.collections[0].info, odd.info);
}

TEST(Catalog, RefusesEveryCut) {
  const auto bytes = encode_catalog(small_catalog());
  std::size_t whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size)
    whole += decode_catalog(ByteView(bytes).first(size)).has_value() ? 1 : 0;
  // A cut between two collections cannot be seen from inside: the snapshot keeps sizes and hashes.
  EXPECT_EQ(whole, 3U);
}

TEST(Catalog, RefusesWhatIsNoCatalog) {
  const auto decoded = [](const std::string& json) { return decode_catalog(bson_of(json)); };
  EXPECT_TRUE(decoded(R"({"lifeboat":"catalog","version":1,"database":"d"})"));
  EXPECT_FALSE(decoded(R"({"lifeboat":"catalog","version":1})"));
  EXPECT_FALSE(decoded(R"({"lifeboat":"other","version":1,"database":"d"})"));
  EXPECT_FALSE(decoded(R"({"lifeboat":"catalog","database":"d"})"));
  EXPECT_EQ(decoded(R"({"lifeboat":"catalog","version":2,"database":"d"})").error().code(),
            Code::unsupported_format);
  EXPECT_FALSE(decode_catalog({}));
}

TEST(Catalog, RefusesRepliesWithoutWhatEveryServerSends) {
  EXPECT_TRUE(check_collection(bson_of(R"({"name":"a"})"), {}));
  EXPECT_FALSE(check_collection(bson_of(R"({"type":"collection"})"), {}));
  EXPECT_FALSE(check_collection(bson_of(R"({"name":"a","type":"unheard"})"), {}));
  EXPECT_FALSE(check_collection(bson_of(R"({"name":"a","options":7})"), {}));
  EXPECT_FALSE(check_collection(bson_of(R"({"name":"a"})"), {bson_of(R"({"name":"x"})")}));
  EXPECT_FALSE(check_collection(bson_of(R"({"name":"a"})"), {bson_of(R"({"key":{"x":1}})")}));
  EXPECT_FALSE(check_collection(bson_of(R"({"name":"a"})"), {bson_of(R"({"key":{},"name":"x"})")}));
  EXPECT_FALSE(check_collection({1, 2, 3}, {}));
}

TEST(CatalogFingerprint, DoesNotSeeWhatHasNoMeaning) {
  const auto plain = with_options("a", "{}", {R"({"key":{"x":1},"name":"x_1"})"});
  const auto verbose =
      with_options("a",
                   R"({"capped":false,"autoIndexId":true,"temp":true,"validationLevel":"strict",
          "validationAction":"error","validator":{},"collation":{"locale":"simple"},
          "changeStreamPreAndPostImages":{"enabled":false}})",
                   {R"({"v":2,"ns":"d.a","background":true,"unique":false,"sparse":0,"hidden":false,
           "name":"x_1","key":{"x":1.0}})"});
  EXPECT_TRUE(same_fingerprint(plain, verbose));
  const auto longer =
      with_options("a", "{}", {R"({"key":{"x":{"$numberLong":"1"}},"name":"x_1"})"});
  EXPECT_TRUE(same_fingerprint(plain, longer));
}

TEST(CatalogFingerprint, DoesNotDependOnTheOrderOfIndexesAndOptions) {
  EXPECT_TRUE(
      same_fingerprint(with_options("a", R"({"capped":true,"size":10})", {kIdIndex, kEmailIndex}),
                       with_options("a", R"({"size":10.0,"capped":1})", {kEmailIndex, kIdIndex})));
}

TEST(CatalogFingerprint, IgnoresTheVersionOfACollationAndTheSpanThatAGranularityImplies) {
  EXPECT_TRUE(same_fingerprint(
      with_options("a", R"({"collation":{"locale":"de","strength":3,"version":"57.1"}})"),
      with_options("a", R"({"collation":{"locale":"de","strength":3,"version":"72.1"}})")));
  EXPECT_TRUE(same_fingerprint(
      with_options("a", R"({"timeseries":{"timeField":"t","granularity":"hours"}})"),
      with_options("a", R"({"timeseries":{"timeField":"t","granularity":"hours",
                            "bucketMaxSpanSeconds":2592000}})")));
}

TEST(CatalogFingerprint, SeesEveryDifferenceThatHasAMeaning) {
  const std::string base = R"({"validator":{"a":1},"validationLevel":"moderate"})";
  const auto first =
      with_options("a", base, {R"({"key":{"x":1,"y":-1},"name":"i","sparse":true})"});
  const std::vector<Collection> others{
      with_options("a", R"({"validator":{"a":1}})",
                   {R"({"key":{"x":1,"y":-1},"name":"i","sparse":true})"}),
      with_options("a", R"({"validator":{"a":2},"validationLevel":"moderate"})",
                   {R"({"key":{"x":1,"y":-1},"name":"i","sparse":true})"}),
      with_options("a", base, {R"({"key":{"y":-1,"x":1},"name":"i","sparse":true})"}),
      with_options("a", base, {R"({"key":{"x":1,"y":1},"name":"i","sparse":true})"}),
      with_options("a", base, {R"({"key":{"x":1,"y":-1},"name":"i"})"}),
      with_options("a", base, {R"({"key":{"x":1,"y":-1},"name":"j","sparse":true})"}),
      with_options("a", base, {R"({"key":{"x":1,"y":-1},"name":"i","sparse":true,"hidden":true})"}),
      with_options("a", base, {R"({"key":{"x":1,"y":-1},"name":"i","sparse":true,
                                   "partialFilterExpression":{"a":{"$exists":true}}})"}),
      with_options("a", base, {R"({"key":{"x":1,"y":-1},"name":"i","sparse":true,
                                   "expireAfterSeconds":60})"}),
      with_options("a", base),
  };
  for (const auto& other : others)
    EXPECT_FALSE(same_fingerprint(first, other)) << json_of(normalised(other));
  EXPECT_FALSE(same_fingerprint(view_of_name("a", "b"), view_of_name("a", "c")));
}

TEST(CatalogFingerprint, OfTheDatabaseCoversEveryCollectionAndItsName) {
  const auto catalog = small_catalog();
  auto fewer = catalog;
  fewer.collections.pop_back();
  auto renamed = catalog;
  renamed.collections[2].name = "logs";
  EXPECT_NE(fingerprint_of(catalog), fingerprint_of(fewer));
  EXPECT_NE(fingerprint_of(catalog), fingerprint_of(renamed));
  auto turned = catalog;
  std::swap(turned.collections[0], turned.collections[2]);
  EXPECT_EQ(fingerprint_of(catalog), fingerprint_of(turned));
}

TEST(CatalogDifferences, AreNoneBetweenEqualCatalogs) {
  EXPECT_TRUE(differences(small_catalog(), small_catalog()).empty());
}

TEST(CatalogDifferences, NameWhatHappened) {
  const auto before = small_catalog();
  auto after = before;
  after.collections[0] = collection_of(kUsers, {kIdIndex, R"({"key":{"n":1},"name":"n_1"})"});
  after.collections[1] = view_of_name("adults", "people");
  after.collections[2] = with_options("orders", "{}");
  EXPECT_EQ(differences(before, after),
            (std::vector<CatalogChange>{{"adults", "changed"},
                                        {"log", "vanished"},
                                        {"users, index email_1", "vanished"},
                                        {"users, index n_1", "appeared"},
                                        {"orders", "appeared"}}));
}

TEST(CatalogDifferences, ACollectionThatWasDroppedAndMadeAnewIsAnother) {
  const auto before = small_catalog();
  auto after = before;
  auto other = kUsers;
  other.replace(other.find("AQ=="), 4, "Ag==");
  after.collections[0] = collection_of(other, {kIdIndex, kEmailIndex});
  EXPECT_EQ(differences(before, after), (std::vector<CatalogChange>{{"users", "was made anew"}}));
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
