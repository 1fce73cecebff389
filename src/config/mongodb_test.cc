#include <gtest/gtest.h>

#include "base/json_value.h"
#include "config/portable.h"
#include "config/resolve.h"
#include "config/test_config.h"

namespace lifeboat::config {
namespace {

const std::string kSqlite = R"({type: sqlite, path: "${DATABASE}"})";
const std::string kMongo = R"({type: mongodb, uri: "${MONGO_URI}", database: shop})";
const std::string kUri = "mongodb://anna:tiger@db.example:27017/?authSource=admin";

// Without the checks that ask a SQLite database.
std::string with_database(const std::string& source) {
  auto text = replaced(kWholeText, kSqlite, source);
  const auto begin = text.find("        checks:");
  return text.erase(begin, text.find("repositories:\n", begin) - begin);
}

Result<engine::SourceOptions> mongo_options(const std::string& source,
                                            std::map<std::string, std::string> environment) {
  const auto loaded = TRY(parse_text(with_database(source), std::move(environment)));
  const Resolver resolver(loaded.config, loaded.variables);
  return resolver.source(loaded.config.services[0].sources[0]);
}

TEST(MongoSourceKeys, GiveTheUriAsASecretAndTheDatabase) {
  const auto options = mongo_options(kMongo, {{"MONGO_URI", kUri}});
  ASSERT_TRUE(options) << options.error().describe();
  EXPECT_EQ(options->type, "mongodb");
  EXPECT_EQ(to_text(options->uri->view()), kUri);
  EXPECT_EQ(options->database, "shop");
}

TEST(MongoSourceKeys, SayWhatASnapshotHoldsOfATimeSeries) {
  const auto with = [](const std::string& more) {
    return mongo_options("{type: mongodb, uri: '${MONGO_URI}', database: shop" + more + "}",
                         {{"MONGO_URI", kUri}});
  };
  EXPECT_FALSE(with("")->mongodb.series_as_documents);
  EXPECT_FALSE(with(", time_series: buckets")->mongodb.series_as_documents);
  EXPECT_TRUE(with(", time_series: documents")->mongodb.series_as_documents);
  EXPECT_FALSE(with(", time_series: both"));
  EXPECT_FALSE(mongo_options("{type: sqlite, path: /x, time_series: buckets}", {}));
}

// A source of MongoDB with more keys.
std::string mongo_with(const std::string& more) {
  return R"({type: mongodb, uri: "${MONGO_URI}", database: shop, )" + more + "}";
}

TEST(MongoSourceKeys, SayWhichMemberIsReadAndHowFarItMayLag) {
  using engine::mongodb::ReadPreference;
  const std::map<std::string, std::string> variables{{"MONGO_URI", kUri}};
  const auto read_as = [&](const std::string& more) {
    const auto options = mongo_options(mongo_with(more), variables);
    EXPECT_TRUE(options) << options.error().describe();
    return options ? options->mongodb : engine::mongodb::Options{};
  };
  const auto plain = mongo_options(kMongo, variables);
  ASSERT_TRUE(plain) << plain.error().describe();
  EXPECT_EQ(plain->mongodb.read_preference, ReadPreference::primary);
  EXPECT_FALSE(plain->mongodb.fuzzy);
  const auto secondary = read_as("read_preference: secondary");
  EXPECT_EQ(secondary.read_preference, ReadPreference::secondary);
  EXPECT_EQ(secondary.max_lag, std::chrono::seconds(30));
  const auto preferred = read_as("read_preference: secondary_preferred, max_lag: 2m");
  EXPECT_EQ(preferred.read_preference, ReadPreference::secondary_preferred);
  EXPECT_EQ(preferred.max_lag, std::chrono::minutes(2));
  EXPECT_TRUE(read_as("sharded: fuzzy").fuzzy);
  EXPECT_FALSE(read_as("sharded: refuse").fuzzy);
}

TEST(MongoSourceKeys, AreRefusedWhereTheySayNothing) {
  const auto refusal = [](const std::string& source) {
    const auto options = mongo_options(source, {{"MONGO_URI", kUri}, {"DATABASE", "/x"}});
    return options ? std::string() : options.error().describe();
  };
  for (const std::string more : {"max_lag: 30s", "read_preference: primary, max_lag: 30s"})
    EXPECT_NE(refusal(mongo_with(more)).find("max_lag"), std::string::npos) << more;
  EXPECT_NE(refusal(mongo_with("read_preference: nearest")), "");
  EXPECT_NE(refusal(mongo_with("sharded: always")), "");
  EXPECT_NE(refusal("{type: sqlite, path: /x, read_preference: secondary}"), "");
  EXPECT_EQ(refusal(mongo_with("read_preference: secondary, max_lag: 30s")), "");
}

TEST(MongoSourceKeys, AreReachedInASandboxByAUriAndHaveNoPath) {
  const auto with_app = [](const std::string& name) {
    const auto text =
        "        app: {start: \"x ${sandbox.port}\", ready: {http: /}, environment: {U: "
        "\"${sandbox." +
        name + "}\"}}\n";
    return parse_text(replaced(with_database(kMongo), "        tier: full\n", text),
                      {{"MONGO_URI", kUri}});
  };
  for (const auto* name : {"db.uri", "db.user", "db.password"})
    EXPECT_TRUE(with_app(name)) << with_app(name).error().describe();
  const auto refused = with_app("db.path");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().describe().find("${sandbox.db.uri}"), std::string::npos)
      << refused.error().describe();
}

// What a drill's checks say when the database is MongoDB; empty when they are accepted.
std::string said_of_checks(const std::string& check) {
  const auto text = replaced(with_database(kMongo), "        tier: full\n",
                             "        tier: full\n        checks: [" + check + "]\n");
  const auto loaded = parse_text(text, {{"MONGO_URI", kUri}});
  return loaded ? "" : loaded.error().describe();
}

TEST(MongoSourceKeys, AreAskedByCountsAndPipelinesAndNotBySql) {
  const std::string query = "query: {name: a, source: db, expect: '> 0', ";
  for (const auto& good :
       {query + "count: {collection: users}}", query + "count: {collection: u, where: '{}'}}",
        query + "aggregate: {collection: users, pipeline: '[]'}}",
        std::string("freshness: {source: db, table: orders, field: at, within: 1h}"),
        std::string("migrations: {source: db}")})
    EXPECT_EQ(said_of_checks("{" + good + "}"), "") << good;
  EXPECT_NE(said_of_checks("{" + query + "sql: SELECT 1}}").find("one of type sqlite"),
            std::string::npos);
  EXPECT_NE(said_of_checks("{query: {name: a, source: db, expect: '> 0'}}").find("exactly one"),
            std::string::npos);
  EXPECT_NE(said_of_checks("{" + query + "sql: SELECT 1, count: {collection: a}}}").find("exactly"),
            std::string::npos);
}

TEST(MongoSourceKeys, BecomeTheCommandThatTheEngineTakes) {
  const auto text =
      replaced(with_database(kMongo), "        tier: full\n",
               "        checks: [{query: {name: a, source: db, expect: '> 0', count: {collection: "
               "'a\"b', where: '{\"x\": 1}'}}}]\n");
  const auto loaded = parse_text(text, {{"MONGO_URI", kUri}});
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto& check = loaded->config.services[0].drills[0].options.checks.at(0);
  EXPECT_EQ(std::get<drill::QueryCheck>(check).text, R"({"count": "a\"b", "query": {"x": 1}})");
}

