#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "drill/test_application.h"

// What an application must not do, each with its verdict and its rule.
namespace lifeboat::drill {
namespace {

TEST_F(ApplicationTest, OneThatNeverGetsReadyFails) {
  app_.ready.within = std::chrono::seconds(2);
  expect_fault("never_ready", "app.ready", "not ready within", "app-not-ready");
}

TEST_F(ApplicationTest, OneThatExitsFailsWithItsLastWords) {
  expect_fault("exits", "app.ready", "status 3; its last line: no such table: sessions",
               "app-schema-unknown");
}

TEST_F(ApplicationTest, OneThatForksAwayFails) {
  expect_fault("forks_away", "app.ready", "it went to the background", "app-in-background");
}

TEST_F(ApplicationTest, OneThatListensElsewhereFailsAndSaysWhere) {
  app_.ready.within = std::chrono::seconds(2);
  expect_fault("other_port", "app.ready", "(but on 9999", "app-wrong-port");
}

TEST_F(ApplicationTest, OneThatTakesTooMuchMemoryFails) {
  app_.limits.memory = 300U << 20U;
  const auto report = drill("hungry");
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(rules_of(report), "app-over-limits log-kept");
}

TEST_F(ApplicationTest, OneThatFillsTheDiskFails) {
  const auto free = fs::space(scratch_.path()).available;
  const auto room = std::min<std::uint64_t>(1U << 30U, free / 2);
  app_.limits.disk_reserve = free - room;
  EXPECT_EQ(drill().verdict, Verdict::proven);
  app_.environment["FILL"] = std::to_string(room + room / 2);
  expect_fault("fills", "app.ready", "it used more disk than it may", "app-over-limits");
}

TEST_F(ApplicationTest, NoneIsBootedWhereTheDiskIsFullWithoutIt) {
  app_.limits.disk_reserve = fs::space(scratch_.path()).available;
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "sandbox-too-small") << report.reason;
}

TEST_F(ApplicationTest, OneThatKillsAllItCanDoesNotReachWhatKeepsIt) {
  const auto report = drill("kills_its_keeper");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "") << report.reason;
}

TEST_F(ApplicationTest, OneThatNeedsWhatIsOutsideFails) {
  app_.ready.within = std::chrono::seconds(4);
  expect_fault("needs_the_outside", "app.ready", "not ready within",
               "reaches-out app-needs-the-outside");
}

TEST_F(ApplicationTest, OneThatCrashesLaterFails) {
  const auto report = drill("crashes");
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(rules_of(report), "app-crashed gone-by-then log-kept");
  EXPECT_EQ(check(report, "app.alive").outcome, Outcome::failed);
  EXPECT_NE(check(report, "app.alive").message.find("status 9"), std::string::npos)
      << check(report, "app.alive").message;
}

TEST_F(ApplicationTest, OneThatIsNotReadyAnyMoreFailsHoweverShortTheJourney) {
  expect_fault("sick", "app.alive", "no longer ready for 10", "app-crashed");
}

TEST_F(ApplicationTest, OneThatIsReadyAgainInAMomentIsProven) {
  const auto report = drill("sick_for_a_moment");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "");
}

TEST_F(ApplicationTest, AnErrorInItsLogFailsWithoutItsSecrets) {
  expect_fault("logs_error", "app.log", "ERROR cannot reach the cache with ***", "app-logs-errors");
  EXPECT_EQ(evidence_.find("a very secret key"), std::string::npos);
}

TEST_F(ApplicationTest, AnErrorInItsLastWordsFails) {
  expect_fault("last_words", "app.log", "ERROR three orders were not written", "app-logs-errors");
}

TEST_F(ApplicationTest, ALineIsSearchedWholeOrSaidNotToBe) {
  expect_fault("long_line8000", "app.log", "app: {", "app-logs-errors");
  const auto report = drill("long_line20000");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "app-floods-log");
  EXPECT_EQ(check(report, "app.log").message,
            "app: it wrote a line of more than 16.4 kB, and only its beginning is searched");
  app_.fail_on_log = "FATAL";
  EXPECT_EQ(drill("long_line8000").verdict, Verdict::proven);
  app_.fail_on_log.clear();
  EXPECT_EQ(drill("long_line20000").verdict, Verdict::proven);
}

TEST_F(ApplicationTest, AFloodThatCannotBeSearchedIsNeverProven) {
  const auto report = drill("floods");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "app-floods-log");
  EXPECT_EQ(check(report, "app.log").outcome, Outcome::not_run);
  EXPECT_EQ(check(report, "journey.1").outcome, Outcome::passed);
}

