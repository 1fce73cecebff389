#include <gmock/gmock.h>

#include "config/resolve.h"
#include "config/test_config.h"

namespace lifeboat::config {
namespace {

using ::testing::HasSubstr;

const std::string kOwn = "      db: {type: sqlite, path: \"${DATABASE}\"}\n";

std::string with_source(const std::string& keys) {
  return replaced(kWholeText, kOwn, kOwn + "      legacy: {type: foreign, " + keys + "}\n");
}

std::string refusal(const std::string& keys) {
  const auto loaded = parse_text(with_source(keys));
  return loaded ? "" : loaded.error().describe();
}

Result<engine::foreign::Options> options_of(const std::string& keys) {
  const auto loaded = TRY(parse_text(with_source(keys), {{"KEY", "hunter2"}}));
  const auto source = loaded.config.services[0].sources[1];
  return TRY(Resolver(loaded.config, loaded.variables).source(source)).foreign;
}

TEST(ForeignSource, IsReadWhole) {
  const auto options = options_of(
      "from: dumps, pattern: \"shop-*.tar.gz\", format: tar.gz, within: 26h, database: "
      "\"dump/*.db\", unpacked: {bytes: 5GB, entries: 1000}");
  ASSERT_TRUE(options) << options.error().describe();
  EXPECT_EQ(options->from, "/etc/shop/dumps");
  EXPECT_EQ(options->pattern, "shop-*.tar.gz");
  EXPECT_EQ(options->format, "tar.gz");
  EXPECT_EQ(options->within, std::chrono::hours(26));
  EXPECT_EQ(options->database, "dump/*.db");
  EXPECT_EQ(options->limits.bytes, 5'000'000'000U);
  EXPECT_EQ(options->limits.entries, 1000U);
  EXPECT_TRUE(options->is_database());
}

TEST(ForeignSource, MayBeBroughtByAProgram) {
  const auto options = options_of(
      "restore: \"borg extract ${sandbox.path}\", timeout: 2h, folder: data, environment: "
      "{BORG_PASSPHRASE: \"${KEY}\"}");
  ASSERT_TRUE(options) << options.error().describe();
  EXPECT_EQ(options->restore, "borg extract ${sandbox.path}");
  EXPECT_EQ(options->environment.at("BORG_PASSPHRASE"), "hunter2");
  EXPECT_THAT(options->secrets, ::testing::ElementsAre("hunter2"));
  EXPECT_EQ(options->timeout, std::chrono::hours(2));
  EXPECT_FALSE(options->is_database());
}

TEST(ForeignSource, NeedsAPlaceAndAFormatOrAProgram) {
  EXPECT_THAT(refusal("pattern: \"*\""), HasSubstr("\"from\" is missing"));
  EXPECT_THAT(refusal("from: a"), HasSubstr("\"format\" is missing"));
  EXPECT_THAT(refusal("from: a, format: tar, restore: b"),
              HasSubstr("\"from\" means nothing beside \"restore\""));
  EXPECT_THAT(refusal("from: a, format: tar, timeout: 1m"), HasSubstr("is for the command"));
  EXPECT_THAT(refusal("from: a, format: tar, path: b"),
              HasSubstr("\"path\" is only for sources of type sqlite or files"));
  EXPECT_THAT(refusal("from: a, format: sqlite, database: b"), HasSubstr("is one database"));
  EXPECT_THAT(refusal("from: a, format: tar, database: b, folder: c"),
              HasSubstr("\"folder\" means nothing beside \"database\""));
  EXPECT_THAT(refusal("restore: \"x ${sandbox.port}\""), HasSubstr("only ${sandbox.path}"));
}

TEST(ForeignSource, SaysWhichFormatsThereAre) {
  EXPECT_THAT(refusal("from: a, format: pg_dump"),
              HasSubstr("\"pg_dump\" is not in this version (one of: tar, tar.gz, tar.zst, zip, "
                        "sqlite, files, mongodump, jsonl)"));
}

TEST(ForeignSource, MayBeADumpOfOneDatabase) {
  for (const std::string format : {"mongodump", "jsonl"}) {
    const auto options =
        options_of("from: a, pattern: \"*\", folder: dump, database: shop, format: " + format);
    ASSERT_TRUE(options) << options.error().describe();
    EXPECT_TRUE(options->is_dump());
    EXPECT_FALSE(options->is_database());
    EXPECT_THAT(refusal("from: a, database: \"dump/*.db\", format: " + format),
                HasSubstr("is no name of a database"));
    EXPECT_EQ(refusal("restore: a, format: " + format), "");
    EXPECT_THAT(refusal("restore: a, from: b, format: " + format),
                HasSubstr("means nothing beside"));
  }
}

TEST(ForeignSource, NamesTheServerThatARecoveryWouldUse) {
  for (const std::string server : {"MongoDB 7.0", "FerretDB 1.24.0", "MongoDB 8"}) {
    const auto options = options_of("from: a, format: jsonl, server: " + server);
    ASSERT_TRUE(options) << options.error().describe();
    EXPECT_EQ(options->server, server);
  }
  for (const std::string server : {"mongod", "MongoDB", "MongoDB x", "MongoDB .", "7.0", "Mongo 7"})
    EXPECT_THAT(refusal("from: a, format: jsonl, server: " + server),
                HasSubstr("is no product and version"));
  EXPECT_THAT(refusal("from: a, format: tar, server: MongoDB 7"),
              HasSubstr("is for the formats mongodump and jsonl"));
}

TEST(ForeignSource, IsAskedLikeWhatIsInIt) {
  const auto with_query = [](const std::string& keys) {
    const auto loaded = parse_text(replaced(with_source(keys), "name: users, source: db",
                                            "name: users, source: "
                                            "legacy"));
    return loaded ? "" : loaded.error().describe();
  };
  EXPECT_EQ(with_query("from: a, format: tar, database: b"), "");
  EXPECT_EQ(with_query("from: a, format: sqlite"), "");
  EXPECT_THAT(with_query("from: a, format: mongodump"), HasSubstr("\"legacy\" is of type mongodb"));
  EXPECT_THAT(with_query("from: a, format: tar"), HasSubstr("\"legacy\" is of type files"));
}

TEST(ForeignSource, OthersStillNeedAPath) {
  EXPECT_THAT(complaint("{type: sqlite, path: \"${DATABASE}\"}", "{type: sqlite}"),
              HasSubstr("\"path\" is missing"));
}

TEST(ForeignSource, AServiceOfNothingElseHasNothingToSchedule) {
  const std::string text = R"(version: 1
services:
  shop:
    sources: {legacy: {type: foreign, from: a, format: tar}}
    repositories: [local]
    schedule: {full: "@daily"}
repositories:
  local: {url: r, key: {passphrase: "${P}"}}
)";
  EXPECT_THAT(parse_text(text).error().describe(), HasSubstr("nothing to take"));
  const auto loaded = parse_text(replaced(text, "    schedule: {full: \"@daily\"}\n", ""));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  EXPECT_FALSE(loaded->config.services[0].takes());
  EXPECT_EQ(loaded->config.services[0].foreign_names(), "legacy");
}

}  // namespace
}  // namespace lifeboat::config
