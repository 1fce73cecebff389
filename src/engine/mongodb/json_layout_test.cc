#include "engine/mongodb/json_layout.h"

#include <gtest/gtest.h>

namespace lifeboat::engine::mongodb {
namespace {

std::string on_a_line(std::string_view json) { return lay_out(json, JsonLayout::line); }
std::string pretty(std::string_view json) { return lay_out(json, JsonLayout::pretty); }

TEST(JsonLayout, SpacesALineAsPythonDoes) {
  EXPECT_EQ(on_a_line(R"({ "a" : [ 1,2 , { } ],"b":{"c" :null} })"),
            R"({"a": [1, 2, {}], "b": {"c": null}})");
  EXPECT_EQ(on_a_line("{\n}"), "{}");
}

TEST(JsonLayout, SpreadsADocumentOverLinesAsPythonDoes) {
  EXPECT_EQ(pretty(R"({"a": [1, {"b": 2}], "c": {}, "d": []})"),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": {},\n"
            "  \"d\": []\n}");
}

TEST(JsonLayout, LeavesTextsAlone) {
  const std::string tricky = R"({"a : , {": "x\" } , \\", "b": " [ ] "})";
  EXPECT_EQ(on_a_line(tricky), tricky);
  EXPECT_EQ(on_a_line(pretty(tricky)), tricky);
}

TEST(JsonLayout, SurvivesWhatIsNoJson) {
  for (const auto* text : {"", "}", "]", "\"", "\"\\", "{", "[", ",", "}{"}) {
    (void)on_a_line(text);
    (void)pretty(text);
  }
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
