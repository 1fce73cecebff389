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

TEST(MongoSourceKeys, AreReachedInASandboxByAUriAndHaveNoPath) {
  const auto with_app = [](const std::string& name) {
    const auto text =
        "        app: {start: \"x ${sandbox.port}\", ready: {http: /}, environment: {U: "
        "\"${sandbox." +
        name + "}\"}}\n";
    return parse_text(replaced(with_database(kMongo), "        tier: full\n", text),
                      {{"MONGO_URI", kUri}});
  };
  EXPECT_TRUE(with_app("db.uri")) << with_app("db.uri").error().describe();
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
