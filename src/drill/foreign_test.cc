#include "drill/foreign.h"

#include <sys/stat.h>

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "drill/sabotage.h"
#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

using ::testing::HasSubstr;

// A service whose only backups are copies of its database, made by `sqlite3 .backup`.
class ForeignFixture : public ShopFixture {
 protected:
  void SetUp() override {
    make_application();
    open_repository();
    ASSERT_TRUE(make_directories(dumps_));
    add_backup("shop-2025-11-20.db");
  }

  void add_backup(const std::string& name) {
    fs::copy_file(live_ / "shop.db", dumps_ / name, fs::copy_options::overwrite_existing);
  }

  Request foreign_request() {
    Request request;
    request.service = "shop";
    request.options.name = "test";
    request.takes = false;
    request.sandboxes = scratch_.path() / "sandboxes";
    request.reports = scratch_.path() / "reports";
    ForeignSource source;
    source.name = "legacy";
    source.options.from = dumps_.string();
    source.options.pattern = "shop-*.db";
    source.options.format = "sqlite";
    request.foreign.push_back(std::move(source));
    return request;
  }

  Report drill(const Request& request) {
    auto sealed = run_drill(request, *repository_, test_.context);
    EXPECT_TRUE(sealed) << sealed.error().describe();
    test_.clock.advance(std::chrono::minutes(1));
    return sealed ? std::move(sealed->report) : Report();
  }

  static Check orders() {
    return QueryCheck{"orders",
                      "legacy",
                      "SELECT count(*) FROM orders",
                      {Relation::greater_or_equal, "100", ">= 100"}};
  }

  fs::path dumps_ = scratch_.path() / "dumps";
};

const CheckResult* result_of(const Report& report, const std::string& id) {
  for (const auto& check : report.checks)
    if (check.id == id) return &check;
  return nullptr;
}

TEST_F(ForeignFixture, IsProvenByAQuestionThatKnowsWhatOughtToBeInIt) {
  auto request = foreign_request();
  request.options.checks = {orders()};
  const auto report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("carries no facts"));
  EXPECT_FALSE(report.snapshot);
  EXPECT_TRUE(report.foreign[0].questioned);
}

TEST_F(ForeignFixture, IsNotProvenByItsFormAlone) {
  const auto report = drill(foreign_request());
  EXPECT_EQ(report.verdict, Verdict::unverified);
  EXPECT_THAT(report.reason, HasSubstr("nothing says yet"));
  EXPECT_TRUE(std::ranges::any_of(report.diagnoses, [](const Diagnosis& each) {
    return each.rule == "foreign-nothing-asked";
  }));
}

TEST_F(ForeignFixture, IsProvenByAProgramThatIsHandedItAndByNoOther) {
  const auto drill_with = [&](const std::string& run) {
    auto request = foreign_request();
    CommandCheck program;
    program.name = "look";
    program.run = run;
    request.options.checks = {program};
    return drill(request);
  };
  EXPECT_THAT(drill_with("true").reason, HasSubstr("nothing says yet"));
  const auto report = drill_with("test -s ${sandbox.legacy.path}");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(report.foreign[0].questioned);
  const auto failed = drill_with("test ! -s ${sandbox.legacy.path}");
  EXPECT_EQ(failed.verdict, Verdict::failed);
  EXPECT_FALSE(failed.foreign[0].questioned) << "a waiver of that check would prove it";
  EXPECT_EQ(drill_with("kill -9 $$ # ${sandbox.legacy.path}").verdict, Verdict::unverified);
}

TEST_F(ForeignFixture, TheSameBackupAgainIsNoComparison) {
  drill(foreign_request());
  EXPECT_EQ(drill(foreign_request()).verdict, Verdict::unverified);
  add_backup("shop-2025-11-21.db");
  const auto report = drill(foreign_request());
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(result_of(report, "trend.legacy")->outcome, Outcome::passed);
}

TEST_F(ForeignFixture, TheSameThatAProgramBringsAgainIsNoComparisonEither) {
  auto request = foreign_request();
  auto& options = request.foreign[0].options;
  options = {};
  options.restore = "cp '" + (dumps_ / "shop-2025-11-20.db").string() + "' shop.db";
  options.database = "shop.db";
  for (int again = 0; again < 3; ++again) {
    const auto report = drill(request);
    EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
    EXPECT_EQ(result_of(report, "trend.legacy"), nullptr);
  }
  execute(dumps_ / "shop-2025-11-20.db", "INSERT INTO orders (total) VALUES (7)");
  for (int again = 0; again < 2; ++again) {
    const auto report = drill(request);
    EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
    EXPECT_EQ(result_of(report, "trend.legacy")->outcome, Outcome::passed);
  }
}

