#include "service/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_context.h"
#include "config/config.h"
#include "config/resolve.h"
#include "service/discovery_hints.h"
#include "service/starter.h"

namespace lifeboat::service {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class Discover : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) {
    const auto path = app_ / name;
    ASSERT_TRUE(make_directories(path.parent_path()));
    ASSERT_TRUE(write_file(path, view_of(text)));
  }
  void write_database(const std::string& name) {
    write(name, std::string("SQLite format 3\0", 16) + std::string(4080, 'x'));
  }
  Discovery found(std::map<std::string, std::string> environment = {}) {
    DiscoveryOptions options;
    options.directory = app_;
    options.system_root = scratch_.path() / "root";
    options.environment = std::move(environment);
    return *discover(options, test_.context);
  }

  TestContext test_;
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  std::filesystem::path app_ = scratch_.path() / "My Shop";
};

auto source(const std::string& name, const std::string& type) {
  return AllOf(Field(&FoundSource::name, name), Field(&FoundSource::type, type));
}

TEST_F(Discover, FindsDatabasesByTheirContentAndFoldersByTheirName) {
  write_database("data/shop.bin");
  write("data/fake.db", "not a database");
  write("public/uploads/a.png", "x");
  EXPECT_THAT(found().sources, ElementsAre(source("db", "sqlite"), source("uploads", "files")));
}

TEST_F(Discover, NamesSeveralDatabasesAfterTheirFiles) {
  write_database("shop.db");
  write_database("Audit Log.sqlite3");
  write_database("old/shop.db");
  EXPECT_THAT(found().sources, ElementsAre(source("audit-log", "sqlite"), source("shop", "sqlite"),
                                           source("shop-2", "sqlite")));
}

TEST_F(Discover, ExcludesADatabaseFromTheFolderThatHoldsIt) {
  write_database("storage/production.sqlite3");
  const auto sources = found().sources;
  ASSERT_THAT(sources, SizeIs(2));
  EXPECT_THAT(sources[1].exclude, ElementsAre("/production.sqlite3*"));
}

TEST_F(Discover, DoesNotLookIntoWhatToolsMade) {
  write_database("node_modules/x/test.db");
  write_database(".git/x.db");
  EXPECT_THAT(found().sources, IsEmpty());
}

TEST_F(Discover, TakesAFolderOnlyOnce) {
  write("uploads/media/a.png", "x");
  EXPECT_THAT(found().sources, ElementsAre(source("uploads", "files")));
}

TEST_F(Discover, FollowsDatabaseUrlsAndPathsOfTheEnvFile) {
  write_database("var/main.db");
  write("images/a.png", "x");
  write(".env", "DATABASE_URL=\"file:./var/main.db?mode=rwc\"\nUPLOADS_DIR=images\n");
  const auto sources = found().sources;
  ASSERT_THAT(sources, ElementsAre(source("db", "sqlite"), source("images", "files")));
  EXPECT_EQ(sources[0].reason, "DATABASE_URL in .env");
}

TEST_F(Discover, NamesOtherDatabasesWithoutTheirPasswords) {
  write(".env", "MONGO_URI=mongodb://me:hunter2@db.example:27017/shop?password=x\n");
  const auto foreign = found({{"DATABASE_URL", "postgres://a:hunter2@h/d"}}).foreign;
  ASSERT_THAT(foreign, SizeIs(2));
  EXPECT_EQ(foreign[0].what, "mongodb://db.example:27017/shop");
  EXPECT_EQ(foreign[1].what, "postgres://h/d");
}

TEST_F(Discover, ReadsComposeFiles) {
  write("docker-compose.yml",
        "services:\n  db: {image: \"postgres:16\", volumes: [\"./data:/var\"]}\n"
        "  web:\n    volumes: [\"./data:/srv\", \"named:/x\"]\n");
  write("data/a", "x");
  const auto all = found();
  ASSERT_THAT(all.foreign, SizeIs(1));
  EXPECT_EQ(all.foreign[0].what, "postgres:16");
  EXPECT_THAT(all.sources, ElementsAre(source("data", "files")));
  EXPECT_THAT(all.config_files, ElementsAre("docker-compose.yml"));
}

