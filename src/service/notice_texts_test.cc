#include "service/notice_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_context.h"
#include "drill/report.h"
#include "notify/notifier.h"

namespace lifeboat::service {
namespace {

using drill::Judgement;
using drill::Verdict;
using notify::Event;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Time kEarlier = kNow - std::chrono::hours(24);

Occasion occasion_of(const std::string& subject = "drill nightly",
                     std::optional<Standing> before = {}) {
  return {"shop", subject, before, kNow};
}

drill::Report report_of(Verdict verdict, Judgement rto, Judgement rpo) {
  drill::Report report;
  report.id = "4f2a81c09b77aa01";
  report.service = "shop";
  report.drill = "nightly";
  report.started = report.ended = kNow;
  report.verdict = verdict;
  report.reason = "query.users: expected == 0, found ada@example.org";
  report.measures.rto = rto;
  report.measures.rpo = rpo;
  report.measures.rto_objective = report.measures.rpo_objective = std::chrono::hours(1);
  report.measures.recovery = std::chrono::hours(2);
  report.measures.rpo_age = std::chrono::hours(3);
  if (verdict == Verdict::failed || verdict == Verdict::unverified)
    report.diagnoses = {{"question-failed", "query.users", "The answer is not the expected one.",
                         "found ada@example.org", "lifeboat snapshots shop", "operator", true}};
  if (verdict == Verdict::proven_with_waivers) {
    drill::CheckResult check;
    check.id = "blobs.db.images";
    check.outcome = drill::Outcome::waived;
    report.checks.push_back(check);
  }
  return report;
}

// The evidence of a drill that ended so, as the drill itself writes it.
Json evidence_of(Verdict verdict, Judgement rto = Judgement::not_set,
                 Judgement rpo = Judgement::not_set) {
  return drill::to_json(report_of(verdict, rto, rpo));
}

bool says_good(const notify::Notice& notice) {
  notify::Options heartbeat;
  heartbeat.kind = notify::Kind::heartbeat;
  const auto text = text_of(notice);
  return is_good(notice) || text.find("proven") != std::string::npos ||
         text.find("complete") != std::string::npos;
}

struct Case {
  Verdict verdict;
  Judgement objective;
  std::vector<Event> events;
  std::string headline;
  bool good;
};

// No notice says that something was proven which was not, whatever the objectives were.
TEST(NoticeOfADrill, IsGoodOnlyForWhatWasProven) {
  const std::vector<Event> proven{Event::proven};
  const std::vector<Event> missed{Event::proven, Event::missed};
  const std::string but = ", but an objective was missed";
  const std::vector<Case> cases{
      {Verdict::proven, Judgement::not_set, proven, "proven", true},
      {Verdict::proven, Judgement::met, proven, "proven", true},
      {Verdict::proven, Judgement::not_measured, proven, "proven", true},
      {Verdict::proven, Judgement::missed, missed, "proven" + but, true},
      {Verdict::proven_with_waivers, Judgement::not_set, proven, "proven with waivers", true},
      {Verdict::proven_with_waivers, Judgement::met, proven, "proven with waivers", true},
      {Verdict::proven_with_waivers, Judgement::not_measured, proven, "proven with waivers", true},
      {Verdict::proven_with_waivers, Judgement::missed, missed, "proven with waivers" + but, true},
      {Verdict::failed, Judgement::not_set, {Event::failed}, "failed", false},
      {Verdict::failed, Judgement::met, {Event::failed}, "failed", false},
      {Verdict::failed, Judgement::not_measured, {Event::failed}, "failed", false},
      {Verdict::failed, Judgement::missed, {Event::failed}, "failed", false},
      {Verdict::unverified, Judgement::not_set, {Event::unverified}, "unverified", false},
      {Verdict::unverified, Judgement::met, {Event::unverified}, "unverified", false},
      {Verdict::unverified, Judgement::not_measured, {Event::unverified}, "unverified", false},
      {Verdict::unverified, Judgement::missed, {Event::unverified}, "unverified", false},
  };
  for (const auto& each : cases) {
    for (const bool of_rto : {true, false}) {
      const auto report = report_of(each.verdict, of_rto ? each.objective : Judgement::met,
                                    of_rto ? Judgement::met : each.objective);
      const auto notice = drill_notice(occasion_of(), drill::to_json(report));
      EXPECT_EQ(drill::exit_status(report, false) == 0, is_good(notice)) << each.headline;
      EXPECT_EQ(drill::exit_status(report, true) == 0,
                is_good(notice) && !notice.is(Event::missed));
      EXPECT_EQ(notice.events, each.events) << each.headline;
      EXPECT_EQ(headline(notice), "shop: drill nightly " + each.headline);
      EXPECT_EQ(says_good(notice), each.good) << text_of(notice);
      EXPECT_EQ(notice.since.empty(), each.good);
      EXPECT_EQ(notice.next.empty(), each.good && each.objective != Judgement::missed);
      EXPECT_THAT(text_of(notice), Not(HasSubstr("ada@example.org"))) << "what stood in a row";
    }
  }
}

TEST(NoticeOfADrill, WithAVerdictThatNobodyKnowsIsUnverified) {
  for (const auto* verdict : {"", "green", "PROVEN", "proven with luck", "unreadable"}) {
    auto evidence = evidence_of(Verdict::proven);
    evidence["verdict"] = verdict;
    const auto notice = drill_notice(occasion_of(), evidence);
    EXPECT_THAT(notice.events, ElementsAre(Event::unverified)) << verdict;
    EXPECT_FALSE(is_good(notice));
  }
}

TEST(NoticeOfADrill, ThatLeftNoEvidenceIsUnverified) {
  const auto notice =
      drill_notice(occasion_of(), Error(Code::unavailable, "no repository answers"));
  EXPECT_THAT(notice.events, ElementsAre(Event::unverified));
  EXPECT_EQ(notice.reason, "no repository answers");
  EXPECT_FALSE(says_good(notice));
}

TEST(NoticeOfADrill, SaysWhatWasMissedAndWhatWasWaived) {
  EXPECT_EQ(drill_notice(occasion_of(), evidence_of(Verdict::proven, Judgement::missed)).reason,
            "the restored data equals what was backed up; recovery took 2 h 00 min, promised "
            "1 h 00 min");
  EXPECT_EQ(drill_notice(occasion_of(), evidence_of(Verdict::proven_with_waivers)).reason,
            "somebody waived blobs.db.images");
}

TEST(NoticeOfADrill, SaysSinceWhenItIsNotGood) {
  const Standing bad{false, kEarlier};
  const auto still = drill_notice(occasion_of("drill nightly", bad), evidence_of(Verdict::failed));
  EXPECT_EQ(still.since, to_the_second(kEarlier));
  const auto now = drill_notice(occasion_of("drill nightly", Standing{true, kEarlier}),
                                evidence_of(Verdict::failed));
  EXPECT_EQ(now.since, to_the_second(kNow));
  const auto again = drill_notice(occasion_of("drill nightly", bad), evidence_of(Verdict::proven));
  EXPECT_THAT(again.events, ElementsAre(Event::proven, Event::recovered));
  EXPECT_EQ(again.since, to_the_second(kEarlier));
}

TEST(NoticeOfAnything, IsCutOnlyOnceItHoldsNoSecret) {
  const std::string secret = "first line of it\nsecond: line of it";
  auto occasion = occasion_of("backup");
  occasion.without_secrets = [&](std::string text) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;)
      text.replace(at, secret.size(), "***");
    return text;
  };
  for (const std::size_t before : {0U, 370U, 390U, 399U}) {
    const auto message = std::string(before, 'x') + secret + std::string(100, 'y');
    Json answer{{"repositories", Json::array()}};
    answer["repositories"].push_back(
        {{"repository", "r"}, {"error", {{"code", "unavailable"}, {"message", message}}}});
    auto evidence = evidence_of(Verdict::failed);
    evidence["diagnosis"][0]["cause"] = message;
    const Error error(Code::unavailable, message);
    const Json plan{{"items", {{{"source", "db"}, {"place", message}}}}};
    for (const auto& notice :
         {drill_notice(occasion, evidence), drill_notice(occasion, error),
          backup_notice(occasion, answer), backup_notice(occasion, error),
          backup_notice(occasion, Error(Code::command_failed, message)),
          restore_notice(occasion, plan, {}), restore_notice(occasion, plan, {true, error, {}})})
      EXPECT_THAT(text_of(notice), Not(HasSubstr("first"))) << before;
  }
}

