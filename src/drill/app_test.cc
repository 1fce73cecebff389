#include <sys/stat.h>

#include <set>
#include <thread>

#include "drill/sabotage.h"
#include "drill/test_application.h"
#include "sandbox/test_cell.h"

namespace lifeboat::drill {
namespace {

TEST_F(ApplicationTest, AnApplicationThatWorksIsProven) {
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "");
  for (const auto* id : {"isolation.network", "app.ready", "journey.1", "app.alive", "app.log",
                         "isolation.attempts", "isolation.limits", "app.stopped", "app.changes.db"})
    EXPECT_EQ(check(report, id).outcome, Outcome::passed) << id << check(report, id).message;
  EXPECT_TRUE(report.tear_down->clean());
}

TEST_F(ApplicationTest, WhereNothingCanBeIsolatedNothingIsProven) {
  app_.limits.temporary = 0;  // bubblewrap refuses it
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "isolation-impossible");
  EXPECT_EQ(check(report, "isolation.network").outcome, Outcome::not_run);
}

TEST_F(ApplicationTest, NothingIsBootedWhereProductionCanBeSeen) {
  // What is guarded is shown under a name that hiding does not know.
  const auto shown = program_.parent_path() / "copy.db";
  fs::create_hard_link(live() / "shop.db", shown);
  auto request = drill_request();
  request.options.app = app_;
  struct stat status{};
  ASSERT_EQ(stat(shown.c_str(), &status), 0);
  request.protected_places = {
      {"source db", {{"/data/../" + shown.string()}, {{status.st_dev, status.st_ino}}}, false}};
  const auto sealed = run_drill(request, *repository_, context_);
  ASSERT_TRUE(sealed) << sealed.error().describe();
  EXPECT_EQ(sealed->report.verdict, Verdict::unverified) << sealed->report.reason;
  EXPECT_EQ(rules_of(sealed->report), "not-isolated") << sealed->report.reason;
  EXPECT_EQ(check(sealed->report, "isolation.network").outcome, Outcome::not_run);
  for (const auto& each : sealed->report.checks) EXPECT_NE(each.id, "app.ready");
}

TEST_F(ApplicationTest, WhatLiesInProductionIsNeverShown) {
  auto request = drill_request();
  request.options.app = app_;
  const auto place = fs::canonical(program_.parent_path().parent_path());
  request.protected_places = {{"source uploads", {{(place / "application").string()}, {}}, false}};
  const auto sealed = run_drill(request, *repository_, context_);
  ASSERT_TRUE(sealed) << sealed.error().describe();
  EXPECT_EQ(sealed->report.verdict, Verdict::unverified) << sealed->report.reason;
  EXPECT_EQ(rules_of(sealed->report), "production-inside");
  EXPECT_EQ(exit_status(sealed->report, false), 4);
}

// Somebody of this machine who listens in a folder that the application is shown.
FileDescriptor listen_in(const fs::path& folder) {
  return sandbox::listen_at((folder / "neighbour.sock").string());
}

bool lies_below(const fs::path& folder, const std::string& name) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (at->path().filename() == name) return true;
  return false;
}

TEST_F(ApplicationTest, ASocketThatIsThereBeforeIsOutOfReach) {
  const auto neighbour = listen_in(program_.parent_path());
  const auto report = drill("waits_for_a_neighbour");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "");
}

TEST_F(ApplicationTest, ASocketThatComesWithinReachMeanwhileTakesTheProofBack) {
  FileDescriptor neighbour;
  const std::jthread listener([&](const std::stop_token& stop) {
    const auto sandboxes = drill_request().sandboxes;
    while (!stop.stop_requested() && !lies_below(sandboxes, "called"))
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    neighbour = listen_in(program_.parent_path());
  });
  const auto report = drill("waits_for_a_neighbour");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "came-within-reach");
  EXPECT_EQ(check(report, "isolation.network").outcome, Outcome::not_run);
  EXPECT_EQ(check(report, "app.ready").outcome, Outcome::passed);
}

class UnknownProduction : public ApplicationTest {
 protected:
  Report drill_beside(const restore::Protected& guarded, bool boots) {
    auto request = drill_request();
    if (boots) request.options.app = app_;
    request.protected_places = {guarded};
    auto sealed = run_drill(request, *repository_, context_);
    EXPECT_TRUE(sealed) << (sealed ? "" : sealed.error().describe());
    return std::move(sealed->report);
  }

