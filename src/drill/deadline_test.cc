#include "drill/deadline.h"

#include <thread>

#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

class DeadlineTest : public ShopFixture {
 protected:
  Report drill(const Request& request) {
    auto sealed = run_drill(request, *repository_, test_.context);
    EXPECT_TRUE(sealed);
    return std::move(sealed->report);
  }
};

TEST_F(DeadlineTest, ADrillThatTakesLongerThanItMayIsStoppedAndUndecided) {
  auto request = drill_request();
  request.options.within = 1us;
  request.options.before = {{"wait", "sleep 0.1", "", 5s, {}}};
  const auto report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::unverified);
  EXPECT_NE(report.reason.find("longer than the drill may take, 0 ms"), std::string::npos)
      << report.reason;
  EXPECT_EQ(report.diagnoses.front().rule, "time-too-short");
  EXPECT_EQ(exit_status(report, false), 2);
}

TEST_F(DeadlineTest, APersonWhoDoesNotAnswerIsNotWaitedForLongerThanTheDrillMayTake) {
  auto request = drill_request();
  request.options.checks = {ManualCheck{"Open three invoices", ""}};
  request.options.within = 3s;
  request.ask_person = [](const ManualQuestion& question) -> Result<ManualAnswer> {
    const auto begun = std::chrono::steady_clock::now();
    while (!question.stop.stop_requested() && std::chrono::steady_clock::now() - begun < 60s)
      std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(question.stop.stop_requested());
    return ManualAnswer{};
  };
  const auto report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(report.diagnoses.front().rule, "time-too-short");
  EXPECT_EQ(report.error->context().back(), kManualStage);
  request.ask_person = [](const ManualQuestion&) -> Result<ManualAnswer> {
    return ManualAnswer{Outcome::passed, "Ada", ""};
  };
  request.options.within = 1h;
  EXPECT_EQ(drill(request).verdict, Verdict::proven);
}

TEST_F(DeadlineTest, ADrillInTimeIsProven) {
  auto request = drill_request();
  request.options.within = 1h;
  EXPECT_EQ(drill(request).verdict, Verdict::proven);
}

TEST_F(DeadlineTest, APersonWhoStopsItIsToldSoAndNotThatTimeWasUp) {
  auto request = drill_request();
  request.options.within = 1h;
  test_.stop.request_stop();
  EXPECT_EQ(exit_status(drill(request), false), 130);
}

TEST(Deadline, ADrillThatIsForetoldToTakeLongerIsNotBegun) {
  TimeForecast foretold{2h, 3};
  EXPECT_FALSE(judge_time(foretold, Duration(1h)));
  EXPECT_EQ(judge_time(foretold, Duration(1h)).error().code(), Code::timed_out);
  EXPECT_TRUE(judge_time(foretold, Duration(2h)));
  EXPECT_TRUE(judge_time(foretold, std::nullopt));
  EXPECT_TRUE(judge_time(std::nullopt, Duration(1s)));
}

TEST(Deadline, HandsOnAPersonsWish) {
  TestContext test;
  const Deadline deadline(test.context.stop, std::nullopt);
  EXPECT_FALSE(deadline.token().stop_requested());
  test.stop.request_stop();
  EXPECT_TRUE(deadline.token().stop_requested());
  EXPECT_FALSE(deadline.passed());
}

}  // namespace
}  // namespace lifeboat::drill
