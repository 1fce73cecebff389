#include "engine/mongodb/diff.h"

#include <gtest/gtest.h>

#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {
namespace {

Result<Bytes> applied(const std::string& document, const std::string& diff,
                      PresentField present = PresentField::moved) {
  const auto before = bson_of(document);
  const auto change = bson_of(diff);
  return apply_diff(view_document(before), view_document(change), present);
}

void expect_diff(const std::string& document, const std::string& diff,
                 const std::string& expected) {
  const auto after = applied(document, diff);
  ASSERT_TRUE(after) << after.error().describe();
  EXPECT_EQ(json_of(*after), json_of(bson_of(expected)));
}

TEST(Diff, AnUpdatedFieldStaysInItsPlaceAndAnAbsentOneIsAppended) {
  expect_diff(R"({"_id":1,"a":1,"b":2})", R"({"u":{"a":"x"}})", R"({"_id":1,"a":"x","b":2})");
  expect_diff(R"({"_id":1,"b":2})", R"({"u":{"a":"x"}})", R"({"_id":1,"b":2,"a":"x"})");
}

TEST(Diff, AnInsertedFieldGoesToTheEndInTheOrderOfTheDifference) {
  expect_diff(R"({"_id":1,"a":1})", R"({"i":{"z":1,"y":2}})", R"({"_id":1,"a":1,"z":1,"y":2})");
  expect_diff(R"({"_id":1,"z":0,"a":1})", R"({"i":{"z":1}})", R"({"_id":1,"a":1,"z":1})");
}

TEST(Diff, AnInsertedFieldThatIsThereMayBeKept) {
  EXPECT_EQ(applied(R"({"_id":1,"z":0,"a":1})", R"({"i":{"z":1,"y":2}})", PresentField::kept),
            bson_of(R"({"_id":1,"z":0,"a":1,"y":2})"));
}

TEST(Diff, ADeletedFieldIsGoneAndMayHaveBeen) {
  expect_diff(R"({"_id":1,"a":1})", R"({"d":{"a":false,"b":false}})", R"({"_id":1})");
}

TEST(Diff, ANestedPartChangesADocumentWithin) {
  expect_diff(R"({"a":{"b":{"c":1,"d":2},"e":3}})",
              R"({"sa":{"sb":{"u":{"c":9},"d":{"d":false}}}})", R"({"a":{"b":{"c":9},"e":3}})");
}

TEST(Diff, ANestedPartOfAnotherTypeBecomesNullAndAnAbsentOneIsLeft) {
  expect_diff(R"({"a":7,"b":1})", R"({"sa":{"u":{"c":9}}})", R"({"a":null,"b":1})");
  expect_diff(R"({"a":{"x":1}})", R"({"sa":{"a":true,"u0":1}})", R"({"a":null})");
  expect_diff(R"({"a":[1]})", R"({"sa":{"u":{"c":9}}})", R"({"a":null})");
  expect_diff(R"({"b":1})", R"({"sa":{"u":{"c":9}}})", R"({"b":1})");
}

TEST(Diff, AnArrayIsChangedByIndexCutAndFilled) {
  expect_diff(R"({"a":[1,2,3]})", R"({"sa":{"a":true,"u1":"x"}})", R"({"a":[1,"x",3]})");
  expect_diff(R"({"a":[1,2,3]})", R"({"sa":{"a":true,"l":2}})", R"({"a":[1,2]})");
  expect_diff(R"({"a":[1]})", R"({"sa":{"a":true,"l":3}})", R"({"a":[1,null,null]})");
  expect_diff(R"({"a":[1]})", R"({"sa":{"a":true,"u3":"x"}})", R"({"a":[1,null,null,"x"]})");
  expect_diff(R"({"a":[1]})", R"({"sa":{"a":true,"s2":{"u":{"b":1}}}})", R"({"a":[1,null,null]})");
  expect_diff(R"({"a":[{"b":1},[1,2]]})",
              R"({"sa":{"a":true,"s0":{"u":{"b":2}},"s1":{"a":true,"l":1}}})",
              R"({"a":[{"b":2},[1]]})");
  expect_diff(R"({"a":[5]})", R"({"sa":{"a":true,"s0":{"u":{"b":2}}}})", R"({"a":[null]})");
  expect_diff(R"({"a":[]})", R"({"sa":{"a":true,"l":0}})", R"({"a":[]})");
}

TEST(Diff, AllSectionsTogether) {
  expect_diff(
      R"({"_id":1,"a":1,"b":2,"c":{"x":1},"d":[1,2]})",
      R"({"d":{"a":false},"u":{"b":3},"i":{"e":4},"sc":{"i":{"y":2}},"sd":{"a":true,"u0":9}})",
      R"({"_id":1,"b":3,"c":{"x":1,"y":2},"d":[9,2],"e":4})");
}

TEST(Diff, DoneTwiceItGivesTheSame) {
  const std::string diff = R"({"d":{"a":false},"u":{"b":3},"i":{"e":4},"sc":{"i":{"y":2}},
                               "sd":{"a":true,"l":4,"u0":9}})";
  const auto change = bson_of(diff);
  const auto once = applied(R"({"_id":1,"a":1,"b":2,"c":{"x":1},"d":[1,2]})", diff).value();
  EXPECT_EQ(apply_diff(view_document(once), view_document(change), PresentField::moved), once);
}