TEST(MongoSourceKeys, TakeTheUriFromAFile) {
  const auto folder = *ScratchDirectory::make();
  ASSERT_TRUE(write_file(folder.path() / "uri", view_of(kUri + "\n")));
  const auto file = (folder.path() / "uri").string();
  const auto options = mongo_options("{type: mongodb, uri: 'file:" + file + "'}", {});
  ASSERT_TRUE(options) << options.error().describe();
  EXPECT_EQ(to_text(options->uri->view()), kUri);
  EXPECT_FALSE(mongo_options("{type: mongodb, uri: 'file:" + file + "-absent'}", {}));
}

TEST(MongoSourceKeys, SayWhatIsMissingOrMeantForAnotherType) {
  EXPECT_FALSE(mongo_options(kMongo, {}));
  EXPECT_FALSE(mongo_options("{type: mongodb, database: shop}", {}));
  EXPECT_FALSE(
      mongo_options("{type: mongodb, uri: '${MONGO_URI}', path: /x}", {{"MONGO_URI", kUri}}));
  EXPECT_FALSE(mongo_options("{type: mongodb, uri: 'command:cat x'}", {}));
  EXPECT_FALSE(
      mongo_options("{type: sqlite, path: /x, uri: '${MONGO_URI}'}", {{"MONGO_URI", kUri}}));
}