  const restore::Protected unknown_{
      "source blog/db", {}, false, {}, "the variable BLOG_DATABASE is not set"};
};

TEST_F(UnknownProduction, NothingIsShownThatMayHoldIt) {
  const auto report = drill_beside(unknown_, true);
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_TRUE(has_rule(report, "production-unknown")) << rules_of(report);
  EXPECT_NE(check(report, "isolation.network").message.find("BLOG_DATABASE"), std::string::npos);
  for (const auto& each : report.checks) EXPECT_NE(each.id, "app.ready");
  const auto known = drill_beside({"source blog/db", {{"/srv/blog.db"}, {}}, false}, true);
  EXPECT_EQ(known.verdict, Verdict::proven) << known.reason;
}

TEST_F(UnknownProduction, TheDataIsDrilledAllTheSameAndAFindingNamesIt) {
  const auto report = drill_beside(unknown_, false);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "source-unknown");
}

TEST_F(UnknownProduction, WhereNothingOfThisMachineIsShownTheApplicationIsBooted) {
  app_.directory.clear();
  app_.processes = {{"app", "exec python3 -m http.server --bind 127.0.0.1 $PORT"}};
  app_.ready = {"", "/", std::chrono::seconds(20)};
  app_.journey = {get("/")};
  app_.journey[0].expect.status = 200;
  EXPECT_EQ(drill_beside(unknown_, true).verdict, Verdict::proven);
  app_.ways_out = {{"192.0.2.7", 27017, {}}};
  EXPECT_EQ(drill_beside(unknown_, true).verdict, Verdict::unverified);
}

TEST_F(UnknownProduction, NoWayOutIsOpenedThatCannotBeToldFromIt) {
  app_.ways_out = {{"192.0.2.7", 27017, {}}};
  const auto report =
      drill_beside({"source db", {{}, {}, {}, {"no.such.host:27017"}}, false}, true);
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "production-inside");
  const auto other = drill_beside({"source db", {{}, {}, {}, {"no.such.host:27018"}}, false}, true);
  EXPECT_EQ(other.verdict, Verdict::proven) << other.reason;
}

TEST_F(ApplicationTest, WhatBootingChangesIsReportedApart) {
  app_.journey = {get("/orders", ".total == 500")};
  const auto report = drill("writes");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "");
  EXPECT_EQ(check(report, "counts.db").outcome, Outcome::passed);
  EXPECT_NE(check(report, "app.changes.db").message, "nothing");
}

TEST_F(ApplicationTest, CapturesAreUsedByLaterSteps) {
  auto login = post("/admin");
  login.name = "login";
  login.json = {{"email", "x"}};
  login.capture = {{"token", ".token"}};
  auto record = get("/record", ".results[0].cost == 2");
  record.bearer = "${capture.token}";
  app_.journey = {login, record};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(check(report, "journey.login").outcome, Outcome::passed);
}

TEST_F(ApplicationTest, ACaptureThatFindsNothingFailsAndWhatNeedsItIsNotRun) {
  auto login = post("/admin");
  login.capture = {{"token", ".session.token"}};
  auto record = get("/record", ".");
  record.bearer = "${capture.token}";
  app_.journey = {login, record};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(rules_of(report), "application-not-asked answers-otherwise log-kept");
  EXPECT_EQ(check(report, "journey.1").outcome, Outcome::failed);
  EXPECT_EQ(check(report, "journey.2").outcome, Outcome::not_run);
}

TEST_F(ApplicationTest, EachRoleSeesExactlyItsFields) {
  app_.roles["admin"].bearer = "admin";
  app_.roles["customer"].bearer = "customer";
  auto step = get("/record");
  step.fields = {{"admin", {"id", "name", "cost"}}, {"customer", {"id", "name"}}};
  app_.journey = {step};
  EXPECT_EQ(drill().verdict, Verdict::proven);
  app_.journey[0].fields["admin"] = {"id", "name"};
  expect_fault("good", "journey.1", "admin sees what it must not: cost", "protection-lost");
  app_.journey[0].fields = {{"admin", {"id", "name"}}};
  expect_fault("mixes", "journey.1", "admin sees what it must not: cost", "protection-lost");
  app_.journey[0].fields = {{"customer", {"id", "name", "cost"}}};
  expect_fault("good", "journey.1", "customer does not see cost", "fields-not-shown");
}