TEST(Diff, RefusesWhatIsNoDifference) {
  for (const std::string diff :
       {R"({"x":{}})", R"({"u":1})", R"({"sa":1})", R"({"u":{"a":1},"d":{"a":false}})",
        R"({"u":{"a":1},"sa":{"u":{}}})", R"({"sa":{"a":true,"u1":1,"u0":2}})",
        R"({"sa":{"a":true,"u1":1,"s1":{}}})", R"({"sa":{"a":true,"ux":1}})",
        R"({"sa":{"a":true,"l":1,"u1":1}})", R"({"sa":{"a":true,"u":1}})",
        R"({"sa":{"a":true,"l":-1}})", R"({"sa":{"a":true,"l":"x"}})",
        R"({"sa":{"a":true,"u99999999999999999999":1}})", R"({"sa":{"a":true,"d":{}}})"})
    EXPECT_EQ(applied(R"({"a":[1]})", diff).error().code(), Code::corrupt) << diff;
}

TEST(Diff, RefusesToGrowAnArrayBeyondADocument) {
  EXPECT_FALSE(applied(R"({"a":[]})", R"({"sa":{"a":true,"l":2147483647}})"));
  EXPECT_FALSE(applied(R"({"a":[]})", R"({"sa":{"a":true,"u5592000":1}})"));
}

std::string binary(const std::string& base64, const std::string& kind = "07") {
  return R"({"$binary":{"base64":")" + base64 + R"(","subType":")" + kind + R"("}})";
}

// "abcdef" with "XY" or "UVWXYZ" from a place on; the kind is that of what was there.
TEST(Diff, ABinaryValueKeepsWhatIsBeforeThePlaceAndEndsAnew) {
  const auto before = R"({"_id":1,"data":{"t":)" + binary("YWJjZGVm") + "}}";
  const auto diff = [](int offset, const std::string& bytes) {
    return R"({"sdata":{"b":{"t":{"o":)" + std::to_string(offset) + R"(,"d":)" +
           binary(bytes, "00") + "}}}}";
  };
  const auto after = [](const std::string& base64) {
    return R"({"_id":1,"data":{"t":)" + binary(base64) + "}}";
  };
  expect_diff(before, diff(4, "VVZXWFla"), after("YWJjZFVWV1hZWg=="));
  expect_diff(before, diff(6, "WFk="), after("YWJjZGVmWFk="));
  expect_diff(before, diff(1, "WFk="), after("YVhZ"));
  expect_diff(before, diff(0, "WFk="), after("WFk="));
}

TEST(Diff, ABinaryValueWithoutThePlaceIsLeftToALaterEntry) {
  const auto diff = R"({"b":{"t":{"o":3,"d":)" + binary("WFk=") + "}}}";
  const auto shorter = R"({"t":)" + binary("YWI=") + "}";
  expect_diff(shorter, diff, shorter);
  expect_diff(R"({"t":"abcdef"})", diff, R"({"t":"abcdef"})");
  expect_diff(R"({"x":1})", diff, R"({"x":1})");
}

Bytes with_column(std::string_view text) {
  ByteWriter value;
  value.u32(static_cast<std::uint32_t>(text.size()));
  value.u8(7).raw(view_of(text));
  return DocumentBuilder().element("t", Element{BsonType::binary, "t", value.bytes(), {}}).take();
}

Bytes with_new_end(std::int32_t offset, std::string_view text) {
  const auto column = with_column(text);
  const auto end =
      DocumentBuilder().int32("o", offset).element("d", *view_document(column).find("t")).take();
  return DocumentBuilder().document("b", DocumentBuilder().document("t", end).take()).take();
}

// Of 100 bytes one entry makes 140, and the next one 80.
TEST(Diff, ABinaryValueThatWasReadBetweenTwoEntriesOrAfterThemEndsAsTheSame) {
  const std::string kept(60, 'k');
  const auto first = with_column(kept + std::string(40, 'a'));
  const auto between = with_column(kept + std::string(40, 'a') + std::string(40, 'b'));
  const auto last = with_column(kept + std::string(20, 'c'));
  for (auto document : {first, between, last}) {
    for (const auto& diff :
         {with_new_end(100, std::string(40, 'b')), with_new_end(60, std::string(20, 'c'))}) {
      const auto after =
          apply_diff(view_document(document), view_document(diff), PresentField::moved);
      ASSERT_TRUE(after) << after.error().describe();
      document = *after;
    }
    EXPECT_EQ(document, last);
  }
}

TEST(Diff, RefusesANewEndThatIsNone) {
  const auto before = R"({"t":)" + binary("YWJj") + "}";
  for (const std::string end : {"1", "{}", R"({"o":1})", R"({"o":1,"d":"x"})",
                                R"({"o":-1,"d":{"$binary":{"base64":"","subType":"00"}}})"})
    EXPECT_EQ(applied(before, R"({"b":{"t":)" + end + "}}").error().code(), Code::corrupt) << end;
}

TEST(Diff, SaysThatItDoesNotKnowBinaryPartsOfArrays) {
  EXPECT_EQ(applied(R"({"a":[1]})", R"({"sa":{"a":true,"b0":{"o":0}}})").error().code(),
            Code::unsupported_format);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
