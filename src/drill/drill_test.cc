#include "drill/drill.h"

#include <functional>

#include "drill/evidence.h"
#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

class DrillTest : public ShopFixture {
 protected:
  Sealed drill(const Request& request) {
    auto sealed = run_drill(request, *repository_, test_.context);
    EXPECT_TRUE(sealed) << (sealed ? "" : sealed.error().describe());
    return std::move(*sealed);
  }

  // Runs all steps, with `defect` done to the restored data before the checks look at it.
  Report drill_with(const std::function<void(const fs::path&)>& defect) {
    const auto request = drill_request();
    DrillState state{request, *repository_, {}, {}, {}, {}};
    state.report.service = "shop";
    state.report.started = test_.clock.now();
    for (auto& step : all_steps()) {
      if (step->name() == "check") defect(state.sandbox->directory() / "data");
      auto done = step->run(state, test_.context);
      EXPECT_TRUE(done) << step->name() << (done ? "" : done.error().describe());
    }
    state.report.tear_down = state.sandbox->destroy();
    const auto judged = judge(state.report);
    state.report.verdict = judged.verdict;
    state.report.reason = judged.reason;
    return state.report;
  }

  static std::vector<std::string> failed_checks(const Report& report) {
    std::vector<std::string> failed;
    for (const auto& check : report.checks)
      if (check.outcome == Outcome::failed) failed.push_back(check.id);
    return failed;
  }

  void expect_caught(const std::function<void(const fs::path&)>& defect, const std::string& by) {
    const auto report = drill_with(defect);
    EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
    const auto failed = failed_checks(report);
    EXPECT_NE(std::find(failed.begin(), failed.end(), by), failed.end())
        << by << " did not fail; " << report.reason;
  }

  static auto sql(const std::string& text) {
    return [text](const fs::path& data) { execute(data / "db.db", text); };
  }
};

TEST_F(DrillTest, AGoodBackupIsProvenWithEvidenceThatAStrangerCanCheck) {
  const auto sealed = drill(drill_request());
  EXPECT_EQ(sealed.report.verdict, Verdict::proven) << sealed.report.reason;
  EXPECT_TRUE(sealed.report.tear_down->clean());
  EXPECT_TRUE(fs::exists(sealed.page));
  const auto json = parse_json(to_text(*read_file(sealed.evidence)));
  ASSERT_TRUE(json);
  EXPECT_TRUE(verify_evidence(*json, to_hex(repository_->root_public())));
  EXPECT_EQ(verify_evidence(*json, std::string(64, '0')).error().code(), Code::check_failed);
}

TEST_F(DrillTest, EvidenceThatSomebodyEditedDoesNotVerify) {
  const auto sealed = drill(drill_request());
  auto json = *parse_json(to_text(*read_file(sealed.evidence)));
  json["evidence"]["verdict"] = "failed";
  EXPECT_FALSE(verify_evidence(json, ""));
}

TEST_F(DrillTest, ProofMakesTheSnapshotTheLatestProven) {
  drill(drill_request());
  const auto list = repository_->snapshots(test_.context);
  ASSERT_TRUE(list);
  EXPECT_TRUE(restore::choose_snapshot(list->snapshots, "shop", {"latest-proven", {}}));
}

TEST_F(DrillTest, WithoutADefectTheSameStepsAreProven) {
  const auto report = drill_with([](const fs::path&) {});
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}

TEST_F(DrillTest, ADroppedTableIsCaught) { expect_caught(sql("DROP TABLE images"), "catalog.db"); }
TEST_F(DrillTest, ALostRowIsCaught) {
  expect_caught(sql("DELETE FROM orders WHERE id = 77"), "counts.db");
}
TEST_F(DrillTest, ATableNamedLikeAFactThatIsNotComparedIsCompared) {
  expect_caught(sql("DELETE FROM excluded WHERE id = 2"), "counts.db");
}
TEST_F(DrillTest, OneChangedValueIsCaught) {
  expect_caught(sql("UPDATE orders SET total = total + 1 WHERE id = 77"), "digests.db");
}
TEST_F(DrillTest, AMissingIndexIsCaught) {
  expect_caught(sql("DROP INDEX orders_total"), "catalog.db");
}
TEST_F(DrillTest, AMissingTriggerIsCaught) {
  expect_caught(sql("DROP TRIGGER no_delete"), "catalog.db");
}
TEST_F(DrillTest, AMissingViewIsCaught) { expect_caught(sql("DROP VIEW totals"), "catalog.db"); }
TEST_F(DrillTest, AnotherUserVersionIsCaught) {
  expect_caught(sql("PRAGMA user_version = 9"), "catalog.db");
}

TEST_F(DrillTest, ALostFileIsCaughtAsFactAndAsBlob) {
  const auto lose = [](const fs::path& data) { fs::remove(data / "uploads" / "2026" / "3.png"); };
  expect_caught(lose, "contents.uploads");
  expect_caught(lose, "blobs.db.images");
}
TEST_F(DrillTest, SwappedFilesAreCaught) {
  expect_caught(
      [](const fs::path& data) {
        const auto folder = data / "uploads" / "2026";
        fs::rename(folder / "3.png", folder / "swap");
        fs::rename(folder / "4.png", folder / "3.png");
        fs::rename(folder / "swap", folder / "4.png");
      },
      "contents.uploads");
}
TEST_F(DrillTest, AChangedModeIsCaught) {
  expect_caught(
      [](const fs::path& data) {
        fs::permissions(data / "uploads" / "2026" / "3.png", fs::perms::owner_all);
      },
      "digests.uploads");
}
TEST_F(DrillTest, AStrangeFileIsCaught) {
  expect_caught(
      [](const fs::path& data) {
        ASSERT_TRUE(write_file(data / "uploads" / "stranger", view_of("x")));
      },
      "counts.uploads");
}