TEST_F(Discover, FindsBackupsOfOtherToolsInCrontabs) {
  write("uploads/a", "x");
  ASSERT_TRUE(make_directories(scratch_.path() / "root/etc/cron.d"));
  ASSERT_TRUE(write_file(scratch_.path() / "root/etc/cron.d/dump",
                         view_of("# pg_dump is great\n0 3 * * * root pg_dump shop > /backup\n")));
  ASSERT_TRUE(write_file(scratch_.path() / "root/etc/crontab", view_of("0 4 * * * root true\n")));
  const auto foreign = found().foreign;
  ASSERT_THAT(foreign, SizeIs(1));
  EXPECT_EQ(foreign[0].what, "a backup by \"pg_dump\"");
}

TEST_F(Discover, SuggestsToDrillWhatMongodumpAndTheScriptsOfJsonLinesLeave) {
  write("uploads/a", "x");
  write("backup_dtb/backup_data/backup_20261121_094500.tar", "x");
  write("other/backup_20261121_094500.tar", "x");  // not where the scripts leave them
  const auto crontabs = scratch_.path() / "root/etc/cron.d";
  ASSERT_TRUE(make_directories(crontabs));
  const auto cron = [&](const std::string& name, const std::string& command) {
    ASSERT_TRUE(write_file(crontabs / name, view_of("0 3 * * * root " + command + "\n")));
  };
  cron("1", "mongodump --gzip --archive=\"/srv/dumps/shop-$(date +\\%F).archive.gz\"");
  cron("2", "mongodump --archive | zstd > /srv/zstd/${DAY}.zst");
  cron("3", "mongodump -o /srv/out/`date +\\%F`");
  cron("4", "mongodump --out $PLACE/x");  // nobody knows where that is
  cron("5", "pg_dump --archive=/srv/pg");
  std::vector<std::string> drilled;
  for (const auto& foreign : found().foreign)
    if (foreign.dumps)
      drilled.push_back(foreign.dumps->format + " " + foreign.dumps->folder.filename().string() +
                        " " + foreign.dumps->pattern);
  EXPECT_THAT(drilled, ElementsAre("mongodump dumps shop-*.archive.gz", "mongodump zstd *.zst",
                                   "mongodump out *", "jsonl backup_data backup_*.tar*"));
  const auto text = starter_yaml(found(), {"shop", "/r"});
  EXPECT_THAT(text, HasSubstr("# dump: {type: foreign, format: mongodump, from: \"/srv/dumps\", "
                              "pattern: \"shop-*.archive.gz\", within: 26h}"));
  EXPECT_THAT(text, HasSubstr("# dump-4: {type: foreign, format: jsonl"));
  const auto named_for = [&](const std::string& services) {
    write("compose.yml", "services: {" + services + "}\n");
    const auto yaml = starter_yaml(found(), {"shop", "/r"});
    const auto at = yaml.find("within: 26h") + 11;
    return yaml.substr(at, yaml.find('}', at) - at);
  };
  EXPECT_EQ(named_for("db: {image: \"mongo:7.0.12-jammy\"}"), ", server: MongoDB 7.0.12");
  EXPECT_EQ(named_for("db: {image: \"ghcr.io/ferretdb/ferretdb:v1.24.0\"}"),
            ", server: FerretDB 1.24.0");
  EXPECT_EQ(named_for("db: {image: \"mongo:latest\"}, ui: {image: \"mongo-express:1.0\"}"), "");
  EXPECT_EQ(named_for("a: {image: \"mongo:6\"}, b: {image: \"mongo:7\"}"), "");
  EXPECT_THAT(text, HasSubstr("#   a backup by \"mongodump\""));
}

TEST_F(Discover, StopsWhenAsked) {
  write("uploads/a", "x");
  test_.stop.request_stop();
  DiscoveryOptions options;
  options.directory = app_;
  EXPECT_EQ(discover(options, test_.context).error().code(), Code::interrupted);
}

