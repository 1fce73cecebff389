#include "drill/people.h"

#include <gtest/gtest.h>

#include "base/test_context.h"
#include "drill/action_items.h"
#include "drill/envelope.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

crypto::SigningKey signing_key(std::uint8_t byte) {
  return std::move(*crypto::SigningKey::from_seed(Secret(Bytes(32, byte))));
}

SignOff said_by(const std::string& name, Time time = kNow) {
  return {std::string(64, 'a'), name, "owner", "I read it", "failed", time, "", false};
}

repository::Statement statement(const Json& envelope) {
  repository::Statement said;
  said.kind = "signed-off";
  said.body = {{"envelope", envelope}};
  return said;
}

TEST(SignOff, ComesBackWithTheKeyThatMadeIt) {
  const auto said = read_sign_off(*make_sign_off(said_by("Ada"), signing_key(1)));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->name, "Ada");
  EXPECT_EQ(said->verdict, "failed");
  EXPECT_EQ(said->record, std::string(64, 'a'));
  EXPECT_EQ(said->key, signing_key(1).verify_key().hex());
}

TEST(SignOff, WithoutANameOrARoleIsNone) {
  EXPECT_FALSE(make_sign_off(said_by(""), signing_key(1)));
  auto without_role = said_by("Ada");
  without_role.role = "";
  EXPECT_FALSE(make_sign_off(without_role, signing_key(1)));
}

TEST(SignOff, ThatSomebodyEditedIsNotListed) {
  auto sealed = *make_sign_off(said_by("Ada"), signing_key(1));
  auto text = to_text(*from_base64(sealed["payload"].get<std::string>()));
  text.replace(text.find("failed"), 6, "proven");
  sealed["payload"] = to_base64(view_of(text));
  EXPECT_EQ(read_sign_off(sealed).error().defect, Defect::edited);
  EXPECT_TRUE(sign_offs_on(std::string(64, 'a'), {statement(sealed)}).empty());
}

TEST(SignOff, OfAnotherRecordIsNotListed) {
  const auto sealed = *make_sign_off(said_by("Ada"), signing_key(1));
  EXPECT_TRUE(sign_offs_on(std::string(64, 'b'), {statement(sealed)}).empty());
}

TEST(SignOff, ManyMaySignAndOnlyTheSameKeyRevokes) {
  auto revoking = said_by("Ada", kNow + 1h);
  revoking.revokes = true;
  const auto list =
      sign_offs_on(std::string(64, 'a'), {statement(*make_sign_off(said_by("Ada"), signing_key(1))),
                                          statement(*make_sign_off(said_by("Bob"), signing_key(2))),
                                          statement(*make_sign_off(revoking, signing_key(1)))});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["revoked"], true);
  EXPECT_EQ(list[1]["name"], "Bob");
  EXPECT_EQ(list[1]["revoked"], false);
}

repository::Statement waived(const std::string& check, const std::string& until, Time said) {
  repository::Statement statement;
  statement.kind = "waived";
  statement.time = said;
  statement.body = {
      {"service", "shop"}, {"check", check}, {"reason", "known"}, {"who", "Ada"}, {"until", until}};
  return statement;
}

Report report_beside(Outcome outcome, bool refused = false) {
  Report report;
  report.started = kNow;  // 2025-11-21T09:45:00Z
  CheckResult good;
  good.id = "digests.db";
  good.outcome = Outcome::passed;
  good.proves_data = true;
  CheckResult other;
  other.id = "blobs.db.images";
  other.outcome = outcome;
  other.refused = refused;
  report.checks = {good, other};
  report.tear_down = sandbox::TearDownProof{"token", {}, {}};
  return report;
}

Report waived_report(Outcome outcome, const std::string& until, bool refused = false) {
  auto report = report_beside(outcome, refused);
  apply_waivers(report, waivers_of({waived("blobs.db.images", until, kNow)}, "shop"));
  return report;
}

TEST(Waiver, ThatLastsMakesItProvenWithWaivers) {
  for (const auto outcome : {Outcome::failed, Outcome::not_run}) {
    const auto report = waived_report(outcome, "2025-12-01T00:00:00Z");
    EXPECT_EQ(report.checks[1].outcome, Outcome::waived);
    EXPECT_EQ(name_of(judge(report).verdict), "proven with waivers");
    EXPECT_NE(judge(report).reason.find("Ada"), std::string::npos);
    EXPECT_TRUE(report.findings.empty());
  }
}

TEST(Waiver, ThatHasEndedFailsAndSaysSo) {
  const auto report = waived_report(Outcome::failed, "2025-11-21T09:45:00Z");
  EXPECT_EQ(judge(report).verdict, Verdict::failed);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, "waiver-expired");
}

