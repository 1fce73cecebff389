#include "config/config.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "config/test_config.h"

namespace lifeboat::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Config, HoldsEverythingTheFileSays) {
  const auto loaded = parse_text(kWholeText);
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto& config = loaded->config;
  ASSERT_EQ(config.services.size(), 1U);
  const auto& shop = config.services[0];
  EXPECT_EQ(shop.name, "shop");
  EXPECT_EQ(shop.tz, "Europe/Berlin");
  EXPECT_EQ(shop.objectives.rpo, std::chrono::hours(24));
  EXPECT_EQ(shop.objectives.rto, std::chrono::minutes(15));
  ASSERT_EQ(shop.sources.size(), 2U);
  EXPECT_EQ(shop.sources[0].path.text(), "${DATABASE}");
  EXPECT_TRUE(shop.sources[1].one_file_system);
  EXPECT_THAT(shop.repositories, ElementsAre("local", "offsite"));
  EXPECT_EQ(shop.hooks.timeout, std::chrono::minutes(1));
  EXPECT_EQ(shop.retention.keep_last, 7U);
  EXPECT_EQ(shop.retention.keep_within, std::chrono::days(30));
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(Config, HoldsTheChecksOfADrill) {
  const auto loaded = parse_text(kWholeText);
  ASSERT_TRUE(loaded);
  const auto& drill = loaded->config.services[0].drills.at(0).options;
  EXPECT_EQ(drill.name, "nightly");
  EXPECT_EQ(drill.from, "offsite");
  const auto& blobs = std::get<drill::BlobsCheck>(drill.checks.at(0));
  EXPECT_EQ(blobs.source, "db");
  EXPECT_EQ(blobs.table, "images");
  EXPECT_EQ(blobs.sha256, "sha256");
  EXPECT_EQ(blobs.files, "uploads");
  const auto& query = std::get<drill::QueryCheck>(drill.checks.at(1));
  EXPECT_EQ(query.expect.relation, drill::Relation::greater_or_equal);
  EXPECT_EQ(query.expect.operand, "5");
  const auto& freshness = std::get<drill::FreshnessCheck>(drill.checks.at(2));
  EXPECT_EQ(freshness.within, std::chrono::hours(24));
  EXPECT_EQ(std::get<drill::MigrationsCheck>(drill.checks.at(3)).source, "db");
}

TEST(Config, OfTheExampleShopIsAccepted) {
  const auto loaded =
      load_config(fs::path(LIFEBOAT_SOURCE_DIR) / "examples/shop/lifeboat.yaml", {});
  ASSERT_TRUE(loaded) << loaded.error().describe();
  EXPECT_EQ(loaded->config.services.at(0).drills.at(0).options.checks.size(), 7U);
}

TEST(Config, SaysWhereAnUnknownKeyIsAndWhatWasProbablyMeant) {
  EXPECT_EQ(complaint("    owner:", "    onwer:"),
            "/etc/shop/lifeboat.yaml has 1 mistake\n"
            "  /etc/shop/lifeboat.yaml:4:5: unknown key \"onwer\" (did you mean \"owner\"?)");
}

TEST(Config, NamesTheKnownKeysWhenNoneIsNear) {
  EXPECT_THAT(complaint("medium: disk", "xyzzy: disk"),
              HasSubstr("unknown key \"xyzzy\" (known here: url, key, medium"));
}

TEST(Config, ReportsAllMistakesAtOnceInTheOrderOfTheFile) {
  auto text = replaced(kWholeText, "rto: 15m", "rto: soon");
  text = replaced(text, "type: files", "type: folder");
  text = replaced(text, "[local, offsite]", "[locale]");
  const auto loaded = parse_text(text);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Code::config_invalid);
  EXPECT_EQ(loaded.error().describe(),
            "/etc/shop/lifeboat.yaml has 4 mistakes\n"
            "  /etc/shop/lifeboat.yaml:6:33: \"rto\": \"soon\" is not a duration "
            "(Write a duration as 90s, 15m, 24h, 2d or 1w.)\n"
            "  /etc/shop/lifeboat.yaml:10:15: \"type\": \"folder\" is not known here (one of: "
            "sqlite, files, mongodb, foreign)\n"
            "  /etc/shop/lifeboat.yaml:15:20: there is no repository \"locale\" (did you mean "
            "\"local\"?)\n"
            "  /etc/shop/lifeboat.yaml:21:15: \"offsite\" is not a repository of this service");
}

TEST(Config, RefusesTabsAndSaysWhere) {
  EXPECT_THAT(complaint("    tz:", "\ttz:"),
              HasSubstr(":5:1: a tab in the indentation (YAML is indented with spaces only)"));
}