TEST(MongoSourceKeys, CountTheUriAmongTheSecrets) {
  const auto loaded = parse_text(with_database(kMongo), {{"MONGO_URI", kUri}});
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto secrets = Resolver(loaded->config, loaded->variables).secret_values();
  EXPECT_NE(std::ranges::find(secrets, kUri), secrets.end());
}

TEST(MongoSourceKeys, LeaveNoUserOfAUriInTheConfigurationOfASnapshot) {
  const auto plain = parse_text(with_database("{type: mongodb, uri: '" + kUri + "'}"));
  ASSERT_TRUE(plain) << plain.error().describe();
  EXPECT_FALSE(plain->warnings.empty());
  const auto carried = canonical_json(portable_json(plain->config));
  EXPECT_EQ(carried.find("tiger"), std::string::npos) << carried;
  EXPECT_NE(carried.find("${LIFEBOAT_SHOP_DB_URI}"), std::string::npos) << carried;
  const auto open = parse_text(with_database("{type: mongodb, uri: 'mongodb://db.example/shop'}"));
  ASSERT_TRUE(open) << open.error().describe();
  const auto kept = canonical_json(portable_json(open->config));
  EXPECT_NE(kept.find("mongodb://db.example/shop"), std::string::npos);
}

// A service with one drill, whose sandbox and other keys these are; empty when it is accepted.
std::string said_of_drill(const std::string& drill, const std::string& source = kMongo) {
  const auto text = "version: 1\nservices:\n  shop:\n    sources:\n      db: " + source +
                    "\n    repositories: [local]\n    drills:\n      d: {" + drill +
                    "}\nrepositories:\n  local: {url: /r, key: {file: /k}}\n";
  const auto loaded = parse_text(text, {{"MONGO_URI", kUri}, {"SCRATCH_URI", kUri}});
  return loaded ? "" : loaded.error().describe();
}

const std::string kScratch = "sandbox: {type: database, uri: \"${SCRATCH_URI}\"}";

TEST(ScratchConfig, NamesTheServerOnWhichADrillMakesDatabases) {
  const auto text = "version: 1\nservices:\n  shop:\n    sources: {db: " + kMongo +
                    "}\n    repositories: [local]\n    drills: {d: {" + kScratch +
                    "}, e: {sandbox: {type: process, server: mongod}}}\n"
                    "repositories:\n  local: {url: /r, key: {file: /k}}\n";
  const auto loaded = parse_text(text, {{"SCRATCH_URI", kUri}});
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const Resolver resolver(loaded->config, loaded->variables);
  const auto& drills = loaded->config.services[0].drills;
  const auto uri = resolver.scratch(drills[0]);
  ASSERT_TRUE(uri) << uri.error().describe();
  EXPECT_EQ(to_text((*uri)->view()), kUri);
  EXPECT_EQ(*resolver.scratch(drills[1]), nullptr);
  const auto secrets = resolver.secret_values();
  EXPECT_NE(std::ranges::find(secrets, kUri), secrets.end());
}