TEST(Waiver, OfACheckThatPassesIsAFinding) {
  const auto report = waived_report(Outcome::passed, "2025-12-01T00:00:00Z");
  EXPECT_EQ(judge(report).verdict, Verdict::proven);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, "waiver-unused");
}

TEST(Waiver, DoesNotReachWhatWasRefusedForSafety) {
  const auto report = waived_report(Outcome::not_run, "2025-12-01T00:00:00Z", true);
  EXPECT_EQ(judge(report).verdict, Verdict::unverified);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, "waiver-void");
}

// Whatever stands on it was not asked, so that nothing of it could be proven.
TEST(Waiver, CannotMakeAnApplicationGreenThatWasNeverAsked) {
  const struct {
    const char* check;
    Outcome outcome;
    Verdict verdict;
  } rows[] = {
      {"isolation.network", Outcome::not_run, Verdict::unverified},
      {"isolation.network.commands", Outcome::not_run, Verdict::unverified},
      {"isolation.attempts", Outcome::not_run, Verdict::unverified},
      {"app.ready", Outcome::failed, Verdict::failed},
      {"app.ready", Outcome::not_run, Verdict::unverified},
      {"app.log", Outcome::failed, Verdict::proven_with_waivers},
      {"app.alive", Outcome::not_run, Verdict::proven_with_waivers},
      {"journey.1", Outcome::failed, Verdict::proven_with_waivers},
      {"command.own", Outcome::not_run, Verdict::proven_with_waivers},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.check);
    auto report = report_beside(row.outcome);
    report.checks[1].id = row.check;
    apply_waivers(report, waivers_of({waived(row.check, "2025-12-01T00:00:00Z", kNow)}, "shop"));
    const bool green = row.verdict == Verdict::proven_with_waivers;
    EXPECT_EQ(judge(report).verdict, row.verdict);
    EXPECT_EQ(report.checks[1].outcome, green ? Outcome::waived : row.outcome);
    EXPECT_EQ(report.findings.size(), green ? 0U : 1U);
    EXPECT_EQ(is_waivable(row.check), green);
  }
}

TEST(Waiver, OfAnotherServiceWaivesNothingAndALaterOneReplacesIt) {
  EXPECT_TRUE(waivers_of({waived("x", "2025-12-01T00:00:00Z", kNow)}, "blog").empty());
  const auto waivers = waivers_of(
      {waived("x", "2026-12-01T00:00:00Z", kNow), waived("x", "2025-01-01T00:00:00Z", kNow + 1h)},
      "shop");
  ASSERT_EQ(waivers.size(), 1U);
  EXPECT_LT(waivers[0].until, kNow);
}

Diagnosis diagnosis(const std::string& rule, bool grave) {
  return {rule, "counts.db", "cause", "grounds", "next", "operator", grave};
}

// The record that a drill at `time` leaves.
SignedRecord record_of(Report report, Time time) {
  report.started = time;
  SignedRecord record;
  record.evidence = to_json(report);
  return record;
}

TEST(ActionItems, StayOpenUntilSomebodyClosesThem) {
  Report first;
  first.started = kNow;
  first.diagnoses = {diagnosis("rows-lost", true)};
  History history;
  carry_items(first, history);
  ASSERT_EQ(first.items.size(), 1U);
  EXPECT_EQ(first.items[0].due, kNow + 24h * 7);

  history.records = {record_of(first, kNow)};
  Report second;  // does not meet it
  second.started = kNow + 24h;
  carry_items(second, history);
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_FALSE(second.items[0].seen);
  EXPECT_EQ(second.items[0].since, kNow);

  history.resolutions = {{second.items[0].id, kNow + 25h}};
  history.records = {record_of(second, kNow + 24h)};
  Report third;
  third.started = kNow + 48h;
  carry_items(third, history);
  EXPECT_TRUE(third.items.empty());

  third.diagnoses = {diagnosis("rows-lost", true)};
  carry_items(third, history);
  ASSERT_EQ(third.items.size(), 1U);
  EXPECT_EQ(third.items[0].since, kNow + 48h);
}

TEST(ActionItems, ClosedBeforeTheRecordThatMetThemAgainAreOpen) {
  Report report;
  report.started = kNow;
  report.diagnoses = {diagnosis("rows-lost", false)};
  carry_items(report, {});
  EXPECT_EQ(report.items[0].due, kNow + 24h * 30);
  const auto record = record_of(report, kNow);
  EXPECT_EQ(open_items(record, {{report.items[0].id, kNow - 1h}}).size(), 1U);
  EXPECT_TRUE(open_items(record, {{report.items[0].id, kNow + 1h}}).empty());
}

TEST(ActionItems, ThatOnlySayWhatPassedByAreNone) {
  Report report;
  report.diagnoses = {diagnosis("interrupted", true), diagnosis("other-run", true)};
  carry_items(report, {});
  EXPECT_TRUE(report.items.empty());
}

}  // namespace
}  // namespace lifeboat::drill