TEST(Config, AllowsTabsInBlockText) {
  EXPECT_EQ(complaint("\"echo ${GREETING:-hello}\"", "x"), "");
  const auto loaded = parse_text(replaced(
      kWholeText, "    hooks: {before_backup: \"echo ${GREETING:-hello}\", timeout: 1m}",
      "    hooks:\n      before_backup: |\n        if true; then\n        \techo a\n        fi"));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  EXPECT_EQ(loaded->config.services[0].hooks.before_backup.text(), "if true; then\n\techo a\nfi\n");
}

TEST(Config, RefusesANameGivenTwice) {
  EXPECT_THAT(complaint("  offsite: {url", "  local: {url"),
              HasSubstr(":29:3: \"local\" is given twice (the first is on line 28)"));
}

TEST(Config, RefusesAKeyGivenTwice) {
  EXPECT_THAT(complaint("    owner: ops@shop.example", "    owner: a\n    owner: b"),
              HasSubstr("\"owner\" is given twice"));
}

TEST(Config, NamesWhatIsMissing) {
  EXPECT_THAT(complaint("    repositories: [local, offsite]\n", ""),
              HasSubstr("\"repositories\" is missing"));
  EXPECT_THAT(complaint("version: 1\n", ""), HasSubstr("\"version\" is missing"));
  EXPECT_THAT(complaint("{type: sqlite, path: \"${DATABASE}\"}", "{type: sqlite}"),
              HasSubstr(":8:11: \"path\" is missing"));
}

TEST(Config, RefusesWrongTypes) {
  EXPECT_THAT(complaint("[local, offsite]", "local"),
              HasSubstr("\"repositories\" must be a list, not a single value"));
  EXPECT_THAT(complaint("owner: ops@shop.example", "owner: [a]"),
              HasSubstr("\"owner\" must be a text, not a list"));
  EXPECT_THAT(complaint("one_file_system: true", "one_file_system: maybe"),
              HasSubstr("\"maybe\" is not true or false"));
  EXPECT_THAT(complaint("keep_last: 7", "keep_last: 0"), HasSubstr("a whole number from 1"));
  EXPECT_THAT(complaint("read: 50MB/s", "read: fast"), HasSubstr("\"fast\" is not a size"));
  EXPECT_THAT(complaint("rpo: 24h", "rpo: 0h"), HasSubstr("\"0h\" is not more than nothing"));
  EXPECT_THAT(complaint("rows: db.images", "rows: images"), HasSubstr("write SOURCE.TABLE"));
  EXPECT_THAT(complaint("expect: \">= 5\"", "expect: \">=\""), HasSubstr("is not a comparison"));
  EXPECT_THAT(complaint("    objectives: {rpo: 24h, rto: 15m}", "    objectives:"),
              HasSubstr("\"objectives\" must be a block of keys, not nothing"));
}

TEST(Config, RefusesWhatThisVersionDoesNotDo) {
  EXPECT_THAT(complaint("    tz: Europe/Berlin", "    plan: {contacts: []}"),
              HasSubstr("\"plan\" is not in this version"));
  EXPECT_EQ(complaint("        tier: full", "        pitr: latest"), "");
  EXPECT_THAT(complaint("keep_last: 7", "daily: 7"), HasSubstr("\"daily\" is not in this version"));
  EXPECT_THAT(complaint("url: backups", "url: \"s3://bucket/x\""),
              HasSubstr("\"s3://\" is not in this version"));
}

TEST(Config, SaysOneThingAboutASourceOfAPlannedKind) {
  EXPECT_EQ(
      complaint("{type: sqlite, path: \"${DATABASE}\"}", "{type: postgresql, uri: x, database: y}"),
      "/etc/shop/lifeboat.yaml has 1 mistake\n"
      "  /etc/shop/lifeboat.yaml:8:18: \"type\": \"postgresql\" is not in this version "
      "(one of: sqlite, files, mongodb, foreign)");
}

constexpr const char* kLastCheck =
    "          - migrations: {source: db, folder: \"${APP:-app}/migrations\"}\n";

// With programs and questions after the last check.
std::string with_programs() {
  return replaced(kWholeText, kLastCheck, std::string(kLastCheck) + R"(          - command:
              run: "check ${sandbox.db.path} ${TOKEN:-a-token}"
              environment: {UPLOADS: "${sandbox.uploads.path}"}
              directory: tools
              within: 90s
              expect: {exit: 2, output: "^ok$", not: "pending|failed", outcomes: true}
          - manual: {ask: "Open three invoices", owner: finance}
        before:
          - {run: "true"}
          - {name: deployment, run: "npm run validate", directory: tools, within: 1m}
)");
}

