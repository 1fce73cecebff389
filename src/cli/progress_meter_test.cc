#include "cli/progress_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace lifeboat::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class Meter : public testing::Test {
 protected:
  ManualClock clock_{Time(seconds(1'763'718'300))};
  std::ostringstream stream_;
  Terminal terminal_;
};

TEST_F(Meter, ShowsNothingOfARunThatIsOverInTwoSeconds) {
  ProgressMeter meter(ProgressMeter::Form::bar, stream_, terminal_, clock_);
  meter.stage("backup", 100);
  clock_.advance(milliseconds(1900));
  meter.advance(50, 1);
  meter.clear();
  EXPECT_EQ(stream_.str(), "");
}

TEST_F(Meter, ShowsRateAndTimeLeft) {
  ProgressMeter meter(ProgressMeter::Form::bar, stream_, terminal_, clock_);
  meter.stage("restore", 4'000'000'000);
  clock_.advance(seconds(10));
  meter.advance(1'000'000'000, 3);
  EXPECT_THAT(
      stream_.str(),
      HasSubstr("restore  [#####...............]  1.0 GB of 4.0 GB  25 %  100.0 MB/s  ETA 31 s"));
}

TEST_F(Meter, ShowsAnEstimateAsOne) {
  ProgressMeter meter(ProgressMeter::Form::bar, stream_, terminal_, clock_);
  meter.stage("reading uploads", 0);
  meter.total(4'000'000'000);
  clock_.advance(seconds(10));
  meter.advance(1'000'000'000, 3);
  EXPECT_THAT(stream_.str(), HasSubstr("1.0 GB of about 4.0 GB  25 %  100.0 MB/s  ETA 31 s"));
}

TEST_F(Meter, DropsAnEstimateThatWasTooSmall) {
  ProgressMeter meter(ProgressMeter::Form::bar, stream_, terminal_, clock_);
  meter.stage("reading uploads", 0);
  meter.total(1'000'000);
  clock_.advance(seconds(10));
  meter.advance(2'000'000, 3);
  EXPECT_THAT(stream_.str(), HasSubstr("reading uploads  2.0 MB  3 items  200.0 kB/s"));
  EXPECT_THAT(stream_.str(), Not(HasSubstr("about")));
}

TEST_F(Meter, TheNextStageKnowsNothingOfAnEstimate) {
  ProgressMeter meter(ProgressMeter::Form::bar, stream_, terminal_, clock_);
  meter.total(1'000'000);
  meter.stage("restore", 2'000'000);
  clock_.advance(seconds(10));
  meter.advance(1'000'000, 1);
  EXPECT_THAT(stream_.str(), HasSubstr("of 2.0 MB"));
}

TEST_F(Meter, WantsAnEstimateOnlyForABar) {
  using Form = ProgressMeter::Form;
  for (const auto form : {Form::none, Form::bar, Form::lines, Form::events})
    EXPECT_EQ(ProgressMeter(form, stream_, terminal_, clock_).wants_total(), form == Form::bar);
}

TEST_F(Meter, TakesTheBarAwayAgain) {
  {
    ProgressMeter meter(ProgressMeter::Form::bar, stream_, terminal_, clock_);
    clock_.advance(seconds(3));
    meter.advance(1, 1);
  }
  EXPECT_TRUE(stream_.str().ends_with("\r\x1b[K"));
}

TEST_F(Meter, NeverDrawsOverTheEdge) {
  ProgressState state;
  state.stage = "a stage of a very long name that would not fit";
  state.total = 1'000'000;
  state.bytes = 999'999;
  EXPECT_LE(columns(bar_line(state, 60)), 60U);
}

TEST_F(Meter, PaintsAtMostTenTimesASecond) {
  ProgressMeter meter(ProgressMeter::Form::bar, stream_, terminal_, clock_);
  clock_.advance(seconds(3));
  for (int step = 0; step < 1000; ++step) {
    clock_.advance(milliseconds(1));
    meter.advance(1, 0);
  }
  const auto text = stream_.str();
  EXPECT_LE(std::count(text.begin(), text.end(), '\r'), 11);
}

TEST_F(Meter, WritesAPlainLineEveryTenSecondsElsewhere) {
  ProgressMeter meter(ProgressMeter::Form::lines, stream_, terminal_, clock_);
  meter.stage("verify", 0);
  for (int second = 0; second < 25; ++second) {
    clock_.advance(seconds(1));
    meter.advance(1'000'000, 2);
  }
  EXPECT_EQ(stream_.str(),
            "verify  10.0 MB  20 items  1.0 MB/s\n"
            "verify  20.0 MB  40 items  1.0 MB/s\n");
}

TEST_F(Meter, WritesEventsForMachines) {
  ProgressMeter meter(ProgressMeter::Form::events, stream_, terminal_, clock_);
  meter.stage("verify", 9);
  clock_.advance(seconds(3));
  meter.advance(5, 1);
  EXPECT_EQ(stream_.str(),
            "{\"bytes\":5,\"event\":\"progress\",\"items\":1,\"stage\":\"verify\",\"total\":9}\n");
}

}  // namespace
}  // namespace lifeboat::cli