TEST_F(ApplicationTest, SendsFormsPartsTextsAndCookies) {
  auto form = post("/a");
  form.form = {{"a", "1 & 2"}, {"b", "ü"}};
  form.expect.jq = {
      ".kind == \"application/x-www-form-urlencoded\" and .body == \"a=1%20%26%202&b=%C3%BC\""};
  auto parts = post("/b");
  parts.multipart = {{"file", {"content", "a.txt", "text/plain"}}};
  parts.expect.jq = {
      ".kind == \"multipart/form-data\" and (.body | contains(\"filename=\\\"a.txt\\\"\"))"};
  auto text = post("/c");
  text.text = "as it is";
  text.expect.jq = {".body == \"as it is\""};
  app_.journey = {form, parts, text, get("/cookie", ". == \"seen=yes\"")};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}

TEST_F(ApplicationTest, ALoadOfRequestsIsMeasured) {
  auto step = get("/orders", ".total == 500");
  step.repeat = 40;
  step.concurrency = 4;
  step.expect.p95 = std::chrono::seconds(20);
  app_.journey = {step};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(
      check(report, "journey.1").message.starts_with("40 requests, 4 at once: 0.0 % failed"))
      << check(report, "journey.1").message;
  expect_fault("lies", "journey.1", "40 of 40 requests failed; the first: jq .total == 500",
               "answers-otherwise");
  // So that each of the four had a good answer first.
  expect_fault("lies_later", "journey.1", "36 of 40 requests failed; the first: jq .total == 500",
               "answers-otherwise");
  app_.journey[0].path = "/nowhere";
  app_.journey[0].expect.jq.clear();
  expect_fault("good", "journey.1", "40 of 40 requests failed", "release-lacks-it");
}

TEST_F(ApplicationTest, VouchesForAForeignBackupThatItWasHandedAndAskedFor) {
  const auto dumps = scratch_.path() / "dumps";
  ASSERT_TRUE(make_directories(dumps));
  fs::copy_file(live() / "shop.db", dumps / "shop-2025-11-20.db");
  const auto drill_legacy = [&] {
    auto request = drill_request();
    auto& source = request.foreign.emplace_back();
    source.name = "legacy";
    source.options.from = dumps.string();
    source.options.pattern = "shop-*.db";
    source.options.format = "sqlite";
    request.options.app = app_;
    return run_drill(request, *repository_, context_)->report;
  };
  const auto not_handed = drill_legacy();
  EXPECT_EQ(not_handed.verdict, Verdict::unverified) << not_handed.reason;
  EXPECT_EQ(check(not_handed, "journey.1").outcome, Outcome::passed);
  EXPECT_FALSE(not_handed.foreign[0].questioned);
  app_.environment["LEGACY"] = "${sandbox.legacy.path}";
  app_.journey = {get("/ready")};
  EXPECT_EQ(drill_legacy().verdict, Verdict::unverified) << "only whether somebody answers";
  app_.journey = {get("/ready"), get("/orders", ".total == 500")};
  const auto report = drill_legacy();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(report.foreign[0].questioned);
}

TEST_F(ApplicationTest, AnAnswerIsJudgedByItsHeadersItsTextAndItsHash) {
  auto step = get("/orders");
  step.expect.headers = {{"Content-Type", "^application/json"}};
  step.expect.body = "total.: 500";
  step.expect.sha256 = crypto::sha256(view_of("{\"total\": 500}")).hex();
  app_.journey = {step};
  EXPECT_EQ(drill().verdict, Verdict::proven);
  app_.journey[0].expect.headers = {{"Content-Type", "^image/"}};
  expect_fault("good", "journey.1", "the header Content-Type does not match", "answers-otherwise");
  app_.journey[0].expect.headers = {};
  expect_fault("lies", "journey.1", "the body does not match", "answers-otherwise");
  app_.journey[0].expect.body = "";
  expect_fault("lies", "journey.1", "the body has another SHA-256", "answers-otherwise");
}

TEST_F(ApplicationTest, ALoadThatIsServedTooSlowlyFails) {
  auto step = get("/orders");
  step.repeat = 4;
  step.expect.p95 = std::chrono::milliseconds(100);
  app_.journey = {step};
  expect_fault("slow", "journey.1", "95 % took up to", "journey-too-slow");
}

