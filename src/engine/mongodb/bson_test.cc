#include "engine/mongodb/bson.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {
namespace {

// A document of one element "a", from the element's type and value in hex.
Bytes one_element(std::uint8_t type, std::string_view value_hex) {
  const auto value = from_hex(value_hex).value();
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(value.size() + 8)).u8(type).raw("a").u8(0);
  writer.raw(value).u8(0);
  return writer.take();
}

bool is_sound(const Bytes& document) { return DocumentView::check(document).has_value(); }

Bytes nested(std::size_t depth) {
  Bytes document = DocumentBuilder().take();
  for (std::size_t i = 1; i < depth; ++i)
    document = DocumentBuilder().document("a", document).take();
  return document;
}

TEST(Bson, ReadsAnElementOfEveryType) {
  const auto bytes = bson_of(R"({"double":1.5,"string":"é","document":{"a":1},"array":[1,2],
      "binary":{"$binary":{"base64":"AQI=","subType":"00"}},
      "oid":{"$oid":"0123456789abcdef01234567"},
      "true":true,"date":{"$date":{"$numberLong":"5"}},"null":null,
      "regex":{"$regularExpression":{"pattern":"x","options":"i"}},
      "pointer":{"$dbPointer":{"$ref":"b","$id":{"$oid":"0123456789abcdef01234567"}}},
      "code":{"$code":"x"},"symbol":{"$symbol":"s"},
      "scope":{"$code":"x","$scope":{"y":1}},
      "int32":-7,"timestamp":{"$timestamp":{"t":5,"i":6}},"int64":{"$numberLong":"-8"},
      "decimal":{"$numberDecimal":"1.10"},"undefined":{"$undefined":true},
      "min":{"$minKey":1},"max":{"$maxKey":1}})");
  const auto view = DocumentView::check(bytes).value();
  DocumentBuilder copy;
  std::size_t count = 0;
  for (const auto& element : view) {
    copy.element(element);
    ++count;
  }
  EXPECT_EQ(count, 21U);
  EXPECT_EQ(copy.take(), bytes);
  EXPECT_EQ(view.find("int32")->integer(), -7);
  EXPECT_EQ(view.find("int64")->integer(), -8);
  EXPECT_EQ(view.find("double")->number(), 1.5);
  EXPECT_EQ(view.find("double")->integer(), std::nullopt);
  EXPECT_EQ(view.text_at("string"), "é");
  EXPECT_EQ(view.find("timestamp")->timestamp(), (Timestamp{5, 6}));
  EXPECT_TRUE(view.is_true_at("true"));
  EXPECT_EQ(view.document_at("document")->find("a")->integer(), 1);
  EXPECT_FALSE(view.find("nothing"));
}

TEST(Bson, BuildsWhatLibbsonBuilds) {
  DocumentBuilder builder;
  builder.text("t", "x").number("d", 2.5).int32("i", -1).int64("l", 1LL << 40);
  builder.boolean("b", true).null("n").timestamp("s", {7, 8}).binary("y", to_bytes("\1\2"));
  builder.document("o", bson_of(R"({"a":1})"));
  ArrayBuilder array;
  array.text("x").document(bson_of("{}")).null();
  builder.array("r", array.take());
  EXPECT_EQ(builder.take(), bson_of(R"({"t":"x","d":2.5,"i":-1,"l":{"$numberLong":"1099511627776"},
      "b":true,"n":null,"s":{"$timestamp":{"t":7,"i":8}},
      "y":{"$binary":{"base64":"AQI=","subType":"00"}},"o":{"a":1},"r":["x",{},null]})"));
  EXPECT_TRUE(builder.empty());
}

TEST(Bson, ADoubleIsAnIntegerOnlyWithoutLoss) {
  const auto integer_of = [](double number) {
    const auto bytes = DocumentBuilder().number("a", number).take();
    return view_document(bytes).find("a")->integer();
  };
  EXPECT_EQ(integer_of(-3.0), -3);
  EXPECT_EQ(integer_of(3.5), std::nullopt);
  EXPECT_EQ(integer_of(1e300), std::nullopt);
  EXPECT_EQ(integer_of(9223372036854775808.0), std::nullopt);
  EXPECT_EQ(integer_of(std::nan("")), std::nullopt);
  EXPECT_EQ(integer_of(-9223372036854775808.0), std::numeric_limits<std::int64_t>::min());
}