TEST(Config, ReadsProgramsAndQuestions) {
  const auto loaded = parse_text(with_programs());
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto& options = loaded->config.services[0].drills[0].options;
  const auto& command = std::get<drill::CommandCheck>(options.checks.at(4));
  EXPECT_EQ(command.name, "5");
  EXPECT_EQ(command.exit, 2);
  EXPECT_EQ(command.output, "^ok$");
  EXPECT_EQ(command.unwanted, "pending|failed");
  EXPECT_TRUE(command.outcomes);
  EXPECT_EQ(command.within, std::chrono::seconds(90));
  const auto& manual = std::get<drill::ManualCheck>(options.checks.at(5));
  EXPECT_EQ(manual.ask, "Open three invoices");
  ASSERT_EQ(options.before.size(), 2U);
  EXPECT_EQ(options.before[0].name, "1");
  EXPECT_EQ(options.before[1].name, "deployment");
}

TEST(Config, ReadsMarkersOfASourceThatThereIs) {
  const auto loaded = parse_text(
      replaced(kWholeText, "    tz: Europe/Berlin", "    markers: {source: db, every: 30s}"));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto& markers = loaded->config.services[0].markers;
  ASSERT_TRUE(markers);
  EXPECT_EQ(markers->name, "lifeboat_markers");
  EXPECT_EQ(markers->every, std::chrono::seconds(30));
  EXPECT_THAT(complaint("    tz: Europe/Berlin", "    markers: {source: mail}"),
              HasSubstr("there is no source \"mail\""));
}

TEST(Config, RefusesACommandOfWhatIsNotRestored) {
  const auto said = [](const std::string& from, const std::string& to) {
    const auto loaded = parse_text(replaced(with_programs(), from, to));
    return loaded ? "" : loaded.error().describe();
  };
  EXPECT_THAT(said("${sandbox.db.path}", "${sandbox.dd.path}"),
              HasSubstr("there is no ${sandbox.dd.path}"));
  EXPECT_THAT(said("${sandbox.db.path}", "${sandbox.port}"),
              HasSubstr("there is no ${sandbox.port}"));
  EXPECT_THAT(said("exit: 2", "exit: 256"), HasSubstr("\"256\" is not an exit status"));
}

TEST(Config, RefusesKeysOfAnotherKindOfSource) {
  EXPECT_THAT(complaint("path: \"${DATABASE}\"", "path: x, exclude: [y]"),
              HasSubstr("\"exclude\" is only for sources of type files"));
}

TEST(Config, RefusesChecksOfWhatIsNotThere) {
  EXPECT_THAT(complaint("rows: db.images", "rows: dbb.images"),
              HasSubstr("there is no source \"dbb\" (did you mean \"db\"?)"));
  EXPECT_THAT(complaint("in: uploads", "in: db"),
              HasSubstr("\"db\" is of type sqlite; this check needs one of type files"));
  EXPECT_THAT(complaint("freshness: {source: db", "freshness: {source: uploads"),
              HasSubstr("\"uploads\" is of type files; this check needs one of type sqlite"));
  EXPECT_THAT(complaint("from: offsite", "from: nowhere"),
              HasSubstr("\"nowhere\" is not a repository of this service"));
}

TEST(Config, NeedsExactlyOneKindOfKey) {
  EXPECT_THAT(complaint("key: {file: /etc/lifeboat/key}", "key: {file: a, passphrase: \"${B}\"}"),
              HasSubstr("exactly one of passphrase, file, recipient, command is needed here"));
  EXPECT_THAT(complaint("key: {file: /etc/lifeboat/key}", "key: {}"), HasSubstr("exactly one of"));
}

TEST(Config, WarnsOfASecretThatStandsInTheFileAndNeverRepeatsIt) {
  const auto loaded =
      parse_text(replaced(kWholeText, "passphrase: \"${PASSPHRASE}\"", "passphrase: hunter2"));
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_THAT(describe("f", loaded->warnings[0]), HasSubstr("stands here as plain text"));
  EXPECT_THAT(describe("f", loaded->warnings[0]), Not(HasSubstr("hunter2")));
}

TEST(Config, WarnsOfASecretThatIsTheDefaultOfAVariable) {
  const auto loaded =
      parse_text(replaced(kWholeText, "\"${PASSPHRASE}\"", "\"${PASSPHRASE:-hunter2}\""));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->warnings.size(), 1U);
}

