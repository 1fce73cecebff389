#include "config/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lifeboat::config {
namespace {

using testing::HasSubstr;

Result<std::string> filled(std::string_view text,
                           std::map<std::string, std::string> environment = {}) {
  const auto parsed = Template::parse(text, "the.place");
  if (!parsed) return fail(parsed.error());
  return parsed->resolve(Variables(std::move(environment)));
}

TEST(Template, FillsInVariables) {
  EXPECT_EQ(*filled("a-${X}-${Y_2}", {{"X", "1"}, {"Y_2", "$Z"}}), "a-1-$Z");
}

TEST(Template, TakesTheDefaultOfAnUnsetOrEmptyVariable) {
  EXPECT_EQ(*filled("${X:-/var/x}"), "/var/x");
  EXPECT_EQ(*filled("${X:-/var/x}", {{"X", ""}}), "/var/x");
  EXPECT_EQ(*filled("${X:-}"), "");
  EXPECT_EQ(*filled("${X}", {{"X", ""}}), "");
}

TEST(Template, KeepsDollarsThatAreNotVariables) {
  EXPECT_EQ(*filled("$$HOME $1 $ $${X}"), "$HOME $1 $ ${X}");
}

TEST(Template, LeavesWhatIsFilledInWhileRunning) {
  EXPECT_EQ(*filled("${sandbox.db.uri} ${facts.x} ${capture.token}"),
            "${sandbox.db.uri} ${facts.x} ${capture.token}");
}

TEST(Template, NamesEveryVariableThatIsNotSetAndThePlace) {
  const auto failed = filled("${A}${B}${C}", {{"B", "1"}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::config_invalid);
  EXPECT_EQ(failed.error().describe(), "the.place: not set in the environment: A, C");
}

TEST(Template, RefusesOtherForms) {
  for (const auto* text : {"${lower}", "${X", "${}", "${X-y}", "${1X}", "${sandbox.}"})
    EXPECT_FALSE(filled(text)) << text;
}

TEST(Template, KnowsTextOfItsOwn) {
  EXPECT_FALSE(Template::parse("${X}")->has_literal_text());
  EXPECT_FALSE(Template::parse("${X:-}")->has_literal_text());
  EXPECT_TRUE(Template::parse("${X:-y}")->has_literal_text());
  EXPECT_TRUE(Template::parse("y${X}")->has_literal_text());
}

TEST(Variables, ReadEnvFilesAsPeopleWriteThem) {
  Variables variables;
  variables.add_env_file(
      "# comment\r\nA=1\r\nexport B = \"two words\" # x\nC='#3'\nD=4 # four\n"
      "no line\n=x\nE=a=b\nF=\n2G=x\nlower=y");
  EXPECT_EQ(variables.find("A"), "1");
  EXPECT_EQ(variables.find("B"), "two words");
  EXPECT_EQ(variables.find("C"), "#3");
  EXPECT_EQ(variables.find("D"), "4");
  EXPECT_EQ(variables.find("E"), "a=b");
  EXPECT_EQ(variables.find("F"), "");
  EXPECT_EQ(variables.find("lower"), "y");
  EXPECT_EQ(variables.find("2G"), std::nullopt);
}

}  // namespace
}  // namespace lifeboat::config