TEST(Bson, RefusesValuesThatDoNotFit) {
  EXPECT_TRUE(is_sound(one_element(0x02, "020000006200")));
  EXPECT_FALSE(is_sound(one_element(0x02, "030000006200")));  // longer than the document
  EXPECT_FALSE(is_sound(one_element(0x02, "00000000")));      // no room for its NUL
  EXPECT_FALSE(is_sound(one_element(0x02, "020000006262")));  // no NUL
  EXPECT_FALSE(is_sound(one_element(0x02, "ffffffff6200")));  // a negative length
  EXPECT_FALSE(is_sound(one_element(0x03, "0400000000")));    // shorter than a document
  EXPECT_FALSE(is_sound(one_element(0x05, "0500000000ff")));  // binary
  EXPECT_FALSE(is_sound(one_element(0x05, "ffffffff00ff")));  // a negative length
  EXPECT_FALSE(is_sound(one_element(0x08, "02")));            // neither true nor false
  EXPECT_FALSE(is_sound(one_element(0x0b, "61626300")));      // a regex without options
  EXPECT_FALSE(is_sound(one_element(0x14, "00")));            // a type that is not there
  EXPECT_TRUE(is_sound(one_element(0x0f, "0e00000001000000000500000000")));
  EXPECT_FALSE(
      is_sound(one_element(0x0f, "0f0000000100000000050000000000")));  // parts leave a rest
}

TEST(Bson, RefusesADocumentWhoseLengthIsNotItsOwn) {
  auto bytes = bson_of(R"({"a":1})");
  bytes.push_back(0);
  EXPECT_FALSE(is_sound(bytes));
  EXPECT_FALSE(is_sound({}));
  EXPECT_FALSE(is_sound({4, 0, 0, 0}));
  EXPECT_TRUE(is_sound({5, 0, 0, 0, 0}));
  EXPECT_FALSE(is_sound({5, 0, 0, 0, 1}));
}

TEST(Bson, SaysWhichByteIsWrong) {
  auto bytes = bson_of(R"({"a":{"b":true}})");
  bytes[14] = 7;
  EXPECT_EQ(DocumentView::check(bytes).error().message(),
            "not BSON: at byte 14 a boolean is neither true nor false");
}

TEST(Bson, TakesTextThatIsNotUtf8AndKeysThatRepeat) {
  DocumentBuilder builder;
  builder.text("a", "\xff\xfe").text("a", "second");
  const auto bytes = builder.take();
  EXPECT_EQ(DocumentView::check(bytes)->text_at("a"), "\xff\xfe");
}

TEST(Bson, TakesTheDepthThatServersAllowAndNoMore) {
  EXPECT_TRUE(is_sound(nested(kMaxDepth)));
  EXPECT_FALSE(is_sound(nested(kMaxDepth + 1)));
  EXPECT_FALSE(is_sound(nested(2'000)));
}

TEST(Bson, WhatItTakesAfterABitFlipLibbsonTakesToo) {
  RandomDocuments documents(7);
  for (int round = 0; round < 400; ++round) {
    auto bytes = documents.next();
    auto& flipped = bytes[documents.below(static_cast<std::uint32_t>(bytes.size()))];
    flipped ^= static_cast<std::uint8_t>(1U << documents.below(7));
    // libbson also looks into binary subtype 2 and wants keys in UTF-8; servers do not.
    if (flipped == 2 || !is_sound(bytes)) continue;
    bson_t view;
    EXPECT_TRUE(bson_init_static(&view, bytes.data(), bytes.size()) &&
                bson_validate(&view, BSON_VALIDATE_NONE, nullptr))
        << to_hex(bytes);
  }
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
