#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

// Programs and people that judge the restored data.
class CommandsTest : public ShopFixture {
 protected:
  Report drill() {
    auto request = drill_request();
    options_.name = "test";
    request.options = options_;
    request.ask_person = ask_;
    auto sealed = run_drill(request, *repository_, context_);
    EXPECT_TRUE(sealed) << (sealed ? "" : sealed.error().describe());
    evidence_ = to_text(*read_file(sealed->evidence));
    return std::move(sealed->report);
  }

  CommandCheck& command(const std::string& run) {
    CommandCheck check;
    check.name = "own";
    check.run = run;
    check.within = std::chrono::seconds(20);
    options_.checks = {check};
    return std::get<CommandCheck>(options_.checks.front());
  }

  static const CheckResult& check(const Report& report, const std::string& id) {
    static const CheckResult kNone;
    for (const auto& each : report.checks)
      if (each.id == id) return each;
    ADD_FAILURE() << "no check " << id << "; " << report.reason;
    return kNone;
  }

  static bool explained_by(const Report& report, const std::string& rule) {
    for (const auto& each : report.diagnoses)
      if (each.rule == rule) return true;
    return false;
  }

  void expect(Outcome outcome, Verdict verdict, const std::string& words) {
    const auto report = drill();
    const auto& own = check(report, "command.own");
    EXPECT_EQ(own.outcome, outcome) << own.message;
    EXPECT_NE(own.message.find(words), std::string::npos) << own.message;
    EXPECT_EQ(report.verdict, verdict) << report.reason;
    if (outcome == Outcome::failed) {
      EXPECT_TRUE(explained_by(report, "program-complains"));
    }
    if (outcome == Outcome::not_run) {
      EXPECT_TRUE(explained_by(report, "program-undecided"));
    }
  }

  DrillOptions options_;
  AskPerson ask_;
  std::string evidence_;
  // Programs live in real time.
  SystemClock system_clock_;
  RunContext context_{test_.stop.get_token(), system_clock_, test_.random, test_.progress,
                      test_.log};
};

constexpr const char* kCount =
    "python3 -c \"import sqlite3, sys; print('orders:', sqlite3.connect(sys.argv[1]).execute("
    "'SELECT count(*) FROM orders').fetchone()[0])\" ${sandbox.db.path}";

TEST_F(CommandsTest, AProgramThatIsContentIsPassed) {
  command(kCount).output = "^orders: 500$";
  expect(Outcome::passed, Verdict::proven, "status 0");
}
TEST_F(CommandsTest, AProgramThatFindsOtherDataFails) {
  command(kCount).output = "^orders: 501$";
  expect(Outcome::failed, Verdict::failed, "orders: 500");
}
TEST_F(CommandsTest, AWrongStatusFailsWithTheLastWords) {
  command("echo two migrations are pending; exit 3");
  expect(Outcome::failed, Verdict::failed, "status 3, expected 0; its last line: two migrations");
}
TEST_F(CommandsTest, AnotherStatusMayBeTheRightOne) {
  command("exit 3").exit = 3;
  expect(Outcome::passed, Verdict::proven, "status 3");
}
TEST_F(CommandsTest, AnUnwantedLineFailsWhateverTheStatus) {
  command("echo 1 migration pending").unwanted = "pending|failed";
  expect(Outcome::failed, Verdict::failed, "1 migration pending");
}
TEST_F(CommandsTest, OneThatHangsHasAnsweredNothing) {
  command("echo begun; sleep 100 & sleep 100").within = std::chrono::seconds(1);
  expect(Outcome::not_run, Verdict::unverified, "did not end within 1.0 s");
}
TEST_F(CommandsTest, WhatItLeftBehindAnswersNothingForIt) {
  command("(sleep 0.1 &); sleep 2; exit 1");
  expect(Outcome::failed, Verdict::failed, "status 1, expected 0");
  command("(sh -c 'exit 1' &); sleep 2; exit 0");
  expect(Outcome::passed, Verdict::proven, "status 0");
}
TEST_F(CommandsTest, OneThatDiesHasAnsweredNothing) {
  command("kill -SEGV $$");
  expect(Outcome::not_run, Verdict::unverified, "signal 11");
}
TEST_F(CommandsTest, OneThatIsNotThereHasAnsweredNothing) {
  command("no-such-program --check");
  expect(Outcome::not_run, Verdict::unverified, "could not be run");
}
TEST_F(CommandsTest, OneThatFloodsIsNotSearchedForWhatItMustNotSay) {
  command("head -c 1000000000 /dev/zero").unwanted = "failed";
  expect(Outcome::not_run, Verdict::unverified, "more than is searched");
}
TEST_F(CommandsTest, WhatStandsFarBackInALineIsFoundOrSaidNotToBeLookedFor) {
  const std::string run = "head -c 20000 /dev/zero | tr '\\0' x; echo ' failed'";
  command("head -c 8000 /dev/zero | tr '\\0' x; echo ' failed'").unwanted = "failed";
  expect(Outcome::failed, Verdict::failed, "it says: xxx");
  command(run).unwanted = "failed";
  expect(Outcome::not_run, Verdict::unverified, "only its beginning is searched");
  command(run).output = "failed$";
  expect(Outcome::not_run, Verdict::unverified, "only its beginning is searched");
  command(run).output = "x$";  // where it was cut
  expect(Outcome::not_run, Verdict::unverified, "only its beginning is searched");
  command(run).output = "^xxx";
  expect(Outcome::passed, Verdict::proven, "status 0");
}
TEST_F(CommandsTest, ANameThatIsNotThereIsSaid) {
  command("cat ${sandbox.mail.path}");
  expect(Outcome::not_run, Verdict::unverified, "there is no ${sandbox.mail.path}");
}