Json backup_answer(const std::vector<const char*>& outcomes) {
  Json answer{{"service", "shop"}, {"repositories", Json::array()}};
  for (const std::string outcome : outcomes) {
    Json json{{"repository", "r" + std::to_string(answer["repositories"].size() + 1)}};
    if (outcome == "error")
      json["error"] = {{"code", "command_failed"},
                       {"message", "hook before_backup ended with status 3: row of Ada"}};
    else
      json["snapshot"] = {{"id", "4f2a81c09b77"}, {"complete", outcome == "complete"}};
    answer["repositories"].push_back(std::move(json));
  }
  return answer;
}

TEST(NoticeOfABackup, IsGoodOnlyWhenEveryRepositoryHasItWhole) {
  struct BackupCase {
    std::vector<const char*> outcomes;
    std::string verdict;
  };
  const std::vector<BackupCase> cases{{{"complete"}, "complete"},
                                      {{"complete", "complete"}, "complete"},
                                      {{"incomplete"}, "incomplete"},
                                      {{"complete", "incomplete"}, "incomplete"},
                                      {{"error"}, "failed"},
                                      {{"complete", "error"}, "failed"},
                                      {{"error", "incomplete"}, "failed"},
                                      {{}, "failed"}};
  for (const auto& each : cases) {
    const auto notice = backup_notice(occasion_of("backup"), backup_answer(each.outcomes));
    const bool good = each.verdict == "complete";
    EXPECT_EQ(notice.verdict, each.verdict);
    EXPECT_EQ(is_good(notice), good);
    EXPECT_THAT(notice.events, ElementsAre(good ? Event::backup : Event::failed));
    EXPECT_EQ(notice.next.empty(), good);
    EXPECT_THAT(text_of(notice), Not(HasSubstr("Ada")));
  }
}