TEST(Config, ChecksAVariablesValueOnlyWhenItIsSet) {
  const auto text = replaced(kWholeText, "read: 50MB/s", "read: \"${LIMIT}\"");
  EXPECT_TRUE(parse_text(text));
  EXPECT_TRUE(parse_text(text, {{"LIMIT", "1MB"}}));
  const auto wrong = parse_text(text, {{"LIMIT", "fast"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().describe(), HasSubstr("\"fast\" is not a size"));
}

TEST(Config, RefusesVariablesWhereTheyCannotBe) {
  EXPECT_THAT(complaint("rpo: 24h", "rpo: \"${RPO}\""), HasSubstr("\"rpo\" cannot hold variables"));
  EXPECT_THAT(complaint("path: uploads", "path: \"${uploads}\""),
              HasSubstr("\"${uploads}\" is not a variable"));
}

TEST(Config, RefusesNamesThatCannotBePartsOfPaths) {
  EXPECT_THAT(complaint("  shop:", "  \"../shop\":"), HasSubstr("\"../shop\" cannot be a name"));
}

TEST(Config, RefusesWhatIsNoYamlOrNoText) {
  EXPECT_THAT(complaint("{rpo: 24h, rto: 15m}", "{rpo: 24h"), HasSubstr("not valid YAML"));
  EXPECT_THAT(complaint("uploads", "upl\xff"), HasSubstr("not a text in UTF-8"));
  EXPECT_THAT(parse_text("").error().describe(), HasSubstr("the file is empty"));
  EXPECT_THAT(parse_text("just a word").error().describe(),
              HasSubstr("the file must be a block of keys"));
  EXPECT_THAT(parse_text(kWholeText + "---\na: 1\n").error().describe(),
              HasSubstr("a second document"));
  EXPECT_THAT(parse_text(std::string(2U << 20U, '#')).error().describe(), HasSubstr("over 1 MiB"));
}

TEST(Config, RefusesDeepAndExplodingTexts) {
  EXPECT_THAT(parse_text(std::string(200, '[')).error().describe(), HasSubstr("too deeply"));
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char name = 'b'; name < 'h'; ++name) {
    bomb += std::string(1, name) + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i == 0 ? "*" : ",*") + char(name - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(parse_text(bomb).error().describe(), HasSubstr("too many values"));
}

TEST(Config, HintsAtQuotesAroundAVariableInBraces) {
  EXPECT_THAT(complaint("path: \"${DATABASE}\"}", "path: ${DATABASE}}"), HasSubstr("in quotes"));
}

TEST(Config, FindsServicesByNameAndSuggestsTheNearest) {
  const auto loaded = parse_text(kWholeText);
  EXPECT_TRUE(loaded->config.find_service("shop"));
  const auto missing = loaded->config.find_service("shp");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().hint(), "Did you mean \"shop\"?");
}

class FindConfig : public testing::Test {
 protected:
  void touch(const std::string& name) {
    ASSERT_TRUE(write_file(scratch_.path() / name, view_of("version: 1\n")));
  }
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
};

TEST_F(FindConfig, PrefersTheFlagThenTheVariableThenTheDirectory) {
  for (const auto* name : {"flag.yaml", "variable.yaml", "lifeboat.yaml"}) touch(name);
  const std::map<std::string, std::string> environment{{"LIFEBOAT_CONFIG", "variable.yaml"}};
  const auto& here = scratch_.path();
  EXPECT_EQ(*find_config("flag.yaml", environment, here), here / "flag.yaml");
  EXPECT_EQ(*find_config("", environment, here), here / "variable.yaml");
  EXPECT_EQ(*find_config("", {}, here), here / "lifeboat.yaml");
}

TEST_F(FindConfig, DoesNotLookElsewhereWhenANamedFileIsNotThere) {
  touch("lifeboat.yaml");
  const auto missing = find_config("other.yaml", {}, scratch_.path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::config_invalid);
}

TEST_F(FindConfig, SaysWhereItLooked) {
  const auto missing = find_config("", {}, scratch_.path());
  if (missing) GTEST_SKIP() << "this machine has " << missing->string();
  EXPECT_THAT(missing.error().message(), HasSubstr("/etc/lifeboat/lifeboat.yaml"));
}

TEST_F(FindConfig, ReadsVariablesFromTheEnvFileBesideIt) {
  ASSERT_TRUE(write_file(scratch_.path() / "lifeboat.yaml", view_of(kWholeText)));
  ASSERT_TRUE(write_file(scratch_.path() / ".env", view_of("DATABASE=/from/file\nOTHER=x\n")));
  const auto loaded = load_config(scratch_.path() / "lifeboat.yaml", {{"OTHER", "y"}});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->variables.find("DATABASE"), "/from/file");
  EXPECT_EQ(loaded->variables.find("OTHER"), "y");
}

}  // namespace
}  // namespace lifeboat::config