TEST_F(DrillTest, ABlobWhoseRowSaysAnotherSizeIsCaught) {
  execute(live() / "shop.db", "UPDATE images SET size = 1 WHERE id = 2");
  back_up();
  EXPECT_EQ(failed_checks(drill(drill_request()).report),
            std::vector<std::string>{"blobs.db.images"});
}

TEST_F(DrillTest, AnOrphanFileIsAFindingAndStillProven) {
  ASSERT_TRUE(write_file(live() / "uploads" / "orphan.png", view_of("x")));
  back_up();
  const auto report = drill(drill_request()).report;
  EXPECT_EQ(report.verdict, Verdict::proven);
  EXPECT_TRUE(report.reason.starts_with("with findings")) << report.reason;
}

TEST_F(DrillTest, ARowWhoseKeyLeavesTheFolderIsRefused) {
  execute(live() / "shop.db", "UPDATE images SET key = '../shop.db' WHERE id = 2");
  back_up();
  const auto report = drill(drill_request()).report;
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(exit_status(report, false), 4);
}

TEST_F(DrillTest, AQueryWithAnotherAnswerFails) {
  auto request = drill_request();
  request.options.checks = {QueryCheck{
      "orders", "db", "SELECT count(*) FROM orders", {Relation::equal, "501", "== 501"}}};
  EXPECT_EQ(failed_checks(drill(request).report), std::vector<std::string>{"query.orders"});
}

TEST_F(DrillTest, AQueryThatCannotRunIsNotAPass) {
  auto request = drill_request();
  request.options.checks = {
      QueryCheck{"no", "db", "SELECT count(*) FROM nowhere", {Relation::equal, "0", "== 0"}}};
  EXPECT_EQ(drill(request).report.verdict, Verdict::unverified);
}

TEST_F(DrillTest, StaleDataFails) {
  test_.clock.advance(std::chrono::hours(48));
  back_up();
  EXPECT_EQ(failed_checks(drill(drill_request()).report),
            std::vector<std::string>{"freshness.db.orders"});
}

// Equal to a source that had already lost its rows: equality alone would not tell.
TEST_F(DrillTest, ASourceThatHadLostMostOfATableIsWarnedOf) {
  test_.clock.advance(std::chrono::minutes(5));
  execute(live() / "shop.db", "DELETE FROM orders WHERE id > 200; DROP TABLE excluded");
  back_up();
  const auto report = drill(drill_request()).report;
  EXPECT_EQ(report.verdict, Verdict::proven);
  const auto trend = std::ranges::find(report.checks, "trend.db", &CheckResult::id);
  ASSERT_NE(trend, report.checks.end());
  EXPECT_EQ(trend->outcome, Outcome::warned);
  EXPECT_EQ(trend->details,
            (std::vector<std::string>{"tables.excluded.rows is not there any more; it was 2",
                                      "tables.orders.rows is 200, usual is 500"}));
}

TEST_F(DrillTest, ASourceThatIsAsItAlwaysWasHasAGoodTrend) {
  test_.clock.advance(std::chrono::minutes(5));
  back_up();
  const auto report = drill(drill_request()).report;
  const auto trend = std::ranges::find(report.checks, "trend.db", &CheckResult::id);
  ASSERT_NE(trend, report.checks.end());
  EXPECT_EQ(trend->outcome, Outcome::passed);
  EXPECT_EQ(trend->message, "compared with 1 snapshot before it");
}

TEST_F(DrillTest, ACheckOfAnUnknownSourceIsNotAPass) {
  auto request = drill_request();
  request.options.checks = {FreshnessCheck{"nowhere", "orders", "created", std::chrono::hours(1)}};
  EXPECT_EQ(drill(request).report.verdict, Verdict::unverified);
}

TEST_F(DrillTest, AServiceWithoutASnapshotFails) {
  auto request = drill_request();
  request.service = "blog";
  const auto report = drill(request).report;
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(exit_status(report, false), 1);
}

TEST_F(DrillTest, ASandboxInsideProductionIsRefused) {
  auto request = drill_request();
  request.sandboxes = live() / "uploads" / "sandboxes";
  struct stat status{};
  ASSERT_EQ(stat((live() / "uploads").c_str(), &status), 0);
  request.protected_places = {
      {"source uploads",
       {{fs::canonical(live() / "uploads")}, {{status.st_dev, status.st_ino}}},
       false}};
  const auto report = drill(request).report;
  EXPECT_EQ(report.verdict, Verdict::unverified);
  EXPECT_EQ(exit_status(report, false), 4);
  EXPECT_FALSE(fs::exists(request.sandboxes));
}

TEST_F(DrillTest, AnInterruptedDrillTearsDownAndSaysSo) {
  test_.stop.request_stop();
  const auto sealed = drill(drill_request());
  EXPECT_EQ(exit_status(sealed.report, false), 130);
  EXPECT_EQ(sealed.report.verdict, Verdict::unverified);
}

TEST_F(DrillTest, ObjectivesAreJudgedApartFromTheVerdict) {
  auto request = drill_request();
  request.rpo = std::chrono::minutes(1);
  test_.clock.advance(std::chrono::hours(2));
  const auto report = drill(request).report;
  EXPECT_EQ(report.verdict, Verdict::proven);
  EXPECT_EQ(report.measures.rpo, Judgement::missed);
  EXPECT_EQ(exit_status(report, false), 0);
  EXPECT_EQ(exit_status(report, true), 1);
}

}  // namespace
}  // namespace lifeboat::drill
