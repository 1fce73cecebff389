#include "engine/mongodb/extended_json.h"

#include <gtest/gtest.h>

#include "engine/mongodb/json_reader.h"
#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {
namespace {

JsonText written(const Bytes& document, Lossy lossy = Lossy::refused) {
  return to_extended_json(view_document(document), lossy).value();
}

std::string read_back(const std::string& text) {
  const auto document = from_extended_json(text);
  return document ? to_hex(*document) : document.error().describe();
}

std::string hex_of(DocumentBuilder& builder) { return to_hex(builder.take()); }

Bytes of_text(std::string_view key, std::string_view value) {
  return DocumentBuilder().text(key, value).take();
}

// Whether it comes back only by way of the escape.
void expect_escaped(const Bytes& document) {
  const auto refused = to_extended_json(view_document(document), Lossy::refused);
  ASSERT_FALSE(refused) << refused->text;
  EXPECT_EQ(refused.error().code(), Code::incomplete);
  const auto text = written(document, Lossy::escaped);
  EXPECT_TRUE(text.escaped);
  EXPECT_EQ(from_extended_json(text.text).value(), document);
}

TEST(ExtendedJson, IsCanonical) {
  const auto text = written(bson_of(R"({"a":1,"b":{"$numberLong":"2"},"c":1.0,"d":"x"})"));
  EXPECT_EQ(text.text, R"({"a": {"$numberInt": "1"}, "b": {"$numberLong": "2"}, )"
                       R"("c": {"$numberDouble": "1.0"}, "d": "x"})");
  EXPECT_FALSE(text.escaped);
}

TEST(ExtendedJson, CarriesEveryType) {
  const auto document = bson_of(R"({"double":{"$numberDouble":"-0.0"},"string":"é\u0001\n",
      "document":{"a":{"$numberInt":"1"}},"array":[true,null],
      "binary":{"$binary":{"base64":"AQI=","subType":"80"}},
      "uuid":{"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAQ==","subType":"04"}},
      "oid":{"$oid":"0123456789abcdef01234567"},
      "date":{"$date":{"$numberLong":"-5"}},"far":{"$date":{"$numberLong":"253402300800000"}},
      "regex":{"$regularExpression":{"pattern":"x/","options":"imx"}},
      "pointer":{"$dbPointer":{"$ref":"b","$id":{"$oid":"0123456789abcdef01234567"}}},
      "code":{"$code":"x"},"symbol":{"$symbol":"s"},"scope":{"$code":"x","$scope":{"y":1}},
      "timestamp":{"$timestamp":{"t":4294967295,"i":6}},"int64":{"$numberLong":"-8"},
      "decimal":{"$numberDecimal":"1.10"},"undefined":{"$undefined":true},
      "infinity":{"$numberDouble":"-Infinity"},"min":{"$minKey":1},"max":{"$maxKey":1}})");
  const auto text = written(document);
  EXPECT_FALSE(text.escaped);
  EXPECT_EQ(from_extended_json(text.text).value(), document);
}

TEST(ExtendedJson, KeepsRepeatedKeysAndDenormalNumbers) {
  for (const auto& document :
       {DocumentBuilder().int32("a", 1).int32("a", 2).take(),
        DocumentBuilder().number("a", 5e-324).number("b", -0.0).number("c", 0.1).take()})
    EXPECT_EQ(from_extended_json(written(document).text).value(), document);
}

TEST(ExtendedJson, NamesTheFieldThatWouldChange) {
  DocumentBuilder rule;
  rule.int32("before", 1).document("filter", of_text("$regex", "^x"));
  const auto document = DocumentBuilder().document("rules", rule.take()).take();
  const auto text = to_extended_json(view_document(document), Lossy::refused);
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message().find("\"rules.filter\""), std::string::npos)
      << text.error().message();
}

TEST(ExtendedJson, EscapesTextThatIsNotUtf8) { expect_escaped(of_text("a", "\xff")); }

TEST(ExtendedJson, EscapesDocumentsThatLookLikeAWrapper) {
  const auto inside = [](const Bytes& inner) {
    return DocumentBuilder().document("a", inner).take();
  };
  expect_escaped(inside(of_text("$oid", "0123456789abcdef01234567")));
  expect_escaped(inside(of_text("$numberLong", "5")));
  expect_escaped(inside(of_text("$date", "2020-01-01T00:00:00Z")));
  expect_escaped(inside(of_text("$uuid", "00112233-4455-6677-8899-aabbccddeeff")));
  expect_escaped(inside(of_text("$regex", "^x")));
  expect_escaped(inside(DocumentBuilder().text("$regex", "^x").text("$options", "i").take()));
}

