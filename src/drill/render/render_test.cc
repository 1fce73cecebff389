#include <gtest/gtest.h>

#include "drill/diagnosis.h"
#include "drill/render/checklist.h"
#include "drill/render/junit.h"
#include "drill/render/markdown.h"
#include "drill/render/page.h"

namespace lifeboat::drill {
namespace {

CheckResult rendered_check(Outcome outcome, bool proves_data = true) {
  CheckResult result;
  result.id = "counts.db";
  result.outcome = outcome;
  result.message = "found";
  result.proves_data = proves_data;
  return result;
}

Report rendered_report() {
  Report report;
  report.service = "shop";
  report.drill = "nightly";
  report.checks = {rendered_check(Outcome::passed)};
  for (const auto* name : {"locate", "fetch", "provision", "restore", "check"})
    report.stages.push_back({name, std::chrono::seconds(1), true, ""});
  report.tear_down = sandbox::TearDownProof{"token", {"/sandbox"}, {}};
  return report;
}

Report with_check(const CheckResult& more) {
  auto report = rendered_report();
  report.checks.push_back(more);
  return report;
}

Report stopped_with(Code code) {
  auto report = rendered_report();
  report.error = Error(code, "no").add_context("restore");
  return report;
}

Dossier dossier_of(Report report) {
  const auto judged = judge(report);
  report.verdict = judged.verdict;
  report.reason = judged.reason;
  report.diagnoses = diagnose(report);
  SignedRecord record;
  record.evidence = *parse_json(canonical_json(to_json(report)));
  return {record, Json::array()};
}

Report foretold() {
  auto report = rendered_report();
  report.measures.application_memory = 90'000'000;
  report.forecast.emplace();
  report.forecast->disk = DiskForecast{2'000'000, 3'000'000'000, "/var/<tmp>"};
  report.forecast->memory =
      MemoryForecast{80'000'000, std::nullopt, {4'000'000'000, "this machine"}};
  report.forecast->time = TimeForecast{std::chrono::seconds(12), 3};
  return report;
}

TEST(Rendering, WhatWasForetoldStandsBesideWhatItTook) {
  const auto markdown = render_markdown(dossier_of(foretold()));
  EXPECT_NE(
      markdown.find("| The drill's time | 12.0 s foretold by 3 earlier drills, 5.0 s taken |"),
      std::string::npos)
      << markdown;
  const auto page = render_page(dossier_of(foretold()));
  EXPECT_NE(page.find("2.0 MB foretold, 3.0 GB free in /var/&lt;tmp&gt;"), std::string::npos);
  EXPECT_NE(page.find("application 80.0 MB, Lifeboat not known yet; 4.0 GB available on this "
                      "machine"),
            std::string::npos);
}

TEST(Rendering, ADrillThatBootsNothingNeedsNoMemoryForAnApplication) {
  auto report = foretold();
  report.forecast->memory->application = 0;
  EXPECT_NE(
      render_markdown(dossier_of(report)).find("| The drill's memory | Lifeboat not known yet;"),
      std::string::npos);
}

TEST(Rendering, ATimeThatNobodyCouldKnowIsNotGuessed) {
  auto report = foretold();
  report.forecast->time.reset();
  EXPECT_NE(render_markdown(dossier_of(report)).find("5.0 s taken; not known before"),
            std::string::npos);
}

TEST(Rendering, AProjectionIsCalledOneWhereverItStands) {
  auto report = rendered_report();
  report.tier = "quick";
  report.measures.projected = Projection{std::chrono::seconds(90), std::chrono::seconds(80), 2};
  const auto row = "Recovery time with tier full";
  const auto said = "1 min 30 s projected, not measured: comparing everything took 1 min 20 s";
  for (const auto& text : {render_markdown(dossier_of(report)), render_page(dossier_of(report))}) {
    EXPECT_NE(text.find(row), std::string::npos);
    EXPECT_NE(text.find(said), std::string::npos) << text;
  }
}

TEST(Rendering, TheRunbookStandsBesideWhatWasDone) {
  auto report = rendered_report();
  compare_with_runbook(report, {{"Find | it", "locate", "", std::chrono::seconds(2)},
                                {"Restore <it>", "restore", "", std::chrono::milliseconds(500)},
                                {"Log in", "", "journey.login", std::nullopt}});
  const auto markdown = render_markdown(dossier_of(report));
  EXPECT_NE(markdown.find("| Find \\| it (stage locate) | done | 1.0 s | 2.0 s |"),
            std::string::npos)
      << markdown;
  EXPECT_NE(markdown.find("| Restore &lt;it&gt; (stage restore) | slow | 1.0 s | 500 ms |"),
            std::string::npos);
  EXPECT_NE(markdown.find("| Log in (check journey.login) | missing | – | – |"), std::string::npos);
  const auto page = render_page(dossier_of(report));
  EXPECT_NE(page.find("<b class=\"passed\">done</b> Find | it"), std::string::npos) << page;
  EXPECT_NE(page.find("<b class=\"warned\">slow</b> Restore &lt;it&gt;"), std::string::npos);
  EXPECT_NE(page.find("<b class=\"warned\">missing</b> Log in"), std::string::npos);
}

TEST(Rendering, WithoutARunbookNothingIsSaidOfOne) {
  EXPECT_EQ(render_markdown(dossier_of(rendered_report())).find("Runbook"), std::string::npos);
  EXPECT_EQ(render_page(dossier_of(rendered_report())).find("Runbook"), std::string::npos);
}

TEST(Rendering, WithoutAProjectionNothingIsSaidOfOne) {
  EXPECT_EQ(render_markdown(dossier_of(rendered_report())).find("projected"), std::string::npos);
}

struct Case {
  std::string name;
  Report report;
  bool green = false;
};

Report left_sandbox() {
  auto report = rendered_report();
  report.tear_down->remaining = {"/sandbox"};
  return report;
}

Report without(const std::string& what) {
  auto report = rendered_report();
  if (what == "checks") report.checks.clear();
  if (what == "tear-down") report.tear_down.reset();
  if (what == "data") report.checks = {rendered_check(Outcome::passed, false)};
  return report;
}

Report with_finding() {
  auto report = rendered_report();
  report.findings.push_back({"size-halved", "shop", "half of it", false});
  return report;
}

Report with_waived(Outcome outcome) {
  auto report = with_check(rendered_check(outcome));
  report.checks[1].outcome = Outcome::waived;
  report.checks[1].waived = "waived by Ada until 2026-01-01: known";
  return report;
}

std::vector<Case> cases() {
  std::vector<Case> all{{"sound", rendered_report(), true},
                        {"finding", with_finding(), true},
                        {"warned", with_check(rendered_check(Outcome::warned)), true},
                        {"failed check", with_check(rendered_check(Outcome::failed))},
                        {"check not run", with_check(rendered_check(Outcome::not_run))},
                        {"no checks", without("checks")},
                        {"only structure", without("data")},
                        {"no tear-down", without("tear-down")},
                        {"sandbox left", left_sandbox()}};
  for (const auto code :
       {Code::damage_found, Code::corrupt, Code::incomplete, Code::not_found, Code::wrong_key,
        Code::no_space, Code::timed_out, Code::unavailable, Code::refused, Code::interrupted,
        Code::internal, Code::io_error, Code::config_invalid, Code::busy})
    all.push_back({std::string(info_of(code).name), stopped_with(code)});
  return all;
}

bool shows(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

TEST(Rendering, PrintsGreenOnlyWhatIsProven) {
  for (auto& each : cases()) {
    SCOPED_TRACE(each.name);
    const auto dossier = dossier_of(each.report);
    each.report.verdict = judge(each.report).verdict;
    EXPECT_EQ(exit_status(each.report, false) == 0, each.green);
    EXPECT_EQ(dossier.record.evidence["verdict"] == "proven", each.green);
    const auto page = render_page(dossier);
    EXPECT_EQ(shows(page, "<header class=\"good\">"), each.green);
    EXPECT_EQ(shows(page, "This backup can be recovered"), each.green);
    EXPECT_EQ(shows(page, "<title>proven"), each.green);
    const auto markdown = render_markdown(dossier);
    EXPECT_EQ(markdown.starts_with("# PROVEN:"), each.green);
    EXPECT_EQ(shows(markdown, "This backup can be recovered"), each.green);
    EXPECT_EQ(shows(render_junit(dossier), "failures=\"0\" errors=\"0\""), each.green);
  }
}

// An edited or contradictory record must not look better than what it holds.
TEST(Rendering, AVerdictThatTheChecksContradictIsNotGreen) {
  for (const auto& each : cases()) {
    SCOPED_TRACE(each.name);
    auto dossier = dossier_of(each.report);
    dossier.record.evidence["verdict"] = "proven";
    const bool only_structure = each.name == "only structure";  // not told apart in the record
    EXPECT_EQ(shows(render_page(dossier), "<header class=\"good\">"), each.green || only_structure);
    EXPECT_EQ(shows(render_junit(dossier), "failures=\"0\" errors=\"0\""),
              each.green || only_structure);
  }
}

TEST(Rendering, AWaivedCheckIsSaidEverywhereAndGreenNowhere) {
  auto report = with_waived(Outcome::failed);
  const auto dossier = dossier_of(report);
  EXPECT_EQ(dossier.record.evidence["verdict"], "proven with waivers");
  const auto page = render_page(dossier);
  EXPECT_TRUE(shows(page, "<header class=\"waived\"><p class=\"verdict\">proven with waivers"));
  EXPECT_FALSE(shows(page, "This backup can be recovered"));
  EXPECT_TRUE(shows(page, "waived by Ada"));
  const auto markdown = render_markdown(dossier);
  EXPECT_TRUE(markdown.starts_with("# PROVEN WITH WAIVERS:"));
  EXPECT_TRUE(shows(markdown, "waived by Ada"));
  const auto junit = render_junit(dossier);
  EXPECT_TRUE(shows(junit, "failures=\"0\" errors=\"0\" skipped=\"1\""));
  EXPECT_TRUE(shows(junit, "waived by Ada"));
  report.checks[0].outcome = Outcome::waived;  // then nothing is proven at all
  EXPECT_EQ(judge(report).verdict, Verdict::unverified);
}

TEST(Rendering, ADrillThatStoppedHalfWayShowsNoRecoveryTime) {
  auto report = rendered_report();
  report.measures.recovery = std::chrono::seconds(5);
  const auto whole = dossier_of(report);
  EXPECT_TRUE(shows(render_page(whole), "5.0 s"));
  EXPECT_TRUE(shows(render_markdown(whole), "| Recovery time | 5.0 s |"));
  report.measures.recovery.reset();
  const auto stopped = dossier_of(report);
  EXPECT_TRUE(shows(render_page(stopped), "the drill stopped before its end"));
  EXPECT_TRUE(shows(render_markdown(stopped), "| Recovery time | not measured |"));
}

TEST(Rendering, AMissedObjectiveIsGreenNowhere) {
  auto report = rendered_report();
  report.measures.rto_objective = std::chrono::seconds(1);
  report.measures.recovery = std::chrono::seconds(5);
  report.measures.rto = Judgement::missed;
  const auto dossier = dossier_of(report);
  EXPECT_TRUE(shows(render_junit(dossier), "failures=\"1\""));
  EXPECT_TRUE(shows(render_page(dossier), "<b class=\"missed\">5.0 s of 1.0 s: missed</b>"));
  EXPECT_TRUE(shows(render_markdown(dossier), "5.0 s of 1.0 s: missed"));
  report.verdict = judge(report).verdict;
  EXPECT_EQ(exit_status(report, true), 1);
  report.measures.rto = Judgement::not_measured;
  EXPECT_TRUE(shows(render_junit(dossier_of(report)), "errors=\"1\""));
}

TEST(Rendering, SaysHowManyWritesWereLostOrWhyNobodyKnows) {
  auto report = rendered_report();
  report.measures.no_lost_writes = "nobody marks";
  EXPECT_TRUE(shows(render_page(dossier_of(report)), "not run: nobody marks"));
  EXPECT_TRUE(
      shows(render_markdown(dossier_of(report)), "| Lost writes | not run: nobody marks |"));
  report.measures.lost_writes = {std::chrono::seconds(130), 3};
  EXPECT_TRUE(shows(render_page(dossier_of(report)), "3 markers, 2 min 10 s"));
  EXPECT_TRUE(
      shows(render_markdown(dossier_of(report)), "| Lost writes | 3 markers, 2 min 10 s |"));
  report.measures.lost_writes->markers.reset();
  EXPECT_TRUE(shows(render_page(dossier_of(report)), "<dd>2 min 10 s</dd>"));
}

constexpr const char* kHostile =
    "<script>alert(1)</script><img src=http://x onerror='x'>\"&|`*[a](javascript:b)\n# PROVEN\x01";

Dossier hostile_dossier() {
  auto report = with_check(rendered_check(Outcome::failed));
  report.service = report.drill = report.owner = report.host = kHostile;
  report.checks[1].id = report.checks[1].message = report.checks[1].proves = kHostile;
  report.checks[1].details = {kHostile};
  report.findings.push_back({kHostile, kHostile, kHostile, false});
  report.stages[3].error = kHostile;
  auto dossier = dossier_of(report);
  dossier.record.signer = kHostile;
  dossier.sign_offs.push_back({{"name", kHostile}, {"role", kHostile}, {"comment", kHostile}});
  return dossier;
}

TEST(Page, EscapesEveryTextAndLoadsNothing) {
  const auto page = render_page(hostile_dossier());
  EXPECT_FALSE(shows(page, "<script"));
  EXPECT_FALSE(shows(page, "<img"));
  EXPECT_FALSE(shows(page, "onerror='"));
  EXPECT_FALSE(shows(page, "<a "));
  EXPECT_FALSE(shows(page, "<link rel=\"stylesheet"));
  EXPECT_FALSE(shows(page, "url("));
  EXPECT_TRUE(shows(page, "&lt;script&gt;"));
}

TEST(Markdown, HostileNamesMakeNoMarkup) {
  const auto text = render_markdown(hostile_dossier());
  EXPECT_FALSE(shows(text, "<script"));
  EXPECT_FALSE(shows(text, "<img"));
  EXPECT_FALSE(shows(text, "\n# PROVEN"));
  EXPECT_FALSE(shows(text, "[a]("));
  EXPECT_FALSE(shows(text, "&|"));
}

TEST(Junit, HostileNamesAreWellFormed) {
  const auto text = render_junit(hostile_dossier());
  EXPECT_FALSE(shows(text, "<script"));
  EXPECT_FALSE(shows(text, "\x01"));
  EXPECT_TRUE(shows(text, "&lt;script&gt;"));
}

TEST(Rendering, TakesEvidenceOfAnyShape) {
  for (const auto& evidence :
       {Json(nullptr), Json::array(), Json{{"checks", 3}, {"stages", {1, 2}}, {"measures", "x"}},
        Json{{"verdict", Json::array()}, {"snapshot", 3}, {"findings", {nullptr}}}}) {
    const Dossier dossier{{evidence, "", "", "", ""}, Json::array()};
    EXPECT_FALSE(render_page(dossier).empty());
    EXPECT_FALSE(render_markdown(dossier).empty());
    EXPECT_TRUE(shows(render_junit(dossier), "errors=\"1\""));
  }
}

TEST(Checklist, IsFilledInFromTheRecord) {
  const auto outcome_of = [](const Json& evidence, std::string_view text) {
    for (const auto& item : checklist_of(evidence))
      if (item.text.find(text) != std::string::npos) return item.outcome;
    return std::string("absent");
  };
  auto report = with_check(rendered_check(Outcome::failed));
  report.checks[1].id = "blobs.db.images";
  const auto evidence = dossier_of(report).record.evidence;
  EXPECT_EQ(outcome_of(evidence, "never to production"), "passed");
  EXPECT_EQ(outcome_of(evidence, "As many rows"), "passed");
  EXPECT_EQ(outcome_of(evidence, "Every row's file"), "failed");
  EXPECT_EQ(outcome_of(evidence, "It starts on the restored data"), "not_run");
  EXPECT_EQ(outcome_of(evidence, "What the drill made is gone"), "passed");
  EXPECT_EQ(outcome_of(evidence, "within the promised window"), "not_run");
  report.findings.push_back({"production-unknown", "source db", "it cannot be found", false});
  EXPECT_EQ(outcome_of(dossier_of(report).record.evidence, "never to production"), "not_run");
}

TEST(Rendering, SaysWhereItRanAndWhatElseWasPractised) {
  auto report = rendered_report();
  for (const bool named : {false, true}) {
    report.environment = named ? "staging" : "";
    report.combined_with = named ? "rotation of credentials" : "";
    const auto dossier = dossier_of(report);
    EXPECT_EQ(dossier.record.evidence.contains("combined_with"), named);
    for (const auto& text : {render_page(dossier), render_markdown(dossier)}) {
      EXPECT_EQ(text.find(" (staging)") != std::string::npos, named) << text;
      EXPECT_EQ(text.find("rotation of credentials") != std::string::npos, named);
      EXPECT_EQ(text.find(", together with rotation of") != std::string::npos, named);
    }
  }
}

TEST(Page, ShowsTimesToTheSecond) {
  auto report = rendered_report();
  report.started = Time(std::chrono::microseconds(1'763'718'300'123'456));
  const auto dossier = dossier_of(report);
  const auto page = render_page(dossier);
  EXPECT_EQ(dossier.record.evidence["started"], "2025-11-21T09:45:00.123456Z");
  EXPECT_TRUE(shows(page, "2025-11-21T09:45:00Z"));
  EXPECT_FALSE(shows(page, ".123456"));
}

TEST(Page, ShowsTheTrendOfEarlierDrills) {
  auto report = rendered_report();
  EXPECT_FALSE(shows(render_page(dossier_of(report)), "<h2>Trend"));
  report.trend = {{"a", "2025-11-19T09:45:00Z", "proven", 4000, 1000},
                  {"b", "2025-11-20T09:45:00Z", "failed", std::nullopt, 500}};
  const auto page = render_page(dossier_of(report));
  EXPECT_TRUE(shows(page, "<h2>Trend"));
  EXPECT_TRUE(shows(page, "2025-11-20T09:45:00Z failed"));
}

}  // namespace
}  // namespace lifeboat::drill