TEST_F(ApplicationTest, AFloodWithNothingToSearchForIsAWarning) {
  app_.fail_on_log.clear();
  const auto report = drill("floods");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "app-floods-log");
  EXPECT_EQ(check(report, "app.log").outcome, Outcome::warned);
}

TEST_F(ApplicationTest, AnAnswerThatNeverComesFails) {
  expect_fault("silent", "journey.1", "no whole answer within 30", "answer-never-came");
}

TEST_F(ApplicationTest, AnAnswerThatHasNotComeWhenTheTimeIsUpDecidesNothing) {
  app_.time = std::chrono::seconds(1);
  const auto report = drill("silent");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "journey-cut");
  app_.journey[0].repeat = 3;
  expect_fault("silent", "journey.1", "time was up after", "journey-cut");
}

TEST_F(ApplicationTest, WhenItsTimeIsUpTheRestIsNotRun) {
  app_.time = std::chrono::milliseconds(1);
  app_.journey = {get("/orders", ".total == 500"), get("/orders", ".total == 500")};
  const auto report = drill("slow");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "journey-cut journey-cut");
  EXPECT_EQ(check(report, "journey.2").outcome, Outcome::not_run);
}

TEST_F(ApplicationTest, OneThatIgnoresSigtermIsKilledAndSaidSo) {
  app_.stop_within = std::chrono::milliseconds(500);
  const auto report = drill("ignores_term");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "app-ignores-the-end");
  EXPECT_EQ(check(report, "app.stopped").outcome, Outcome::warned);
}

TEST_F(ApplicationTest, OneThatTriesToGetOutIsBlockedAndCounted) {
  const auto report = drill("outward");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "reaches-out");
  EXPECT_EQ(check(report, "isolation.attempts").outcome, Outcome::warned);
  EXPECT_TRUE(check(report, "isolation.attempts").message.starts_with("2 attempts"))
      << check(report, "isolation.attempts").message;
}

TEST_F(ApplicationTest, ALieIsCaught) {
  expect_fault("lies", "journey.1", "is false", "answers-otherwise");
}

TEST_F(ApplicationTest, HtmlForJsonFails) {
  expect_fault("html", "journey.1", "the answer is no JSON", "answers-no-json");
}

TEST_F(ApplicationTest, ARedirectOutwardIsNotFollowed) {
  expect_fault("redirects", "journey.1", "redirects are not followed", "answers-elsewhere");
}

TEST_F(ApplicationTest, ABodyOfAGigabyteIsCutOff) {
  expect_fault("huge", "journey.1", "larger than", "answers-without-end");
}

TEST_F(ApplicationTest, AnEndlessAnswerIsCutOff) {
  expect_fault("endless", "journey.1", "larger than", "answers-without-end");
}

TEST_F(ApplicationTest, ASlowAnswerFailsWhereSpeedWasPromised) {
  app_.journey[0].expect.within = std::chrono::milliseconds(100);
  expect_fault("slow", "journey.1", "it took", "journey-too-slow");
}

TEST_F(ApplicationTest, AnotherStatusFails) {
  app_.journey = {get("/nowhere")};
  expect_fault("good", "journey.1", "status 404 instead of 2xx", "release-lacks-it");
  app_.journey[0].expect.status = 404;
  EXPECT_EQ(drill().verdict, Verdict::proven);
}

TEST_F(ApplicationTest, WhatMustBeRefusedAndIsNotFails) {
  app_.journey[0].expect.status = 403;
  expect_fault("good", "journey.1", "status 200 instead of 403", "protection-lost");
  app_.journey[0].expect.status = 400;
  expect_fault("good", "journey.1", "status 200 instead of 400", "accepts-what-it-must-refuse");
}

// The children of this process: bubblewrap, above all that runs inside.
std::vector<pid_t> own_children() {
  std::vector<pid_t> children;
  for (const auto& each : fs::directory_iterator("/proc")) {
    std::ifstream file(each.path() / "stat");
    std::string number, name, state;
    pid_t parent = 0;
    if (file >> number >> name >> state >> parent && parent == getpid())
      children.push_back(std::stoi(number));
  }
  return children;
}

TEST_F(ApplicationTest, WhoseCellIsKilledIsNotProven) {
  app_.journey = {get("/orders", ".total == 500")};
  app_.journey[0].repeat = 1000;
  std::jthread kill_all([](const std::stop_token& stop) {
    while (own_children().empty() && !stop.stop_requested())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::this_thread::sleep_for(std::chrono::seconds(4));
    for (const auto child : own_children()) ::kill(child, SIGKILL);
  });
  const auto report = drill("slow");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_FALSE(report.diagnoses.empty());
  for (const auto& each : report.diagnoses) EXPECT_EQ(each.rule, "sandbox-gone") << each.grounds;
}

}  // namespace
}  // namespace lifeboat::drill