TEST_F(Discover, GivesAConfigurationThatWorks) {
  write_database("it's \"$HOME\" ${odd}.db");
  write("uploads/a", "x");
  write(".env", "A=b\n");
  write("docker-compose.yml", "services: {db: {image: postgres}}\n");
  const auto text = starter_yaml(found(), {service_name_for(app_), "/var/backups/$odd"});
  const auto loaded = config::parse_config(text, app_ / "lifeboat.yaml", config::Variables());
  ASSERT_TRUE(loaded) << loaded.error().describe() << "\n" << text;
  const auto& service = loaded->config.services.at(0);
  EXPECT_EQ(service.name, "my-shop");
  const config::Resolver resolver(loaded->config, loaded->variables);
  EXPECT_EQ(resolver.source(service.sources.at(0))->path,
            (std::filesystem::canonical(app_) / "it's \"$HOME\" ${odd}.db").string());
  EXPECT_EQ(resolver.repository(loaded->config.repositories.at(0))->url, "/var/backups/$odd");
}

TEST_F(Discover, GivesCommentsThatWorkWhenTheyAreTakenIn) {
  write_database("shop.db");
  write("uploads/a", "x");
  write(".env", "A=b\n");
  auto text = starter_yaml(found(), {"shop", "/r"});
  std::string uncommented;
  while (!text.empty()) {
    const auto end = text.find('\n') + 1;
    auto line = text.substr(0, end);
    text.erase(0, end);
    const auto mark = line.find("# ");
    const bool value = line.find(": {") != std::string::npos ||
                       line.find("checks:") != std::string::npos ||
                       line.find("owner:") != std::string::npos;
    if (mark != std::string::npos && line.find_first_not_of(' ') == mark && value)
      line.erase(mark, 2);
    uncommented += line;
  }
  const auto loaded = config::parse_config(uncommented, "/x/lifeboat.yaml", config::Variables());
  ASSERT_TRUE(loaded) << loaded.error().describe() << "\n" << uncommented;
  EXPECT_EQ(loaded->config.services.at(0).drills.at(0).options.checks.size(), 3U);
  EXPECT_EQ(loaded->config.services.at(0).sources.size(), 3U);
}

TEST_F(Discover, WhatOthersWroteNeverLeavesItsComment) {
  write("media/a.png", "x");
  write("compose.yml",
        "services: {\"app\\n    drills: {}\": {volumes: [\"./media:/m\"]},\n"
        "  db: {image: \"postgres\\n    owner: x\"}}\n");
  const auto text = starter_yaml(found(), {"shop", "/r"});
  EXPECT_THAT(text, HasSubstr("# a volume in compose.yml (app     drills: {})\n"));
  const auto loaded = config::parse_config(text, "/x/lifeboat.yaml", config::Variables());
  ASSERT_TRUE(loaded) << loaded.error().describe() << "\n" << text;
  EXPECT_EQ(loaded->config.services.at(0).drills.size(), 1U);
}

TEST_F(Discover, WhatIsNotInUtf8IsNamedInACommentAndBreaksNothing) {
  write("media/a.png", "x");
  write("upl\xf6/uploads/a.png", "x");
  write(".env", "DB_URL=postgres://h\xb5/d\n");
  write("../root/etc/crontab", "1 1 * * * mongodump --archive=/backups/\xf6-1.gz\n");
  const auto found_all = found();
  EXPECT_THAT(found_all.sources, ElementsAre(source("media", "files")));
  const auto text = starter_yaml(found_all, {"shop", "/r"});
  EXPECT_THAT(text, AllOf(HasSubstr("something whose name is not in UTF-8"), HasSubstr("upl?"),
                          HasSubstr("postgres://h?/d"), HasSubstr("a backup by \"mongodump\"")));
  const auto loaded = config::parse_config(text, "/x/lifeboat.yaml", config::Variables());
  ASSERT_TRUE(loaded) << loaded.error().describe() << "\n" << text;
}

TEST(WithoutCredentials, LeavesNoPassword) {
  EXPECT_EQ(without_credentials("postgres://u:p@h/d?sslpassword=x"), "postgres://h/d");
  EXPECT_EQ(without_credentials("postgres://u:p@ss@h/d"), "postgres://h/d");
  EXPECT_EQ(without_credentials("redis://h"), "redis://h");
  for (const auto* odd : {"postgres://u:p/w@h/d", "postgres://u:p/w?x@h/d", "u:p@h/x://d"})
    EXPECT_EQ(without_credentials(odd), "a URL that may hold a password") << odd;
}

}  // namespace
}  // namespace lifeboat::service