TEST_F(ForeignFixture, AnyDetailOfTheTrendIsToldFromItsTwin) {
  const std::vector<std::tuple<std::string, Outcome, std::string>> changes{
      {"DROP TABLE notes", Outcome::failed, "tables.notes.rows is gone"},
      {"DELETE FROM orders", Outcome::failed, "tables.orders.rows is 0"},
      {"DELETE FROM orders WHERE id > 249", Outcome::failed, "is 249, usual is 500"},
      {"DELETE FROM orders WHERE id > 250", Outcome::passed, "compared with 1 backup"},
      {"DROP INDEX orders_total", Outcome::warned, "is gone from the schema"},
      {"CREATE TABLE more(id)", Outcome::warned, "is new in the schema"},
      {"ALTER TABLE images ADD COLUMN more", Outcome::warned, "another definition"}};
  drill(foreign_request());
  for (const auto& [sql, outcome, message] : changes) {
    SCOPED_TRACE(sql);
    // Without the trigger, which forbids nothing but is in the way of a rename.
    add_backup("shop-2025-11-21.db");
    execute(dumps_ / "shop-2025-11-21.db", sql);
    auto request = foreign_request();
    request.reports = scratch_.path() / "reports";
    DrillState state{request, *repository_, Report(), {}, {}, {}};
    state.report.started = test_.clock.now();
    for (auto& step : all_steps()) {
      const auto done = step->run(state, test_.context);
      ASSERT_TRUE(done) << done.error().describe();
    }
    const auto* trend = result_of(state.report, "trend.legacy");
    ASSERT_NE(trend, nullptr);
    EXPECT_EQ(trend->outcome, outcome) << trend->message;
    EXPECT_THAT(trend->message, HasSubstr(message));
  }
}

TEST_F(ForeignFixture, ItsAgeIsJudgedByTheNameOrTheFile) {
  auto request = foreign_request();
  request.options.checks = {orders()};
  request.foreign[0].options.within = std::chrono::hours(2);
  // The file was written now, years after the day in its name: the older counts.
  auto report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(result_of(report, "age.legacy")->outcome, Outcome::failed);
  add_backup("shop-2025-11-21_0900.db");  // 45 minutes before the clock of this test
  fs::remove(dumps_ / "shop-2025-11-20.db");
  report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_LT(*report.measures.rpo_age, std::chrono::hours(1));
  request.time_zone = "America/New_York";  // where 09:00 is still to come
  report = drill(request);
  EXPECT_FALSE(report.measures.rpo_age);
}

TEST_F(ForeignFixture, HasNoAgeWhenAProgramBringsIt) {
  auto request = foreign_request();
  request.options.checks = {orders()};
  auto& options = request.foreign[0].options;
  options = {};
  options.restore = "cp '" + (dumps_ / "shop-2025-11-20.db").string() + "' shop.db; echo copied";
  options.database = "shop.db";
  const auto report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_FALSE(report.measures.rpo_age);
  EXPECT_EQ(to_text(*read_file(report.foreign[0].log)), "copied\n");
}

TEST_F(ForeignFixture, AMixedServiceIsProvenOnlyWhenBothAre) {
  back_up();
  auto request = drill_request();
  request.foreign = foreign_request().foreign;
  EXPECT_EQ(drill(request).verdict, Verdict::unverified);
  request.options.checks.push_back(orders());
  const auto report = drill(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("equals what was backed up"));
  EXPECT_THAT(report.reason, HasSubstr("carries no facts"));
}

TEST_F(ForeignFixture, IsNotSabotagedForNothingSaysWhatWasTrue) {
  auto request = foreign_request();
  request.options.checks = {orders()};
  const auto refused = run_sabotage(request, *repository_, test_.context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::usage);
  EXPECT_THAT(refused.error().describe(), HasSubstr("carries no facts"));
  back_up();
  auto mixed = drill_request();
  mixed.foreign = request.foreign;
  mixed.options.checks.push_back(orders());
  const auto report = run_sabotage(mixed, *repository_, test_.context);
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(report->caught(), report->planted());
  for (const auto& each : report->defects)
    EXPECT_TRUE(each.planted.empty() || each.source != "legacy") << each.defect;
}

TEST_F(ForeignFixture, WaitsForABackupThatIsStillWritten) {
  const auto tree = dumps_ / "tree";
  ASSERT_TRUE(make_directories(tree));
  // So many that somebody who writes each millisecond does so while they are read.
  for (int number = 0; number < 1000; ++number)
    std::ofstream(tree / ("file-" + std::to_string(number))) << "whole";
  fs::copy_file(live_ / "shop.db", tree / "shop.db");
  auto request = foreign_request();
  request.options.checks = {orders()};
  auto& options = request.foreign[0].options;
  options = {};
  options.from = tree.string();
  options.format = "files";
  options.database = "shop.db";
  {
    const std::jthread writer([&](const std::stop_token& stop) {
      for (int number = 1; !stop.stop_requested(); ++number) {
        std::ofstream(tree / std::to_string(number)) << "part";
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    const auto report = drill(request);
    EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
    EXPECT_TRUE(has_rule(report, "foreign-being-written")) << rules_of(report);
  }
  EXPECT_EQ(drill(request).verdict, Verdict::proven);
}

TEST_F(ForeignFixture, LeavesTheBackupAsItWas) {
  const auto before = *read_file(dumps_ / "shop-2025-11-20.db");
  drill(foreign_request());
  EXPECT_EQ(*read_file(dumps_ / "shop-2025-11-20.db"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(dumps_), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace lifeboat::drill
