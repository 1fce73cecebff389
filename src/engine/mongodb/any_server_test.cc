#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "base/test_context.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_logged_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;

constexpr const char* kVariable = "LIFEBOAT_TEST_MONGODB_URI";

// The same URI with this database in its path.
std::string with_database(const std::string& uri, const std::string& database) {
  const auto options = std::min(uri.find('?'), uri.size());
  const auto hosts = uri.find("://") + 3;
  const auto path = std::min(uri.find('/', hosts), options);
  return uri.substr(0, path) + "/" + database + uri.substr(options);
}

// On the server that the variable names, else on FerretDB: in databases with a name of this run,
// which are dropped at its end. Nothing else of the server is touched.
class MongoAnyServer : public testing::CarriedShop {
 protected:
  MongoAnyServer() {
    if (const char* named = std::getenv(kVariable); named != nullptr && *named != '\0') {
      uri_ = named;
    } else {
      own_ = std::make_unique<testing::TestServer>(testing::ServerOptions{.replica_set = "rs0"});
      uri_ = own_->uri();
      testing::Application(uri_, "local")
          .run(bson_of(R"({"create": "oplog.rs", "capped": true, "size": 1048576})"));
    }
  }
  void TearDown() override {
    for (const auto* each : {"shop", "restored"})
      testing::Application(uri_, name_of(each)).run(bson_of(R"({"dropDatabase": 1})"));
  }
  std::string name_of(const std::string& database) const {
    return "lifeboat_test_" + token_ + "_" + database;
  }
  // What writes into the log as no client does: the first view, a result that takes another's
  // place, a time series.
  void make_what_ferret_has_not() const {
    if (is_ferret()) return;
    application().run(bson_of(R"({"create": "seen", "viewOn": "items", "pipeline": []})"));
    application().insert("totals", testing::many_documents(3));
    application().run(bson_of(R"({"aggregate": "items", "cursor": {}, "pipeline": [
                                  {"$match": {"_id": {"$lt": 50}}}, {"$out": "totals"}]})"));
    application().run(bson_of(R"({"create": "weather", "timeseries": {"timeField": "at"}})"));
    application().insert("weather",
                         {bson_of(R"({"at": {"$date": "2026-01-02T03:04:05Z"}, "t": 3})"),
                          bson_of(R"({"at": {"$date": "2026-01-02T03:05:05Z"}, "t": 4})")});
  }
  // A place whose URI may hold a password.
  std::string uri(const std::string& database) const override {
    const auto variable = "LIFEBOAT_TEST_PLACE_" + database;
    ::setenv(variable.c_str(), with_database(uri_, name_of(database)).c_str(), 1);
    return "env:" + variable;
  }
  testing::Application application() const { return {uri_, name_of("shop")}; }
  SourceOptions shop() const { return testing::source_at(uri_, name_of("shop")); }
  bool is_ferret() const {
    const auto server = Server::open(Secret::from_text(uri_)).value();
    return !ask_server(server->connect())->ferretdb.empty();
  }
  // What every server has, and what FerretDB has not.
  void fill() const {
    application().insert("items", testing::many_documents(2000));
    application().make_index("items", "name", true);
    application().create_capped("events");
    application().insert("events", testing::many_documents(10));
    application().insert("empty", {DocumentBuilder().int32("_id", 1).timestamp("at", {}).take()});
    if (is_ferret()) return;
    for (const auto* command : {
             R"({"create": "seen", "viewOn": "items", "pipeline": [{"$match": {"_id": 1}}]})",
             R"({"create": "strict", "validator": {"name": {"$exists": true}}})",
             R"({"createIndexes": "items", "indexes": [{"key": {"at": 1}, "name": "by_time",
                 "expireAfterSeconds": 900, "sparse": true}]})",
             R"({"createUser": "anna", "pwd": "only of this test", "roles": ["readWrite"]})",
         })
      application().run(bson_of(command));
  }

  std::string token_ = fmt::format("{:08x}", std::random_device{}());
  std::unique_ptr<testing::TestServer> own_;
  std::string uri_;
};

TEST_F(MongoAnyServer, IsBackedUpAndRestoredWithAllThatItHolds) {
  fill();
  with_users_ = !is_ferret();
  const auto captured = contract::capture(mongodb_engine(), shop(), test_.context);
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 2000);
  const auto server = Server::open(Secret::from_text(uri_)).value();
  const auto connection = server->connect();
  auto cursor =
      connection.open_cursor(name_of("restored"), bson_of(R"({"find": "empty"})"), 1).value();
  EXPECT_EQ(view_document(cursor.next().value()).find("at")->timestamp(), Timestamp{});
}

TEST_F(MongoAnyServer, IsBroughtByItsLogToWhatItHeldLater) {
  application().insert("items", testing::many_documents(100));
  const auto captured = contract::capture(mongodb_engine(), shop(), test_.context);
  LIFEBOAT_OK(captured);
  ASSERT_TRUE(captured->outcome.position.contains("log")) << captured->outcome.position;
  application().insert("items", testing::many_documents(100, 100));
  application().remove_one("items", 7);
  application().insert("items", {DocumentBuilder().int32("_id", -1).timestamp("at", {}).take()});
  make_what_ferret_has_not();
  const auto later = facts("shop");
  const auto log = make_change_log(shop(), kLogPieceBytes);
  LIFEBOAT_OK(log);
  const auto piece = (*log)->read(captured->outcome.position["log"], test_.context);
  LIFEBOAT_OK(piece);
  application().remove_one("items", 8);
  LIFEBOAT_OK(rebuild(*captured, {*piece}, last_of(*piece)));
  EXPECT_EQ(facts("restored")["collections"], later["collections"]);
  EXPECT_NE(facts("shop")["collections"]["items"], later["collections"]["items"]);
}

TEST_F(MongoAnyServer, IsExaminedByDoctorWithoutAnError) {
  fill();
  const auto advices = mongodb_engine().examine(shop(), test_.context);
  LIFEBOAT_OK(advices);
  for (const auto& each : *advices) EXPECT_NE(each.level, Advice::Level::error) << each.message;
}

TEST(MongoAnyServerUri, NamesTheDatabaseAndKeepsTheRest) {
  EXPECT_EQ(with_database("mongodb://a:1,b:2/?tls=true", "x"), "mongodb://a:1,b:2/x?tls=true");
  EXPECT_EQ(with_database("mongodb://a:1", "x"), "mongodb://a:1/x");
  EXPECT_EQ(with_database("mongodb://u:p@a:1/admin?tls=true", "x"), "mongodb://u:p@a:1/x?tls=true");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