TEST_F(CommandsTest, EachOutcomeThatItPrintsIsAnAnswer) {
  auto& asked = command(
      "echo 'npm notice'; echo '{\"check\": \"totals\", \"outcome\": \"passed\"}';"
      "echo '{\"check\": \"taxes\", \"outcome\": \"failed\", \"message\": \"3 of 5 differ\"}'");
  asked.outcomes = true;
  const auto report = drill();
  EXPECT_EQ(check(report, "command.own").outcome, Outcome::passed);
  EXPECT_EQ(check(report, "command.own.totals").outcome, Outcome::passed);
  EXPECT_EQ(check(report, "command.own.taxes").message, "3 of 5 differ");
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
}
TEST_F(CommandsTest, OutcomesThatAreAllGoodAreProven) {
  command("echo '{\"check\": \"totals\", \"outcome\": \"passed\"}'").outcomes = true;
  EXPECT_EQ(drill().verdict, Verdict::proven);
}
TEST_F(CommandsTest, NonsenseIsNoOutcome) {
  command("echo '{\"check\": \"totals\", \"outcome\": \"splendid\"}'").outcomes = true;
  expect(Outcome::not_run, Verdict::unverified, "this is no outcome");
}
TEST_F(CommandsTest, SilenceIsNoOutcome) {
  command("true").outcomes = true;
  expect(Outcome::not_run, Verdict::unverified, "printed no outcome");
}
TEST_F(CommandsTest, AFloodOfOutcomesIsNotRead) {
  auto& asked = command("yes '{\"check\": \"a\", \"outcome\": \"passed\"}' | head -c 10000000");
  asked.outcomes = true;
  expect(Outcome::not_run, Verdict::unverified, "more than is read");
}

TEST_F(CommandsTest, ItSeesNeitherTheNetworkNorTheCallersEnvironmentNorTheSource) {
  setenv("SECRET_OF_THE_CALLER", "x", 1);
  command("env | grep SECRET && exit 1; cat " + (live() / "shop.db").string() + " && exit 2;" +
          "grep -v -e lo: -e : /proc/net/dev >/dev/null; exit 0");
  expect(Outcome::passed, Verdict::proven, "status 0");
}
TEST_F(CommandsTest, WhatItChangedIsKnownApart) {
  command("rm -r ${sandbox.uploads.path}/2026");
  const auto report = drill();
  EXPECT_NE(check(report, "command.changes.uploads").message, "nothing");
  EXPECT_EQ(check(report, "command.changes.db").message, "nothing");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}
TEST_F(CommandsTest, ASecretIsNotInTheEvidence) {
  auto& asked = command("echo the key is $KEY; exit 1");
  asked.environment = {{"KEY", "hunter2-and-more"}};
  asked.secrets = {"hunter2-and-more"};
  drill();
  EXPECT_EQ(evidence_.find(to_base64(view_of("hunter2"))), std::string::npos);
  const auto payload =
      to_text(*from_base64((*parse_json(evidence_))["payload"].get<std::string>()));
  EXPECT_EQ(payload.find("hunter2"), std::string::npos);
}
TEST_F(CommandsTest, WhereProductionWouldBeSeenItIsNotRun) {
  command("true").directory = live().string();
  auto request = drill_request();
  request.options = options_;
  request.protected_places = {{"source db", {{fs::canonical(live()).string()}, {}}, false}};
  const auto sealed = run_drill(request, *repository_, context_);
  ASSERT_TRUE(sealed) << sealed.error().describe();
  EXPECT_EQ(check(sealed->report, "command.own").outcome, Outcome::not_run);
  EXPECT_EQ(sealed->report.verdict, Verdict::unverified) << sealed->report.reason;
  EXPECT_EQ(exit_status(sealed->report, false), 4);
}