TEST(NoticeOfABackup, NamesTheFirstFaultAndWhereItIsAllTheSame) {
  EXPECT_EQ(backup_notice(occasion_of("backup"), backup_answer({"complete", "error", "incomplete"}))
                .reason,
            "r2: hook before_backup ended with status 3 (and 1 more); it is in r1");
}

TEST(NoticeOfARestore, SaysHowItEnded) {
  const Json plan{{"snapshot", {{"id", "4f2a81c09b77aa"}, {"time", "2025-11-20T03:00:00Z"}}},
                  {"items", {{{"source", "db"}, {"place", "/srv/new"}}}}};
  const auto begins = restore_notice(occasion_of("restore"), plan, {});
  EXPECT_EQ(headline(begins), "shop: restore begins");
  EXPECT_EQ(begins.reason, "snapshot 4f2a81c09b of 2025-11-20T03:00:00Z: db to /srv/new");
  const auto done = restore_notice(occasion_of("restore"), plan, {true, {}, std::chrono::hours(2)});
  EXPECT_EQ(headline(done), "shop: restore done");
  const auto failed = restore_notice(occasion_of("restore"), plan,
                                     {true, Error(Code::no_space, "the disk is full"), {}});
  EXPECT_EQ(headline(failed), "shop: restore failed");
  EXPECT_THAT(failed.events, ElementsAre(Event::restore, Event::failed));
  for (const auto& notice : {begins, done, failed}) EXPECT_FALSE(says_good(notice));
}

TEST(NoticeOfSomethingOverdue, IsNeverGood) {
  for (const auto* subject : {"backup", "drill nightly"})
    for (const auto& age :
         {std::optional<Duration>(std::chrono::hours(50)), std::optional<Duration>()}) {
      const auto notice = overdue_notice(occasion_of(subject), age);
      EXPECT_THAT(notice.events, ElementsAre(Event::overdue));
      EXPECT_FALSE(says_good(notice));
      EXPECT_FALSE(notice.next.empty());
    }
}

TEST(NoticeForATest, IsNoNewsOfAnything) {
  const auto notice = test_notice(occasion_of("test"));
  EXPECT_FALSE(says_good(notice));
  EXPECT_THAT(notice.events, ElementsAre(Event::test));
}

}  // namespace
}  // namespace lifeboat::service
