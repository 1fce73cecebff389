#include "drill/drill.h"

#include "drill/chain.h"
#include "drill/test_drill.h"

namespace lifeboat::drill {
namespace {

TEST_F(DrillTest, AGoodBackupIsProvenWithEvidenceThatAStrangerCanCheck) {
  const auto sealed = drill(drill_request());
  EXPECT_EQ(sealed.report.verdict, Verdict::proven) << sealed.report.reason;
  EXPECT_TRUE(sealed.report.tear_down->clean());
  EXPECT_TRUE(fs::exists(sealed.page));
  const auto json = parse_json(to_text(*read_file(sealed.evidence)));
  ASSERT_TRUE(json);
  const auto verified =
      verify_evidence(*json, *crypto::VerifyKey::from(repository_->root_public()));
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->digest, sealed.record.digest);
  EXPECT_EQ(verified->evidence["verdict"], "proven");
}

TEST_F(DrillTest, EachRecordNamesTheOneBefore) {
  const auto first = drill(drill_request());
  test_.clock.advance(std::chrono::hours(1));
  auto other_place = drill_request();  // another machine: only the repository joins them
  other_place.reports = scratch_.path() / "elsewhere";
  const auto second = drill(other_place);
  EXPECT_EQ(place_of(first.record.evidence)->position, 1);
  EXPECT_EQ(place_of(second.record.evidence)->position, 2);
  EXPECT_EQ(place_of(second.record.evidence)->previous, first.record.digest);
  EXPECT_TRUE(verify_chain({first.record, second.record}));
  EXPECT_TRUE(second.report.findings.empty());
}

TEST_F(DrillTest, ADrillThatFoundNoSnapshotIsInTheChainToo) {
  auto request = drill_request();
  request.service = "blog";
  const auto first = drill(request);
  request.reports = scratch_.path() / "elsewhere";
  EXPECT_EQ(place_of(drill(request).record.evidence)->previous, first.record.digest);
}

TEST_F(DrillTest, ARecordThatSomebodyEditedIsAFindingOfTheNextDrill) {
  const auto first = drill(drill_request());
  auto json = *parse_json(to_text(*read_file(first.evidence)));
  auto text = to_text(*from_base64(json["payload"].get<std::string>()));
  text.replace(text.find("\"proven\""), 8, "\"failed\"");
  json["payload"] = to_base64(view_of(text));
  ASSERT_TRUE(write_file(first.evidence, view_of(json.dump())));
  const auto second = drill(drill_request());
  ASSERT_EQ(second.report.findings.size(), 1U);
  EXPECT_EQ(second.report.findings[0].code, "evidence-edited");
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

TEST_F(DrillTest, ADroppedTableIsCaught) {
  expect_caught(sql("DROP TABLE images"), "catalog.db", "table-lost");
}
TEST_F(DrillTest, ALostRowIsCaught) {
  expect_caught(sql("DELETE FROM orders WHERE id = 77"), "counts.db", "rows-lost");
}
TEST_F(DrillTest, ATableNamedLikeAFactThatIsNotComparedIsCompared) {
  expect_caught(sql("DELETE FROM excluded WHERE id = 2"), "counts.db", "rows-lost");
}
TEST_F(DrillTest, OneChangedValueIsCaught) {
  expect_caught(sql("UPDATE orders SET total = total + 1 WHERE id = 77"), "digests.db",
                "values-changed");
}
TEST_F(DrillTest, AMissingIndexIsCaught) {
  expect_caught(sql("DROP INDEX orders_total"), "catalog.db", "index-lost");
}
TEST_F(DrillTest, AMissingTriggerIsCaught) {
  expect_caught(sql("DROP TRIGGER no_delete"), "catalog.db", "trigger-lost");
}
TEST_F(DrillTest, AMissingViewIsCaught) {
  expect_caught(sql("DROP VIEW totals"), "catalog.db", "view-lost");
}
TEST_F(DrillTest, AnotherUserVersionIsCaught) {
  expect_caught(sql("PRAGMA user_version = 9"), "catalog.db", "version-changed");
}

TEST_F(DrillTest, ALostFileIsCaughtAsFactAndAsBlob) {
  const auto lose = [](const fs::path& data) { fs::remove(data / "uploads" / "2026" / "3.png"); };
  expect_caught(lose, "contents.uploads", "content-lost");
  expect_caught(lose, "blobs.db.images", "blob-lost");
}
TEST_F(DrillTest, SwappedFilesAreCaught) {
  expect_caught(
      [](const fs::path& data) {
        const auto folder = data / "uploads" / "2026";
        fs::rename(folder / "3.png", folder / "swap");
        fs::rename(folder / "4.png", folder / "3.png");
        fs::rename(folder / "swap", folder / "4.png");
      },
      "contents.uploads", "content-changed");
}
TEST_F(DrillTest, AChangedModeIsCaught) {
  expect_caught(
      [](const fs::path& data) {
        fs::permissions(data / "uploads" / "2026" / "3.png", fs::perms::owner_all);
      },
      "digests.uploads", "attributes-changed");
}
TEST_F(DrillTest, AStrangeFileIsCaught) {
  expect_caught(
      [](const fs::path& data) {
        ASSERT_TRUE(write_file(data / "uploads" / "stranger", view_of("x")));
      },
      "counts.uploads", "files-added");
}

TEST_F(DrillTest, ALostMigrationLedgerIsCaught) {
  execute(live() / "shop.db",
          "CREATE TABLE schema_migrations (version TEXT PRIMARY KEY);"
          "INSERT INTO schema_migrations VALUES ('1'), ('2')");
  back_up();
  expect_caught(sql("DROP TABLE schema_migrations"), "catalog.db", "ledger-lost");
  expect_caught(sql("DELETE FROM schema_migrations WHERE version = '2'"), "catalog.db",
                "ledger-changed");
}
TEST_F(DrillTest, AnEmptiedDatabaseIsCaughtAndExplained) {
  const auto report = drill_with(
      [](const fs::path& data) { ASSERT_TRUE(write_file(data / "db.db", view_of(""))); });
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_NE(rules_of(report), "unexplained") << report.reason;
}

TEST_F(DrillTest, AFileThatWasMissingAtTheBackupIsBlamedOnTheSource) {
  fs::remove(live() / "uploads" / "2026" / "3.png");
  back_up();
  const auto report = drill(drill_request()).report;
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(rules_of(report), "blob-missing-at-the-source");
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

// A second of ours is twenty minutes of it.
class HurriedClock final : public Clock {
 public:
  Time now() const override { return start_; }
  Duration steady() const override { return real_.steady() * 1200; }
  void sleep(Duration time) const override { real_.sleep(time / 1200); }

 private:
  SystemClock real_;
  Time start_ = real_.now();
};

TEST_F(DrillTest, AQueryThatHangsIsNeitherAPassNorTheBackupsFault) {
  auto request = drill_request();
  request.options.checks = {QueryCheck{
      "endless",
      "db",
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
      {Relation::greater, "0", "> 0"}}};
  const HurriedClock clock;
  const RunContext context{test_.stop.get_token(), clock, test_.random, test_.progress, test_.log};
  const auto sealed = run_drill(request, *repository_, context);
  ASSERT_TRUE(sealed) << sealed.error().describe();
  const auto& report = sealed->report;
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(check(report, "query.endless").outcome, Outcome::not_run);
  EXPECT_NE(check(report, "query.endless").message.find("took longer than 5 min"),
            std::string::npos)
      << check(report, "query.endless").message;
  EXPECT_EQ(rules_of(report), "check-not-possible");
  request.options.checks = {QueryCheck{
      "orders", "db", "SELECT count(*) FROM orders", {Relation::equal, "500", "== 500"}}};
  EXPECT_EQ(drill(request).report.verdict, Verdict::proven);
}

// Evidence is shown to people who may not see the data.
TEST_F(DrillTest, WhatStandsInARowIsInNoAnswer) {
  execute(live() / "shop.db", "INSERT INTO notes VALUES ('\"ada@example.org\"')");
  back_up();
  auto request = drill_request();
  const auto ask = [&](const std::string& name, const std::string& text, Expectation expect) {
    request.options.checks.push_back(QueryCheck{name, "db", text, std::move(expect)});
  };
  ask("text", "SELECT note FROM notes", {Relation::equal, "x", "== x"});
  ask("order", "SELECT note FROM notes", {Relation::less, "5", "< 5"});
  ask("number", "SELECT count(*) FROM notes", {Relation::equal, "2", "== 2"});
  ask("nothing", "SELECT max(id) FROM orders WHERE id < 0", {Relation::equal, "2", "== 2"});
  request.options.checks.push_back(FreshnessCheck{"db", "notes", "note", std::chrono::hours(1)});
  const auto report = drill(request).report;
  EXPECT_EQ(check(report, "query.text").message, "expected == x, found a text of 17 letters");
  EXPECT_EQ(check(report, "query.text").outcome, Outcome::failed);
  EXPECT_EQ(check(report, "query.order").message,
            "a text of 17 letters cannot be compared by \"< 5\": not two numbers");
  EXPECT_EQ(check(report, "query.number").message, "expected == 2, found 1");
  EXPECT_EQ(check(report, "query.nothing").message, "expected == 2, found null");
  EXPECT_EQ(check(report, "freshness.db.notes").message,
            "the newest value, a text of 17 letters, is not a time");
  EXPECT_EQ(canonical_json(to_json(report)).find("ada@"), std::string::npos);
  for (const auto& each : fs::recursive_directory_iterator(request.reports))
    if (each.is_regular_file()) {
      EXPECT_EQ(to_text(*read_file(each.path())).find("ada@"), std::string::npos) << each.path();
    }
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
