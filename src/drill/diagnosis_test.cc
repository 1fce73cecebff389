#include "drill/diagnosis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "drill/symptom.h"
#include "drill/test_defects.h"

namespace lifeboat::drill {
namespace {
using Kind = Sign::Kind;

struct PlantedDefect {
  std::string rule;
  Report report;
};

std::vector<PlantedDefect> stage_defects() {
  return {
      {"store-denied", stopped("locate", Code::damage_found)},
      {"store-silent", stopped("restore", Code::unavailable)},
      {"store-silent", stopped("locate", Code::timed_out)},
      {"store-denied", stopped("open", Code::damage_found)},
      {"repository-gone", stopped("open", Code::not_found)},
      {"wrong-key", stopped("open", Code::wrong_key)},
      {"no-snapshot-left", stopped("locate", Code::corrupt)},
      {"never-backed-up", stopped("locate", Code::not_found)},
      {"none-complete", stopped("locate", Code::incomplete)},
      {"nothing-at-that-moment", stopped("locate", Code::not_restorable)},
      {"chain-broken", stopped("fetch", Code::not_restorable)},
      {"log-hole", stopped("restore", Code::not_restorable, "entries of the log are missing: 1")},
      {"wrong-key", stopped("fetch", Code::wrong_key)},
      {"newer-format", stopped("fetch", Code::unsupported_format)},
      {"snapshot-incomplete", stopped("fetch", Code::incomplete)},
      {"session-damaged", stopped("fetch", Code::corrupt, "sessions/a/1: signature")},
      {"session-damaged", stopped("restore", Code::damage_found, "packs/e0: sessions/a/1: gone")},
      {"manifest-damaged", stopped("fetch", Code::corrupt)},
      {"object-lost", stopped("restore", Code::damage_found, "chunk 1: no pack holds it")},
      {"object-lost", stopped("restore", Code::damage_found, "packs/e0: No such file")},
      {"object-damaged", stopped("restore", Code::damage_found)},
      {"object-damaged", stopped("restore", Code::corrupt)},
      {"restored-unreadable", stopped("check", Code::check_failed)},
      {"sandbox-too-small", stopped("preflight", Code::no_space)},
      {"cache-full", stopped("fetch", Code::no_space, "the cache /var/cache/lifeboat/1: full")},
      {"time-too-short", stopped("restore", Code::timed_out, "longer than the drill may take")},
      {"server-missing", stopped("preflight", Code::unavailable, "a drill of it restores to it")},
      {"server-older", stopped("provision", Code::unavailable, "MongoDB 7.0.1: it is older than")},
      {"server-failed", stopped("provision", Code::unavailable, "mongod ended")},
      {"memory-too-small", stopped("preflight", Code::unavailable)},
      {"production-refused", stopped("preflight", Code::refused)},
      {"scratch-refused", stopped("preflight", Code::refused, "would make databases on db:1, and")},
      {"scratch-refused", stopped("preflight", Code::refused, "which this run has not made")},
      {"scratch-silent",
       stopped("preflight", Code::unavailable, "the server of sandbox: {uri}: no answer")},
      {"refused", stopped("check", Code::refused)},
      {"other-run", stopped("restore", Code::busy)},
      {"interrupted", stopped("restore", Code::interrupted)},
      {"rights-missing", stopped("restore", Code::permission_denied)},
      {"configuration", stopped("locate", Code::config_invalid)},
      {"machine-failed", stopped("restore", Code::io_error)},
      {"defect-in-lifeboat", stopped("restore", Code::internal)},
  };
}

Report with_sandbox(std::vector<std::string> left, bool vanished) {
  auto report = sound_report();
  report.tear_down = sandbox::TearDownProof{"token", {}, std::move(left)};
  report.tear_down->vanished = vanished;
  return report;
}

Report with_escaping_key() {
  auto report = sound_report();
  add(report, "blobs.db.images", Outcome::not_run, {}).refused = true;
  return report;
}

std::vector<PlantedDefect> database_defects() {
  return {
      {"sandbox-left", with_sandbox({"/sandbox"}, false)},
      {"scratch-refused", saying("scratch", "it is that of source shop/db", Outcome::not_run)},
      {"sandbox-vanished", with_sandbox({}, true)},
      {"log-broken", saying("pitr.db", "a hole", Outcome::failed)},
      {"moment-missed", saying("boundary.db", "marker 7 is", Outcome::failed)},
      {"no-marker-in-log", saying("boundary.db", "no marker", Outcome::not_run)},
      {"log-not-archived", saying("pitr.db", "use `lifeboat log follow shop`", Outcome::not_run)},
      {"snapshot-without-log",
       saying("pitr.db", "the snapshot has no place in a log", Outcome::not_run)},
      {"server-unlike", saying("server.db", "X, and it came from Y", Outcome::not_run)},
      {"log-facts-unknown", saying("replayed.db", "1 fact is not known", Outcome::not_run)},
      {"newest-missing", with_sign("newest", {Kind::missing, "snapshots/a/3", "", ""})},
      {"newest-newer-format", with_sign("newest", {Kind::different, "a/3", "", "a newer format"})},
      {"newest-unreadable", with_sign("newest", {Kind::different, "snapshots/a/3", "", ""})},
      {"newest-incomplete", saying("newest", "it is not complete", Outcome::warned)},
      {"nothing-asked", without_proof(sound_report())},
      {"key-leaves-folder", with_escaping_key()},
      {"data-unreadable", cut_short()},
      {"facts-missing", saying("facts.db", "the snapshot holds no facts of this source")},
      {"database-empty", with_sign("catalog.db", {Kind::different, "page_count", "12", "0"})},
      {"ledger-lost", with_sign("catalog.db", {Kind::missing, "migrations._prisma", "", ""})},
      {"ledger-changed",
       with_sign("catalog.db", {Kind::different, "migrations._prisma.applied", "7", "6"})},
      {"table-lost", with_sign("catalog.db", {Kind::missing, "tables.orders", "", ""})},
      {"index-lost", with_sign("catalog.db", {Kind::missing, "objects.index by_total", "", ""})},
      {"trigger-lost", with_sign("catalog.db", {Kind::missing, "objects.trigger t", "", ""})},
      {"view-lost", with_sign("catalog.db", {Kind::missing, "objects.view v", "", ""})},
      {"schema-object-lost", with_sign("catalog.db", {Kind::missing, "objects.table t", "", ""})},
      {"schema-added", with_sign("catalog.db", {Kind::added, "tables.stranger", "", ""})},
      {"schema-changed",
       with_sign("catalog.db", {Kind::different, "schema_fingerprint", "a", "b"})},
      {"account-lost", with_sign("accounts.db", {Kind::missing, "accounts.users.anna", "", ""})},
      {"account-added", with_sign("accounts.db", {Kind::added, "accounts.roles.boss", "", ""})},
      {"account-changed", with_sign("accounts.db", {Kind::different, "accounts.roles", "1", "2"})},
      {"version-changed", with_sign("catalog.db", {Kind::different, "user_version", "3", "9"})},
      {"settings-changed", with_sign("catalog.db", {Kind::different, "encoding", "a", "b"})},
      {"rows-lost", with_sign("counts.db", {Kind::different, "tables.orders.rows", "5000", "157"})},
      {"rows-added", with_sign("counts.db", {Kind::different, "tables.orders.rows", "1", "2"})},
      {"values-changed",
       with_sign("digests.db", {Kind::different, "tables.orders.digest", "\"a\"", "\"b\""})},
      {"layout-changed", with_sign("catalog.db", {Kind::different, "page_count", "12", "11"})},
      {"damaged-at-the-source", saying("integrity.db", "row 7 missing from index")},
      {"pages-damaged", without_proof(saying("integrity.db", "row 7 missing from index"))},
      {"gridfs-hole-at-the-source", saying("gridfs.db", "1 file is not whole")},
      {"gridfs-hole", with_lost_rows(saying("gridfs.db", "1 file is not whole"))},
      {"clock-wrong", saying("freshness.db.orders", "1 h after the backup: a clock is wrong")},
      {"nothing-written", saying("freshness.db.orders", "orders is empty")},
      {"writes-stopped", saying("freshness.db.orders", "the newest is 3 d before the backup")},
      {"wrong-at-the-source", saying("query.orders", "expected >= 100, found 3")},
      {"answer-wrong", without_proof(saying("query.orders", "expected >= 100, found 3"))},
      {"migrations-open", saying("migrations.db.schema_migrations", "1 is pending")},
      {"migrations-odd", saying("migrations.db", "locked", Outcome::warned)},
      {"all-rewritten", saying("rewritten.db", "97 % is not in this one", Outcome::warned)},
      {"erased-come-back", saying("erased-since", "2 newer snapshots", Outcome::warned)},
      {"another-source", saying("trend.db", "nothing is left of what was always there")},
      {"trend-broken", saying("trend.db", "half the rows", Outcome::warned)},
      {"disk-full", saying("query.orders", "database or disk is full", Outcome::not_run)},
      {"check-not-possible", saying("query.orders", "no such table", Outcome::not_run)},
  };
}

std::vector<PlantedDefect> file_defects() {
  const Sign lost{Kind::missing, "2026/3.png", "", "is missing"};
  const Sign changed{Kind::different, "2026/3.png", "", "has other contents"};
  auto orphans = sound_report();
  add(orphans, "blobs.db.images.orphans", Outcome::warned, {});
  return {
      {"files-lost", with_sign("counts.uploads", {Kind::different, "files", "20", "19"})},
      {"files-added", with_sign("counts.uploads", {Kind::different, "files", "20", "21"})},
      {"content-lost", with_sign("contents.uploads", lost)},
      {"content-changed", with_sign("contents.uploads", changed)},
      {"attributes-changed",
       with_sign("digests.uploads", {Kind::different, "tree_digest", "\"a\"", "\"b\""})},
      {"tree-changed",
       with_other_contents("digests.uploads", {Kind::different, "tree_digest", "\"a\"", "\"b\""})},
      {"blob-missing-at-the-source", with_sign("blobs.db.images", lost)},
      {"blob-lost", with_other_contents("blobs.db.images", lost)},
      {"blob-wrong-at-the-source", with_sign("blobs.db.images", changed)},
      {"blob-changed", with_other_contents("blobs.db.images", changed)},
      {"orphan-files", orphans},
  };
}

Report with_missed(Judgement Measures::* judgement) {
  auto report = sound_report();
  report.verdict = Verdict::proven;
  report.stages = {{"restore", std::chrono::hours(2), true, ""}};
  report.measures.recovery = std::chrono::hours(2);
  report.measures.rto_objective = report.measures.rpo_objective = std::chrono::hours(1);
  report.measures.rpo_age = std::chrono::hours(74);
  report.measures.*judgement = Judgement::missed;
  return report;
}

std::vector<PlantedDefect> finding_defects() {
  return {
      {"size-halved", finding("size-halved")},
      {"snapshot-missing", finding("snapshot-missing")},
      {"snapshot-newer-format", finding("snapshot-newer-format")},
      {"object-unreadable", finding("snapshot-unreadable")},
      {"copy-closed", finding("copy-closed")},
      {"source-unknown", finding("production-unknown")},
      {"backup-died", finding("session-unfinished")},
      {"clock-wrong", finding("clock-backwards")},
      {"clock-wrong", finding("clock-skew")},
      {"sandbox-reaped", finding("sandbox-reaped")},
      {"sandbox-reaped", finding("scratch-reaped")},
      {"scratch-left", finding("scratch-left")},
      {"source-unreadable", finding("file-unreadable")},
      {"source-moved", finding("file-changed")},
      {"not-restored", finding("owner-not-restored")},
      {"record-doubtful", finding("evidence-gap")},
      {"waiver-over", finding("waiver-expired")},
      {"runbook-step-missing", finding("runbook-missing")},
      {"runbook-step-slow", finding("runbook-slow")},
      {"recovery-may-be-too-slow", finding("projection-over-objective")},
      {"data-too-old", with_missed(&Measures::rpo)},
      {"recovery-too-slow", with_missed(&Measures::rto)},
      {"log-kept", finding("app-log")},
      {"to-be-looked-at", finding("something-new")},
  };
}

Report reaching_out(const std::string& message) {
  auto report = saying("app.ready", message);
  add(report, "isolation.attempts", Outcome::warned, {}).message = "2 attempts";
  return report;
}

Report gone_by_then() {
  auto report = saying("journey.list", "no answer: nothing was returned");
  add(report, "app.alive", Outcome::failed, {}).message = "ended with status 9";
  return report;
}

Report shown_production() {
  auto report = sound_report();
  add(report, "isolation.network", Outcome::not_run, {}).refused = true;
  return report;
}

// In the words of drill/app and drill/steps/app.cc.
std::vector<PlantedDefect> application_defects() {
  return {
      {"production-inside", shown_production()},
      {"not-isolated", saying("isolation.network", "9 attempts, 1 not blocked", Outcome::not_run)},
      {"production-unknown", saying("isolation.network", "is not known here", Outcome::not_run)},
      {"came-within-reach",
       saying("isolation.network", "came within reach meanwhile", Outcome::not_run)},
      {"isolation-impossible",
       saying("isolation.network", "bubblewrap: no permission", Outcome::not_run)},
      {"sandbox-gone", saying("journey.1", "the sandbox itself was gone: x", Outcome::not_run)},
      {"reaches-out", saying("isolation.attempts", "2 attempts", Outcome::warned)},
      {"app-schema-unknown",
       saying("app.ready", "the process app ended with status 1; its last line: no such table: x")},
      {"app-wrong-port",
       saying("app.ready", "nobody listens on port 2 (but on 3: does it use ${sandbox.port}?)")},
      {"app-in-background",
       saying("app.ready", "the process app ended and left 1 running: it went to the background")},
      {"app-over-limits", saying("app.ready", "it used more memory than it may")},
      {"app-needs-the-outside", reaching_out("not ready within 1 s")},
      {"app-lacks-rights", saying("app.log", "app: PermissionError(13, 'Permission denied')")},
      {"app-lacks-rights",
       saying("app.ready", "ended with status 1; its last line: unable to open database file")},
      {"app-program-missing",
       saying("app.ready", "it was not ready yet when the process app ended with status 127")},
      {"app-ended", saying("app.ready", "the process app ended with status 3")},
      {"app-not-ready", saying("app.ready", "not ready within 1 s")},
      {"app-crashed", saying("app.alive", "the process app ended with status 9")},
      {"app-logs-errors", saying("app.log", "ERROR")},
      {"app-floods-log", saying("app.log", "it wrote 9 MB", Outcome::warned)},
      {"server-unused",
       saying("app.uses.db", "it was not told of ${sandbox.db.uri}", Outcome::not_run)},
      {"server-lost", saying("app.uses.db", "1 of them failed", Outcome::not_run)},
      {"app-still-there", saying("app.stopped", "not all", Outcome::not_run)},
      {"app-ignores-the-end", saying("app.stopped", "killed", Outcome::warned)},
      {"protection-lost", saying("journey.fields", "customer sees what it must not: costCents")},
      {"protection-lost", saying("journey.wall", "status 200 instead of 403")},
      {"not-let-in", saying("journey.login", "status 401 instead of 2xx")},
      {"release-lacks-it", saying("journey.schemas", "status 404 instead of 200")},
      {"app-fails-on-data", saying("journey.list", "status 500 instead of 2xx")},
      {"journey-cut",
       saying("journey.list", "the time for the journey was up: 60 s", Outcome::not_run)},
      {"journey-cut", saying("journey.load", "time was up after 3 of 90 requests")},
      {"journey-too-slow", saying("journey.list", "it took 9 s, over 5 s")},
      {"answer-never-came", saying("journey.list", "no whole answer within 30 s")},
      {"application-not-asked", saying("journey.3", "there is no capture.id", Outcome::not_run)},
      {"app-over-limits", saying("app.ready", "ended with status 1; its last line: MemoryError")},
      {"fields-not-shown", saying("journey.fields", "customer does not see total")},
      {"accepts-what-it-must-refuse", saying("journey.ship", "status 200 instead of 400")},
      {"answers-elsewhere",
       saying("journey.list", "status 302 instead of 2xx: it redirects, and redirects are not")},
      {"answers-no-json", saying("journey.list", "the answer is no JSON: at 1 (text/html, 6 B)")},
      {"answers-without-end", saying("journey.list", "the answer is larger than 16.8 MB")},
      {"gone-by-then", gone_by_then()},
      {"answers-otherwise", saying("journey.list", "jq .count == 3 is false")},
  };
}

std::vector<PlantedDefect> program_defects() {
  return {
      {"other-key", saying("secret.TOKEN_KEY", "another", Outcome::warned)},
      {"other-release", saying("release", "another", Outcome::warned)},
      {"not-ready-to-drill", stopped("before", Code::command_failed)},
      {"not-ready-to-drill", stopped("before", Code::timed_out)},
      {"writes-lost-between", saying("markers", "only 3 of 4 are there")},
      {"program-complains", saying("command.own", "status 1")},
      {"program-undecided", saying("command.own", "signal 11", Outcome::not_run)},
      {"person-disagrees", saying("manual.1", "it is wrong")},
      {"nobody-asked", saying("manual.1", "nobody", Outcome::not_run)},
  };
}

Report foreign(Report report) {
  report.foreign.emplace_back().source = "legacy";
  return report;
}

Report stopped_foreign(const std::string& stage, Code code, const std::string& message) {
  Report report;
  report.error = Error(code, message).add_context("source legacy").add_context(stage);
  return foreign(std::move(report));
}

Report nothing_asked() {
  Report report;
  report.reason = "nothing says yet what ought to be in legacy";
  return foreign(std::move(report));
}

std::vector<PlantedDefect> foreign_defects() {
  const auto restore = [](Code code, const std::string& message) {
    return stopped_foreign("restore", code, message);
  };
  return {
      {"foreign-missing", stopped_foreign("locate", Code::not_found, "there is no backup")},
      {"foreign-uncertain", stopped_foreign("locate", Code::config_invalid, "not certain")},
      {"foreign-unpacked-twice", restore(Code::refused, "\"a\" in the backup is there twice")},
      {"foreign-bomb", restore(Code::refused, "the backup unpacks to more than 1 GB")},
      {"foreign-hostile", restore(Code::refused, "\"../a\" in the backup leads outside")},
      {"foreign-cut", restore(Code::corrupt, "the gzip data is cut short")},
      {"foreign-being-written", restore(Code::source_changed, "was written while it was read")},
      {"foreign-encrypted", restore(Code::source_unreadable, "a in the archive is encrypted")},
      {"foreign-program-failed", restore(Code::command_failed, "the restore program ended")},
      {"foreign-program-failed", restore(Code::timed_out, "restore program: a command took")},
      {"foreign-empty", restore(Code::damage_found, "there is nothing in the backup")},
      {"foreign-not-inside", restore(Code::damage_found, "no shop.db is in the backup")},
      {"foreign-database-damaged", restore(Code::damage_found, "shop.db is cut short")},
      {"foreign-stale", foreign(saying("age.legacy", "a.tar is 3 d old"))},
      {"foreign-unreadable", foreign(saying("readable.legacy", "the database holds no table"))},
      {"foreign-answers-otherwise", foreign(saying("query.orders", "expected >= 100, found 0"))},
      {"foreign-shrunk", foreign(saying("trend.legacy", "tables.a.rows is gone"))},
      {"foreign-schema-changed",
       foreign(saying("trend.legacy", "table a is new in the schema", Outcome::warned))},
      {"foreign-nothing-asked", nothing_asked()},
      {"foreign-log", restore(Code::refused, "importing it: the log of the dump cannot be")},
      {"foreign-time-series", restore(Code::refused, "importing it: time series without buckets")},
      {"foreign-server-lacks", restore(Code::refused, "importing it: X cannot do what it needs")},
      {"foreign-not-importable", restore(Code::refused, "importing it: a is the server's own")},
      {"foreign-which-database", restore(Code::usage, "importing it: it holds several")},
      {"foreign-not-taken", restore(Code::check_failed, "importing it: a write refused")},
      {"foreign-empty", restore(Code::damage_found, "importing it: the dump holds no database")},
      {"foreign-imported-otherwise", foreign(saying("import.legacy", "orders has 1 document"))},
      {"foreign-not-compared", foreign(saying("import.legacy", "a: no _id", Outcome::not_run))},
      {"foreign-server-not-named",
       foreign(saying("server.legacy", "X, and nothing tells which", Outcome::not_run))},
      {"foreign-server-unlike", foreign(saying("server.legacy", "X is older", Outcome::not_run))},
      {"foreign-gridfs-hole", foreign(saying("gridfs.legacy", "1 file is not whole"))},
      {"indexes-not-in-format", finding("indexes-not-in-format")},
      {"database-left-out", finding("database-left-out")},
      {"import-noted", finding("metadata-missing")},
      {"backup-halved", finding("backup-halved")},
      {"date-unclear", finding("date-unclear")},
      {"link-outside", finding("link-outside")},
      {"special-left-out", finding("special-left-out")},
      {"copied-in-use", finding("copied-in-use")},
  };
}

std::vector<PlantedDefect> all_defects() {
  std::vector<PlantedDefect> all;
  for (auto&& part : {program_defects(), foreign_defects(), stage_defects(), database_defects(),
                      file_defects(), application_defects(), finding_defects()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(Diagnosis, ExplainsEachPlantedDefectByItsRule) {
  for (const auto& defect : all_defects()) {
    const auto list = diagnose(defect.report);
    EXPECT_NE(std::ranges::find(list, defect.rule, &Diagnosis::rule), list.end()) << defect.rule;
    for (const auto& each : list) {
      EXPECT_FALSE(each.cause.empty() || each.next.empty() || each.owner.empty()) << each.rule;
      EXPECT_FALSE(each.grounds.empty()) << each.rule;
      EXPECT_EQ(each.next.find("{service}"), std::string::npos);
    }
  }
}

TEST(Diagnosis, HasAPlantedDefectForEveryRule) {
  std::set<std::string> planted;
  for (const auto& defect : all_defects()) planted.insert(defect.rule);
  for (const auto rules : {program_rules(), foreign_rules(), stage_rules(), check_rules(),
                           application_rules(), finding_rules()})
    for (const auto& rule : rules) EXPECT_TRUE(planted.contains(std::string(rule.id))) << rule.id;
}

TEST(Diagnosis, SaysNothingOfASoundReport) {
  auto report = sound_report();
  report.verdict = Verdict::proven;
  EXPECT_TRUE(diagnose(report).empty());
}

TEST(Diagnosis, SaysSoWhenNoRuleExplainsAFailure) {
  const auto list = diagnose(saying("horoscope.db", "the stars are wrong"));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].rule, "unexplained");
  EXPECT_EQ(list[0].grounds, "the stars are wrong");
  EXPECT_EQ(list[0].next, "lifeboat drill show d1");
}

TEST(Diagnosis, NamesTheFirstObjectsOfOneRuleOnce) {
  auto report = sound_report();
  auto& check = add(report, "catalog.db", Outcome::failed, {Kind::missing, "tables.a", "", ""});
  for (const auto* name : {"tables.b", "tables.c", "tables.d", "tables.e"}) {
    check.signs.push_back({Kind::missing, name, "", ""});
    check.details.push_back(std::string(name) + " is missing");
  }
  const auto list = diagnose(report);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].grounds,
            "tables.a differs; tables.b is missing; tables.c is missing; and 2 more");
}

TEST(Diagnosis, PutsTheCauseBeforeItsConsequences) {
  auto report = with_sign("catalog.db", {Kind::different, "freelist_count", "0", "1"});
  auto& signs = report.checks.back().signs;
  signs.push_back({Kind::missing, "objects.index by_total", "", ""});
  signs.push_back({Kind::different, "schema_fingerprint", "a", "b"});
  signs.push_back({Kind::missing, "tables.orders", "", ""});
  const auto list = diagnose(report);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].rule, "table-lost");
  EXPECT_EQ(list[1].rule, "index-lost");
}

TEST(Diagnosis, LeavesPlaceholdersInTheDataAlone) {
  const auto list = diagnose(with_sign("catalog.db", {Kind::missing, "tables.{service}", "", ""}));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_NE(list[0].grounds.find("{service}"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::drill
