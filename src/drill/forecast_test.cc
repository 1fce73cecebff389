#include "drill/forecast.h"

#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

// A record of a drill whose restore took `restore` and whose other stages a second together.
SignedRecord record(std::uint64_t bytes, std::int64_t restore, const Json& more = Json::object()) {
  SignedRecord made;
  made.evidence = {{"drill", "test"},
                   {"tier", "full"},
                   {"snapshot", {{"bytes", bytes}}},
                   {"stages",
                    {{{"name", "locate"}, {"milliseconds", 1000}},
                     {{"name", "restore"}, {"milliseconds", restore}},
                     {{"name", "manual"}, {"milliseconds", 900'000}}}},
                   {"measures", {{"memory", {{"own", 500}, {"application", restore}}}}}};
  made.evidence.update(more);
  return made;
}

const Ahead kAhead{"test", "full", 1000};

TEST(Forecast, WithoutAnEarlierDrillTheTimeIsNotKnown) {
  EXPECT_FALSE(forecast_time(like_drills({}, kAhead), kAhead));
  EXPECT_FALSE(peak_of({}, "own"));
}

TEST(Forecast, RestoringTakesAsLongAsThereAreBytesAndPeopleAreNotCounted) {
  const auto time = forecast_time(like_drills({record(500, 2000)}, kAhead), kAhead);
  ASSERT_TRUE(time);
  EXPECT_EQ(time->whole, 5s);
  EXPECT_EQ(time->drills, 1U);
}

TEST(Forecast, TheMiddleOfSeveralDrillsCounts) {
  const auto like =
      like_drills({record(1000, 90'000), record(1000, 2000), record(1000, 1000)}, kAhead);
  EXPECT_EQ(forecast_time(like, kAhead)->whole, 3s);
  EXPECT_EQ(peak_of(like, "application"), 90'000U);
}

TEST(Forecast, DrillsThatSayNothingAboutThisOneAreLeftOut) {
  const std::vector unlike{record(10, 2000), record(100'000, 2000),
                           record(1000, 2000, {{"drill", "other"}}),
                           record(1000, 2000, {{"tier", "quick"}}),
                           record(1000, 2000, {{"error", {{"code", "no_space"}}}})};
  EXPECT_TRUE(like_drills(unlike, kAhead).empty());
}

TEST(Forecast, OnlyTheNewestDrillsCount) {
  std::vector<SignedRecord> records(10, record(1000, 9000));
  for (int i = 0; i < 5; ++i) records.push_back(record(1000, 1000));
  EXPECT_EQ(forecast_time(like_drills(records, kAhead), kAhead)->whole, 2s);
}

class PreflightTest : public ShopFixture {
 protected:
  Report drill(const Request& request) {
    auto sealed = run_drill(request, *repository_, test_.context);
    EXPECT_TRUE(sealed);
    return std::move(sealed->report);
  }

  static Request with_application(Request request, std::uint64_t memory) {
    request.options.app.emplace().limits.memory = memory;
    request.options.app->names_memory = true;
    request.options.app->processes = {{"app", "exit 3"}};
    return request;
  }

  static bool restored_nothing(const Report& report) {
    return report.measures.bytes_restored == 0 && !report.tear_down;
  }
};

TEST_F(PreflightTest, WhereThereIsRoomTheNumbersAreInTheReport) {
  const auto report = drill(drill_request());
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  const auto json = to_json(report)["forecast"];
  EXPECT_GT(json["disk"]["needed"], report.snapshot->bytes);
  EXPECT_GT(json["disk"]["free"], json["disk"]["needed"]);
  EXPECT_GT(json["memory"]["available"], 0);
  EXPECT_FALSE(json["time"].contains("predicted_ms"));
}

TEST_F(PreflightTest, TheSecondDrillIsForetoldByTheFirst) {
  drill(drill_request());
  test_.clock.advance(1h);
  const auto report = drill(drill_request());
  ASSERT_TRUE(report.forecast->time);
  EXPECT_EQ(report.forecast->time->drills, 1U);
  EXPECT_TRUE(report.forecast->memory->own);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}

TEST_F(PreflightTest, WhoeverWaitsIsToldBeforeAnythingIsFetched) {
  auto request = drill_request();
  std::string told;
  bool was_early = false;
  request.tell_person = [&](const std::string& sentence) {
    told += sentence;
    was_early = !fs::exists(request.sandboxes);
  };
  const auto report = drill(request);
  EXPECT_EQ(told, sentence_of(*report.forecast));
  EXPECT_NE(told.find("a time that no earlier drill tells; disk "), std::string::npos) << told;
  EXPECT_TRUE(was_early);
}

TEST_F(PreflightTest, TooLittleMemoryIsUnverifiedBeforeAnythingIsFetched) {
  const auto report = drill(with_application(drill_request(), 1ULL << 50U));
  EXPECT_EQ(report.verdict, Verdict::unverified);
  EXPECT_TRUE(restored_nothing(report));
  EXPECT_NE(report.reason.find("the drill needs 1.1 PB of memory"), std::string::npos)
      << report.reason;
  EXPECT_EQ(report.diagnoses.front().rule, "memory-too-small");
}

TEST_F(PreflightTest, EnoughMemoryLetsItGoOn) {
  const auto report = drill(with_application(drill_request(), 1U << 20U));
  EXPECT_GT(report.measures.bytes_restored, 0U);
  EXPECT_EQ(report.forecast->memory->application, 1U << 20U);
}

TEST_F(PreflightTest, ALimitThatNobodyNamedIsNoForecast) {
  auto request = with_application(drill_request(), 1ULL << 50U);
  request.options.app->names_memory = false;
  const auto report = drill(request);
  EXPECT_GT(report.measures.bytes_restored, 0U);
  EXPECT_FALSE(report.forecast->memory->application);
}

TEST_F(PreflightTest, TooLittleDiskIsUnverifiedBeforeAnythingIsFetched) {
  auto request = drill_request();
  request.sandboxes = "/proc/sandboxes";  // a file system that never has room
  const auto report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::unverified);
  EXPECT_TRUE(restored_nothing(report));
  EXPECT_NE(report.reason.find("/proc/sandboxes has 0 B"), std::string::npos) << report.reason;
  EXPECT_EQ(report.diagnoses.front().rule, "sandbox-too-small");
}

}  // namespace
}  // namespace lifeboat::drill