TEST(ScratchConfig, SaysWhichKeysDoNotFitTogether) {
  EXPECT_EQ(said_of_drill(kScratch), "");
  const std::vector<std::pair<std::string, std::string>> all{
      {"sandbox: {type: database}", "\"uri\" is missing"},
      {"sandbox: {uri: \"${SCRATCH_URI}\"}", "only for sandboxes of type database"},
      {"sandbox: {type: process, uri: \"${SCRATCH_URI}\"}", "only for sandboxes of type database"},
      {"sandbox: {type: database, uri: \"${SCRATCH_URI}\", server: mongod}",
       "only for sandboxes of type process"},
      {"sandbox: {type: container}", "is not in this version"},
      {"sandbox: {type: cloud}", "is not known here"}};
  for (const auto& [drill, why] : all)
    EXPECT_NE(said_of_drill(drill).find(why), std::string::npos)
        << drill << ": " << said_of_drill(drill);
  EXPECT_NE(said_of_drill(kScratch, "{type: sqlite, path: /x}").find("is on a server"),
            std::string::npos);
  EXPECT_NE(said_of_drill(kScratch, kMongo + "\n      old: {type: foreign, from: /dumps, format: "
                                             "mongodump}")
                .find("private server only"),
            std::string::npos);
}

TEST(ScratchConfig, HandsTheAddressOfThatServerToNoProgram) {
  const std::string app = "app: {start: \"x ${sandbox.port}\", ready: {http: /}}";
  EXPECT_NE(said_of_drill(kScratch + ", " + app).find("an application is not booted"),
            std::string::npos);
  EXPECT_EQ(said_of_drill(app), "");
  for (const std::string name : {"db.uri", "db.user", "db.password"}) {
    const auto command = "checks: [{command: {run: \"x ${sandbox." + name + "}\"}}]";
    EXPECT_NE(said_of_drill(kScratch + ", " + command).find("whose address no program is told"),
              std::string::npos);
    EXPECT_EQ(said_of_drill(command), "");
  }
  EXPECT_EQ(said_of_drill(kScratch + ", checks: [{command: {run: \"true\"}}]"), "");
  EXPECT_NE(said_of_drill(kScratch + ", cold_start: true").find("a cold start"), std::string::npos);
}

TEST(ScratchConfig, LeavesNoUserOfItsUriInTheConfigurationOfASnapshot) {
  const auto text = "version: 1\nservices:\n  shop:\n    sources: {db: " + kMongo +
                    "}\n    repositories: [local]\n    drills: {d: {sandbox: {type: database, "
                    "uri: '" +
                    kUri + "'}}}\nrepositories:\n  local: {url: /r, key: {file: /k}}\n";
  const auto loaded = parse_text(text, {{"MONGO_URI", "mongodb://db/"}});
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto carried = canonical_json(portable_json(loaded->config));
  EXPECT_EQ(carried.find("tiger"), std::string::npos) << carried;
  EXPECT_NE(carried.find("${LIFEBOAT_SHOP_D_SANDBOX_URI}"), std::string::npos) << carried;
}

TEST(MongoConfig, MarkersMayBeWrittenByAUserOfTheirOwn) {
  const auto text = [](const std::string& source, const std::string& markers) {
    return "version: 1\nservices:\n  shop:\n    sources:\n      db: " + source +
           "\n    markers: " + markers +
           "\n    repositories: [local]\nrepositories:\n  local: {url: /r, key: {file: /k}}\n";
  };
  const std::map<std::string, std::string> variables{{"MONGO_URI", kUri},
                                                     {"MARKER_URI", "mongodb://writer@db/shop"}};
  const auto loaded = parse_text(text(kMongo, "{source: db, uri: \"${MARKER_URI}\"}"), variables);
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const Resolver resolver(loaded->config, loaded->variables);
  const auto marked = resolver.marked_source(loaded->config.services[0]);
  ASSERT_TRUE(marked) << marked.error().describe();
  EXPECT_EQ(to_text(marked->uri->view()), "mongodb://writer@db/shop");
  const auto own = parse_text(text(kMongo, "{source: db}"), variables);
  EXPECT_EQ(to_text(Resolver(own->config, own->variables)
                        .marked_source(own->config.services[0])
                        ->uri->view()),
            kUri);
  const auto wrong = parse_text(
      text("{type: sqlite, path: /x}", "{source: db, uri: \"${MARKER_URI}\"}"), variables);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().describe().find("is on none"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::config