TEST(ExtendedJson, EscapesCodeWithANul) {
  ByteWriter value;
  value.u32(4).raw(std::string_view("a\0b\0", 4));
  ByteWriter document;
  document.u32(4 + 3 + 8 + 1).u8(13).raw("c").u8(0).raw(value.bytes()).u8(0);
  expect_escaped(document.take());
}

TEST(ExtendedJson, EscapesRegexOptionsOutOfOrderAndArraysWithOddKeys) {
  ByteWriter regex;
  regex.u32(4 + 3 + 2 + 3 + 1).u8(11).raw("r").u8(0).raw("x").u8(0).raw("xi").u8(0).u8(0);
  expect_escaped(regex.take());
  expect_escaped(DocumentBuilder().array("a", of_text("7", "x")).take());
}

TEST(ExtendedJson, EscapesNestingThatTheReaderDoesNotTake) {
  for (const int depth : {102, 150, 240}) {
    Bytes document = DocumentBuilder().take();
    for (int i = 1; i < depth; ++i) document = DocumentBuilder().document("a", document).take();
    expect_escaped(document);
  }
}

TEST(ExtendedJson, EscapesNanPayloads) {
  const auto nan = std::bit_cast<double>(0x7ff8000000000123ULL);
  expect_escaped(DocumentBuilder().number("a", nan).take());
}

TEST(ExtendedJson, EscapesWhatLooksLikeItsOwnEscape) {
  const auto inner = to_base64(bson_of(R"({"a":1})"));
  expect_escaped(DocumentBuilder().document("$lifeboat", of_text("bson", inner)).take());
}

TEST(ExtendedJson, RefusesAnEscapeThatHoldsNoDocument) {
  EXPECT_FALSE(from_extended_json(R"({"$lifeboat":{"bson":"AQI="}})"));
  EXPECT_FALSE(from_extended_json(R"({"$lifeboat":{"bson":"?"}})"));
  EXPECT_TRUE(from_extended_json(R"({"$lifeboat":{"bson":"BQAAAAA="}})"));
  EXPECT_TRUE(from_extended_json(R"({"$lifeboat":{"other":"?"}})"));
}

TEST(ExtendedJson, ReadsTheRelaxedForm) {
  EXPECT_EQ(read_back(R"({"i":1,"l":5000000000,"d":1.0,"e":1e3,"t":{"$date":"1970-01-01T00:00:01Z"},
                          "n":{"$numberDouble":"NaN"}})"),
            to_hex(bson_of(R"({"i":{"$numberInt":"1"},"l":{"$numberLong":"5000000000"},
                               "d":{"$numberDouble":"1.0"},"e":{"$numberDouble":"1000.0"},
                               "t":{"$date":{"$numberLong":"1000"}},
                               "n":{"$numberDouble":"NaN"}})")));
}

TEST(ExtendedJson, ReadsTheLegacyForm) {
  EXPECT_EQ(read_back(R"({"b":{"$binary":"AQI=","$type":"00"},"d":{"$date":1000},
                          "r":{"$regex":"x","$options":"i"},"u":{"$undefined":true}})"),
            to_hex(bson_of(R"({"b":{"$binary":{"base64":"AQI=","subType":"00"}},
                               "d":{"$date":{"$numberLong":"1000"}},
                               "r":{"$regularExpression":{"pattern":"x","options":"i"}},
                               "u":{"$undefined":true}})")));
  DocumentBuilder numbers;
  numbers.number("n", std::numeric_limits<double>::infinity());
  EXPECT_EQ(read_back(R"({"n":{"$numberDouble":"Infinity"}})"), hex_of(numbers));
}

TEST(ExtendedJson, RefusesWhatIsNoDocument) {
  for (const std::string text : {"", "  ", "1", "[]", "null", "{", "{\"a\"}", "{\"a\":}", "{} {}",
                                 "{\"a\":1,}x", "{\"a\":\"\xff\"}", "{\"a\":{\"$oid\":\"12\"}}"}) {
    EXPECT_FALSE(from_extended_json(text)) << text;
  }
  EXPECT_TRUE(from_extended_json("\n {} \n"));
}

TEST(ExtendedJson, ComesBackForRandomDocuments) {
  RandomDocuments documents(23);
  for (int round = 0; round < 300; ++round) {
    const auto document = documents.next();
    EXPECT_EQ(from_extended_json(written(document, Lossy::escaped).text).value(), document);
  }
}

struct Texts {
  std::vector<std::string> texts;
  JsonReader::Visit visit() {
    return [this](std::string_view text) -> Result<void> {
      texts.emplace_back(text);
      return {};
    };
  }
};

Result<std::vector<std::string>> cut(std::string_view text, std::size_t size = 1U << 20U) {
  JsonReader reader(1000);
  Texts texts;
  for (std::size_t at = 0; at < text.size(); at += size)
    TRY(reader.feed(view_of(text.substr(at, size)), texts.visit()));
  TRY(reader.finish());
  return texts.texts;
}

