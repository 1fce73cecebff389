#include "cli/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/test_context.h"
#include "cli/fields.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

Json at(Time time) { return {{"time", to_rfc3339(time)}}; }

TEST(Words, ShortensIdsAndLeavesShortOnes) {
  EXPECT_EQ(short_id({{"id", "4f2a81c09b77"}}), "4f2a81c09b");
  EXPECT_EQ(short_id({{"id", "4f"}}), "4f");
  EXPECT_EQ(short_id(Json::object()), "");
}

TEST(Words, TellsMomentsToTheSecond) {
  EXPECT_EQ(moment_of(at(kNow + std::chrono::microseconds(999'999))), "2025-11-21T09:45:00Z");
  EXPECT_EQ(moment_of({{"time", "yesterday"}}), "");
  EXPECT_EQ(moment_of(Json::object()), "");
}

TEST(Words, TellsAgesInBothDirections) {
  EXPECT_EQ(age_of(at(kNow - seconds(200)), "time", kNow), "3 min 20 s ago");
  EXPECT_EQ(age_of(at(kNow + minutes(5)), "time", kNow), "in 5 min 00 s");
  EXPECT_EQ(age_of(at(kNow - std::chrono::milliseconds(400)), "time", kNow), "just now");
  EXPECT_EQ(age_of(Json::object(), "time", kNow), "");
}

TEST(Words, CountsInTheSingularAndThePlural) {
  EXPECT_EQ(counted(0, "entry", "entries"), "0 entries");
  EXPECT_EQ(counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(counted(2, "entry", "entries"), "2 entries");
}

TEST(Words, JoinsAListAsPeopleDo) {
  EXPECT_EQ(join_words(Json::array()), "");
  EXPECT_EQ(join_words({"a"}), "a");
  EXPECT_EQ(join_words({"a", "b"}), "a and b");
  EXPECT_EQ(join_words({"a", "b", "c\n"}), "a, b and c\\x0a");
}

TEST(Words, IndentsEveryLine) { EXPECT_EQ(table_indented("a\nb\n", 2), "  a\n  b\n"); }

TEST(Fields, WhatIsAbsentOrOfAnotherKindIsEmpty) {
  const Json odd{{"text", 7}, {"number", "seven"}, {"list", "no"}, {"flag", 1}, {"minus", -3}};
  EXPECT_EQ(text_of(odd, "text"), "");
  EXPECT_EQ(number_of(odd, "number"), 0U);
  EXPECT_EQ(number_of(odd, "minus"), 0U);
  EXPECT_EQ(number_of(odd, "absent"), 0U);
  EXPECT_FALSE(flag_of(odd, "flag"));
  EXPECT_EQ(list_of(odd, "list").size(), 0U);
}

TEST(Fields, NamesFromOutsideAreMadePrintable) {
  EXPECT_EQ(text_of({{"name", "a\x1b[31mb"}}, "name"), "a\\x1b[31mb");
}

class WordsSession : public testing::Test {
 protected:
  Result<int> ask_all(const std::vector<std::string>& names, const Ask& ask) {
    return answer_each(session_, names, ask, [&](const Json& body) { said_.push_back(body); });
  }

  TestContext test_;
  Terminal terminal_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Streams streams_{in_, out_, err_};
  service::Setup setup_;
  ProgressMeter meter_{ProgressMeter::Form::none, err_, terminal_, test_.clock};
  Arguments arguments_;
  Session session_{arguments_, setup_, {terminal_, streams_, meter_, test_.context}};
  std::vector<Json> said_;
};

TEST_F(WordsSession, SaysAtMostTwentyFindingsAndHowManyMore) {
  Json findings = Json::array();
  for (int number = 0; number < 23; ++number)
    findings.push_back({{"subject", "file"}, {"message", "odd " + std::to_string(number)}});
  EXPECT_EQ(say_findings(session_, findings), 23U);
  EXPECT_THAT(out_.str(), HasSubstr("finding  file: odd 19\n"));
  EXPECT_THAT(out_.str(), testing::Not(HasSubstr("odd 20")));
  EXPECT_THAT(out_.str(), HasSubstr("and 3 more; --json prints all"));
}

TEST_F(WordsSession, CallsWhatIsNotInTheSnapshotMissing) {
  say_findings(session_, {{{"subject", "a"}, {"message", "unreadable"}, {"incomplete", true}}});
  EXPECT_THAT(out_.str(), HasSubstr("missing  a: unreadable"));
}

TEST_F(WordsSession, SaysAnErrorWithItsHint) {
  say_error(session_, {{"message", "it broke"}, {"hint", "Mend it."}});
  EXPECT_EQ(out_.str(), "  error  it broke\n  hint   Mend it.\n");
}

TEST_F(WordsSession, GoesOnAfterOneThatFailedAndTheWorstDecides) {
  const auto status = ask_all({"a", "b", "c"}, [](const std::string& name) {
    if (name == "b") return Result<service::Answer>(fail(Code::busy, "b is busy"));
    return Result<service::Answer>(service::Answer{{{"service", name}}, name == "a" ? 1 : 0});
  });
  ASSERT_TRUE(status);
  EXPECT_EQ(*status, 2);
  EXPECT_THAT(said_, ElementsAre(Json{{"service", "a"}}, Json{{"service", "c"}}));
  EXPECT_THAT(err_.str(), HasSubstr("error: b is busy"));
}

TEST_F(WordsSession, TheOnlyOnesErrorIsTheCommands) {
  const auto status = ask_all(
      {"a"}, [](const std::string&) { return Result<service::Answer>(fail(Code::refused, "no")); });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::refused);
}

TEST_F(WordsSession, AnInterruptionEndsItAll) {
  int asked = 0;
  const auto status = ask_all({"a", "b"}, [&](const std::string&) {
    ++asked;
    return Result<service::Answer>(fail(Code::interrupted, "interrupted"));
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace lifeboat::cli
