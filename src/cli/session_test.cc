#include "cli/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/json_value.h"
#include "base/test_context.h"

namespace lifeboat::cli {
namespace {

using testing::HasSubstr;

class SessionTest : public testing::Test {
 protected:
  Result<void> confirm(const std::string& answer, Arguments::Values values = {}) {
    in_.str(answer);
    const Arguments arguments(std::move(values));
    Session session(arguments, setup_, {terminal_, streams_, meter_, test_.context});
    return session.confirm("Three snapshots will go.");
  }

  TestContext test_;
  Terminal terminal_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Streams streams_{in_, out_, err_};
  service::Setup setup_;
  ProgressMeter meter_{ProgressMeter::Form::none, err_, terminal_, test_.clock};
};

TEST_F(SessionTest, GoesOnAfterYesAndNothingElse) {
  terminal_.in_is_terminal = true;
  EXPECT_TRUE(confirm("yes\n"));
  EXPECT_THAT(err_.str(), HasSubstr("Three snapshots will go. Type yes to go on: "));
  for (const auto* answer : {"y\n", "\n", "YES\n", ""}) {
    const auto refused = confirm(answer);
    ASSERT_FALSE(refused) << answer;
    EXPECT_EQ(refused.error().code(), Code::refused);
  }
}

TEST_F(SessionTest, RefusesWithoutATerminalToAskAt) {
  const auto refused = confirm("yes\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(info_of(refused.error().code()).exit_status, 4);
  EXPECT_THAT(std::string(refused.error().hint()), HasSubstr("--yes"));
}

TEST_F(SessionTest, DoesNotAskWithYesGiven) {
  EXPECT_TRUE(confirm("", {{"yes", {""}}}));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(SessionTest, DoesNotAskAMachine) {
  terminal_.in_is_terminal = true;
  EXPECT_FALSE(confirm("yes\n", {{"json", {""}}}));
}

TEST_F(SessionTest, ReportsErrorsWithTheirHintAndStatus) {
  const Error error = Error(Code::busy, "service shop\x1b is in use").with_hint("Wait.");
  EXPECT_EQ(report_error(error, terminal_, streams_, false), 2);
  EXPECT_EQ(err_.str(), "error: service shop\\x1b is in use\nhint: Wait.\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(SessionTest, WrapsErrorsAtATerminalAndNowhereElse) {
  const Error error = Error(Code::busy, "one two three").with_hint("four five six seven");
  terminal_.width = 18;
  report_error(error, terminal_, streams_, false);
  EXPECT_EQ(err_.str(), "error: one two three\nhint: four five six seven\n");
  err_.str("");
  terminal_.err_is_terminal = true;
  report_error(error, terminal_, streams_, false);
  EXPECT_EQ(err_.str(), "error: one two\n       three\nhint: four five\n      six seven\n");
  err_.str("");
  report_error(Error(Code::config_invalid, "mistakes\n  line 3: one two three").with_hint("Mend."),
               terminal_, streams_, false);
  EXPECT_EQ(err_.str(), "error: mistakes\n  line 3: one\n    two three\nhint: Mend.\n");
}

TEST_F(SessionTest, ReportsErrorsAsAnEventToMachines) {
  const Error error = Error(Code::refused, "no").with_hint("Why.");
  EXPECT_EQ(report_error(error, terminal_, streams_, true), 4);
  EXPECT_EQ(out_.str(),
            "{\"error\":{\"code\":\"refused\",\"hint\":\"Why.\",\"message\":\"no\"},"
            "\"event\":\"error\",\"exit\":4}\n");
}

}  // namespace
}  // namespace lifeboat::cli
