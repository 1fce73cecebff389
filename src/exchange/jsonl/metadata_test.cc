#include "exchange/jsonl/metadata.h"

#include <gtest/gtest.h>

#include "engine/mongodb/recreate.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::CollectionKind;
using engine::mongodb::from_extended_json;
using engine::mongodb::Lossy;

Bytes options_of(const std::string& json) { return from_extended_json(json).value(); }

const char* const kTimeSeries =
    R"({"timeseries": {"timeField": "ts", "metaField": "meta", "granularity": "hours"}})";
const char* const kCapped = R"({"capped": true, "size": 65536, "max": 100})";

TEST(CollectionsMetadata, ComesBackAsItWas) {
  const OptionsByName options{{"a b", options_of(kCapped)},
                              {"\"quoted\"", options_of("{}")},
                              {"readings", options_of(kTimeSeries)}};
  const auto json = encode_options(options, Lossy::refused);
  ASSERT_TRUE(json) << json.error().describe();
  EXPECT_NE(json->find(kTimeSeries), std::string::npos) << *json;
  EXPECT_EQ(decode_options(*json).value(), options);
  EXPECT_TRUE(decode_options(encode_options({}, Lossy::refused).value())->empty());
}

TEST(CollectionsMetadata, IsReadAsTheScriptsWriteIt) {
  const auto options = decode_options(R"({"capped_log": {"capped": true, "size": 65536}})");
  ASSERT_TRUE(options);
  const auto size = engine::mongodb::view_document(options->at("capped_log")).find("size");
  EXPECT_EQ(size->integer(), 65536);
}

TEST(CollectionsMetadata, RefusesAValidatorThatItCannotCarryAndEscapesItWhereAsked) {
  engine::mongodb::DocumentBuilder rule;
  rule.text("$regex", "^x");
  engine::mongodb::DocumentBuilder validator;
  validator.document("name", rule.take());
  const OptionsByName options{
      {"users", engine::mongodb::DocumentBuilder().document("validator", validator.take()).take()}};
  const auto refused = encode_options(options, Lossy::refused);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::incomplete);
  EXPECT_NE(refused.error().describe().find("users"), std::string::npos);
  EXPECT_EQ(decode_options(encode_options(options, Lossy::escaped).value()).value(), options);
}

TEST(CollectionsMetadata, RefusesWhatIsNone) {
  for (const auto* wrong : {"", "[]", "{", R"({"a": 5})", R"({"a": []})", R"({"a": {}, "a": {}})",
                            R"({"a": {}} {})", "\xff", R"({"a": {"$lifeboat": {"bson": "AA=="}}})"})
    EXPECT_EQ(decode_options(wrong).error().code(), Code::corrupt) << wrong;
}

TEST(CollectionsMetadata, TellsViewsAndTimeSeriesFromCollections) {
  EXPECT_EQ(collection_with("a", options_of(kCapped))->kind, CollectionKind::collection);
  EXPECT_EQ(collection_with("a", options_of(kTimeSeries))->kind, CollectionKind::time_series);
  EXPECT_EQ(collection_with("a", options_of(R"({"viewOn": "b", "pipeline": []})"))->kind,
            CollectionKind::view);
}

TEST(CollectionsMetadata, MakesCollectionsWithTheirOptions) {
  const auto collection = collection_with("readings", options_of(kTimeSeries)).value();
  const auto command =
      engine::mongodb::create_command(collection, engine::mongodb::Validators::kept);
  ASSERT_TRUE(command);
  const auto wanted = R"({"create": "readings", )" + std::string(kTimeSeries).substr(1);
  EXPECT_EQ(*command, options_of(wanted));
}

TEST(ViewLines, ComeBackAsTheyWere) {
  const auto options = options_of(R"({"viewOn": "orders", "pipeline": [{"$match": {"a": 1}}]})");
  const auto view = collection_with("cheap.orders", options).value();
  const auto line = view_line("shop", view);
  const auto back = view_of_line(engine::mongodb::view_document(line));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->name, "cheap.orders");
  EXPECT_EQ(back->options, options);
}

TEST(ViewLines, RefuseWhatDescribesNoView) {
  for (const auto* wrong :
       {"{}", R"({"_id": "shop.", "viewOn": "a", "pipeline": []})",
        R"({"_id": "shop", "viewOn": "a", "pipeline": []})", R"({"_id": "shop.a", "viewOn": "a"})",
        R"({"_id": "shop.a", "pipeline": []})", R"({"_id": 5, "viewOn": "a", "pipeline": []})"}) {
    const auto line = options_of(wrong);
    EXPECT_EQ(view_of_line(engine::mongodb::view_document(line)).error().code(), Code::corrupt)
        << wrong;
  }
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