TEST(JsonReader, ReadsLinesAndDocumentsOverManyLines) {
  const std::string text =
      "\xef\xbb\xbf{\"a\":\"}\\\"{\"}\n\n{\n  \"b\": [\n {} ]\n}{}\r\n\t{\"c\":1}";
  const std::vector<std::string> expected{R"({"a":"}\"{"})", "{\n  \"b\": [\n {} ]\n}", "{}",
                                          R"({"c":1})"};
  for (const std::size_t size : {1UL, 2UL, 3UL, 7UL, 100UL}) EXPECT_EQ(*cut(text, size), expected);
}

TEST(JsonReader, KnowsTheLineOfEachDocument) {
  JsonReader reader;
  std::vector<std::uint64_t> lines;
  ASSERT_TRUE(reader.feed(view_of("{}\n\n{\n}\n{}"), [&](std::string_view) -> Result<void> {
    lines.push_back(reader.line());
    return {};
  }));
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{1, 3, 5}));
}

TEST(JsonReader, RefusesWhatStandsBetweenDocumentsAndSaysWhere) {
  EXPECT_EQ(cut("{}\n,{}").error().message(),
            "not JSON documents: on line 2, at byte 3: a document begins with a brace");
  for (const std::string text : {"[{}]", "x", "{}}", "1", "\xef{}", "{}\xef\xbb\xbf{}"})
    EXPECT_FALSE(cut(text)) << text;
}

TEST(JsonReader, RefusesToEndInsideADocument) {
  for (const std::string text : {"{", "{\"a\":\"", "{}\n{\"a\":[}"}) EXPECT_FALSE(cut(text));
}

TEST(JsonReader, BoundsSizeAndDepth) {
  EXPECT_TRUE(cut("{\"a\":\"" + std::string(900, 'x') + "\"}"));
  EXPECT_FALSE(cut("{\"a\":\"" + std::string(1000, 'x') + "\"}"));
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  JsonReader reader;
  Texts texts;
  EXPECT_TRUE(reader.feed(view_of(nested(kMaxJsonDepth)), texts.visit()));
  EXPECT_FALSE(reader.feed(view_of(nested(kMaxJsonDepth + 1)), texts.visit()));
}

TEST(JsonReader, SaysWhichDocumentTheVisitorRefused) {
  JsonReader reader;
  const auto fed = reader.feed(view_of("{}\n{x}"), [](std::string_view text) -> Result<void> {
    TRY(from_extended_json(text));
    return {};
  });
  ASSERT_FALSE(fed);
  EXPECT_TRUE(fed.error().describe().starts_with("the document on line 2: not Extended JSON"))
      << fed.error().describe();
}

TEST(PlainJson, HasPlainNumbers) {
  const auto document = DocumentBuilder().int64("size", 65536).number("share", 5).take();
  EXPECT_EQ(to_plain_json(view_document(document), Lossy::refused)->text,
            R"({"size": 65536, "share": 5.0})");
}

TEST(PlainJson, IsCanonicalWhereMoreThanTheWidthOfIntegersWouldChange) {
  // The driver's relaxed form of a date after the year 9999 is another date.
  const auto document = bson_of(R"({"a": {"$date": {"$numberLong": "253402300800000"}}})");
  const auto text = to_plain_json(view_document(document), Lossy::refused);
  ASSERT_TRUE(text);
  EXPECT_EQ(from_extended_json(text->text).value(), document) << text->text;
}

TEST(PlainJson, RefusesWhatEvenTheCanonicalFormLoses) {
  const auto document = DocumentBuilder().document("name", of_text("$regex", "^x")).take();
  EXPECT_FALSE(to_plain_json(view_document(document), Lossy::refused));
  const auto escaped = to_plain_json(view_document(document), Lossy::escaped);
  ASSERT_TRUE(escaped);
  EXPECT_TRUE(escaped->escaped);
}

TEST(ExtendedJson, TellsAnEscapeFromADocumentThatLooksLikeOne) {
  const auto document = of_text("a", "\xff");
  const auto escape = escape_document(view_document(document));
  const auto text = to_extended_json(view_document(document), Lossy::escaped);
  EXPECT_TRUE(read_extended_json(text->text)->escaped);
  EXPECT_EQ(unescaped(view_document(escape)).value(), document);
  // As a document of its own it is escaped once more, and comes back as it was.
  const auto twice = to_extended_json(view_document(escape), Lossy::escaped);
  EXPECT_TRUE(twice->escaped);
  EXPECT_EQ(from_extended_json(twice->text).value(), escape);
  EXPECT_FALSE(read_extended_json(R"({"$lifeboat": {"bson": 5}})")->escaped);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