TEST_F(ApplicationTest, ARecoveryLastsUntilTheJourneyWasWalked) {
  app_.journey = {get("/orders"), get("/orders"), get("/orders")};
  const auto slow = drill("slow");  // 0.3 s for each
  ASSERT_TRUE(slow.measures.service_ready);
  EXPECT_EQ(slow.measures.recovery, *slow.measures.service_ready);
  Duration asked{0};
  for (const auto& check : slow.checks)
    if (check.id.starts_with("journey.")) asked += check.elapsed;
  EXPECT_GE(asked, std::chrono::milliseconds(900));
  EXPECT_GE(*slow.measures.service_ready, asked);
  app_.journey = {get("/orders"), get("/nowhere")};
  const auto failed = drill();
  EXPECT_FALSE(failed.measures.recovery) << "the journey was not walked to its end";
  EXPECT_EQ(failed.measures.covered, "nothing: no journey of the application succeeded");
}

TEST_F(ApplicationTest, ALoadCountsAsOneOfItsRequestsInTheRecovery) {
  auto load = get("/orders");
  load.repeat = 5;
  app_.journey = {load};
  const auto slow = drill("slow");  // 0.3 s for each
  ASSERT_TRUE(slow.measures.service_ready);
  Duration all{0};
  for (const auto& stage : slow.stages) all += stage.elapsed;
  EXPECT_LE(*slow.measures.service_ready + std::chrono::milliseconds(1200), all);
}

TEST_F(ApplicationTest, NumbersThatJqWouldChangeAreRefused) {
  app_.journey = {get("/large", ".id == 9007199254740993")};
  expect_fault("good", "journey.1", "2^53", "answers-otherwise");
}

TEST_F(ApplicationTest, FurtherProcessesAreStartedAndMustNotFail) {
  app_.processes.insert(app_.processes.begin(), {"migrate", "echo migrated; exit 0"});
  EXPECT_EQ(drill().verdict, Verdict::proven);
  app_.processes.front().command = "echo broken; exit 4";
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(rules_of(report), "app-ended log-kept");
  EXPECT_NE(report.reason.find("migrate ended with status 4"), std::string::npos) << report.reason;
}

TEST_F(ApplicationTest, AWorkingCopyMayBeChangedAndNothingElse) {
  ASSERT_TRUE(write_file(program_.parent_path() / ".env", view_of("SECRET=production")));
  app_.processes.insert(app_.processes.begin(),
                        {"write", "echo x > cache.tmp && ! [ -e .env ] && [ -s app.py ]"});
  app_.working_copy = true;
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_FALSE(fs::exists(program_.parent_path() / "cache.tmp"));
  app_.working_copy = false;
  EXPECT_EQ(drill().verdict, Verdict::failed);
}

// This application opens its database and answers; it asks nobody for a token and opens no file.

TEST_F(ApplicationTest, JourneysThatAskForLittleMissPlantedDefects) {
  app_.roles["signed"].jwt = JwtOptions{"a very secret key"};
  auto request = drill_request();
  request.options.app = app_;
  const auto report = run_sabotage(request, *repository_, context_);
  ASSERT_TRUE(report) << report.error().describe();
  std::set<std::string> caught;
  std::set<std::string> missed;
  for (const auto& each : report->defects) {
    if (each.planted.empty() || std::ranges::count(each.expected.checks, "app") == 0) continue;
    (each.caught ? caught : missed).insert(each.source + " " + each.defect);
  }
  EXPECT_EQ(missed, (std::set<std::string>{"app key-changed", "uploads data-unreadable"}));
  EXPECT_EQ(caught, (std::set<std::string>{"app never-ready", "app program-missing",
                                           "db data-unreadable"}));
  EXPECT_EQ(report->planted() - report->caught(), missed.size());
  EXPECT_FALSE(fs::exists(request.reports)) << "a trial keeps no log";
}

TEST_F(ApplicationTest, AnInterruptedBootTearsDownAndSaysSo) {
  app_.ready.within = std::chrono::seconds(30);
  std::jthread stop([this] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    test_.stop.request_stop();
  });
  const auto report = drill("never_ready");
  EXPECT_EQ(exit_status(report, false), 130);
}

}  // namespace
}  // namespace lifeboat::drill
