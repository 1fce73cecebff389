#include "config/test_config.h"

namespace lifeboat::config {
namespace {

// In the drill of the whole configuration.
std::string with_runbook(const std::string& steps) {
  return replaced(kWholeText, "        tier: full\n",
                  "        tier: full\n        within: 1h\n        runbook:\n" + steps);
}

std::string runbook_complaint(const std::string& steps) {
  const auto loaded = parse_text(with_runbook(steps));
  return loaded ? "" : loaded.error().describe();
}

TEST(RunbookKeys, AreRead) {
  const auto loaded = parse_text(
      with_runbook("          - {step: \"Restore the data\", stage: restore, within: 20m}\n"
                   "          - {step: \"Log in\", check: journey.login}\n"));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto& options = loaded->config.services[0].drills[0].options;
  EXPECT_EQ(options.within, std::chrono::hours(1));
  ASSERT_EQ(options.runbook.size(), 2U);
  EXPECT_EQ(options.runbook[0].step, "Restore the data");
  EXPECT_EQ(options.runbook[0].stage, "restore");
  EXPECT_EQ(options.runbook[0].within, std::chrono::minutes(20));
  EXPECT_EQ(options.runbook[1].check, "journey.login");
  EXPECT_FALSE(options.runbook[1].within);
}

TEST(DrillKeys, MayNameWhereItRunsAndWhatElseIsPractised) {
  const auto loaded = parse_text(
      "version: 1\nservices:\n  shop:\n    sources: {db: {type: sqlite, path: a.db}}\n"
      "    repositories: [r]\n    drills:\n      d: {environment: staging, "
      "combined_with: rotation of credentials}\n"
      "repositories: {r: {url: r, key: {passphrase: \"${P}\"}}}\n");
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto& options = loaded->config.services[0].drills[0].options;
  EXPECT_EQ(options.environment, "staging");
  EXPECT_EQ(options.combined_with, "rotation of credentials");
}

TEST(RunbookKeys, AStepOfNothingOrOfTwoThingsIsRefused) {
  EXPECT_NE(runbook_complaint("          - {step: a}\n").find("exactly one of"), std::string::npos);
  EXPECT_NE(
      runbook_complaint("          - {step: a, stage: restore, check: b}\n").find("exactly one of"),
      std::string::npos);
}

TEST(RunbookKeys, AStageThatThereIsNotIsRefused) {
  EXPECT_NE(runbook_complaint("          - {step: a, stage: replay}\n"), "");
  EXPECT_NE(runbook_complaint("          - {step: a, stage: app}\n").find("has no \"app\""),
            std::string::npos);
}

TEST(RunbookKeys, AStepNeedsItsNameAndATimeThatIsOne) {
  EXPECT_NE(runbook_complaint("          - {stage: restore}\n").find("\"step\" is missing"),
            std::string::npos);
  EXPECT_NE(runbook_complaint("          - {step: a, stage: restore, within: soon}\n"), "");
}

}  // namespace
}  // namespace lifeboat::config