TEST_F(CommandsTest, APipeThatComesWithinReachMeanwhileTakesTheProofBack) {
  const auto shown = scratch_.path() / "tools";
  ASSERT_TRUE(make_directories(shown));
  command("echo x > /data/called; while [ ! -p late ]; do sleep 0.05; done").directory =
      shown.string();
  const std::jthread neighbour([&](const std::stop_token& stop) {
    const auto called = [&] {
      std::error_code error;
      for (fs::directory_iterator at(drill_request().sandboxes, error), end; !error && at != end;
           at.increment(error))
        if (fs::exists(at->path() / "data" / "called", error)) return true;
      return false;
    };
    while (!stop.stop_requested() && !called())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(::mkfifo((shown / "late").c_str(), 0666), 0);
  });
  const auto report = drill();
  EXPECT_EQ(check(report, "command.own").outcome, Outcome::passed);
  EXPECT_EQ(check(report, "isolation.network.commands").outcome, Outcome::not_run);
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_TRUE(explained_by(report, "came-within-reach"));
}

TEST_F(CommandsTest, WhatMustHoldBeforeIsInTheEvidence) {
  options_.before = {{"deployment", "true", "", std::chrono::seconds(5), {}}};
  const auto report = drill();
  EXPECT_EQ(check(report, "before.deployment").outcome, Outcome::passed);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}
TEST_F(CommandsTest, WhenItDoesNotHoldNothingIsDrilled) {
  options_.before = {{"deployment", "echo no monitoring; exit 1", "", std::chrono::seconds(5), {}}};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_NE(report.reason.find("no monitoring"), std::string::npos) << report.reason;
  EXPECT_TRUE(explained_by(report, "not-ready-to-drill"));
  for (const auto& stage : report.stages)
    if (stage.name != "tear-down") {
      EXPECT_FALSE(stage.done) << stage.name;
    }
}
TEST_F(CommandsTest, OneThatHangsBeforeIsUnverifiedToo) {
  options_.before = {{"deployment", "sleep 60", "", std::chrono::seconds(1), {}}};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_TRUE(explained_by(report, "not-ready-to-drill"));
}

TEST_F(CommandsTest, APersonsAnswerIsRecordedWithNameAndWords) {
  options_.checks = {ManualCheck{"Open three invoices", "finance"}};
  ask_ = [](const ManualQuestion& question) -> Result<ManualAnswer> {
    EXPECT_EQ(question.ask, "Open three invoices");
    EXPECT_TRUE(fs::exists(fs::path(question.directory) / "db.db"));
    return ManualAnswer{Outcome::passed, "Ada", "all three agree"};
  };
  const auto report = drill();
  const auto& asked = check(report, "manual.1");
  EXPECT_EQ(asked.outcome, Outcome::passed);
  EXPECT_EQ(asked.message, "Ada says that it is right");
  ASSERT_EQ(asked.details.size(), 2U);
  EXPECT_EQ(asked.details[1], "Ada wrote: all three agree");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}
TEST_F(CommandsTest, APersonWhoDisagreesFailsTheDrill) {
  options_.checks = {ManualCheck{"Open three invoices", ""}};
  ask_ = [](const ManualQuestion&) -> Result<ManualAnswer> {
    return ManualAnswer{Outcome::failed, "Ada", "the second is empty"};
  };
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_TRUE(explained_by(report, "person-disagrees"));
}
TEST_F(CommandsTest, WithoutATerminalNobodyIsAskedAndNothingIsProven) {
  options_.checks = {ManualCheck{"Open three invoices", "finance"}};
  const auto report = drill();
  EXPECT_EQ(check(report, "manual.1").outcome, Outcome::not_run);
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_TRUE(explained_by(report, "nobody-asked"));
}
TEST_F(CommandsTest, AnAnswerWithoutANameIsNone) {
  options_.checks = {ManualCheck{"Open three invoices", ""}};
  ask_ = [](const ManualQuestion&) -> Result<ManualAnswer> {
    return ManualAnswer{Outcome::passed, "", ""};
  };
  EXPECT_EQ(check(drill(), "manual.1").outcome, Outcome::not_run);
}

TEST_F(CommandsTest, AQuickDrillSaysWhatItLeftOutAndMakesNothingProven) {
  options_.tier = "quick";
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_NE(check(report, "integrity.db").proves.find("not looked at in this tier"),
            std::string::npos);
  for (const auto& each : report.checks) {
    EXPECT_FALSE(each.id.starts_with("digests.")) << each.id;
    EXPECT_FALSE(each.id.starts_with("contents.")) << each.id;
  }
  EXPECT_FALSE(repository_->snapshots(context_)->snapshots.front().proven_at);
  options_.tier = "full";
  drill();
  EXPECT_TRUE(repository_->snapshots(context_)->snapshots.front().proven_at);
}

}  // namespace
}  // namespace lifeboat::drill
