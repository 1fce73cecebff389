#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "drill/sabotage.h"
#include "drill/scratch.h"
#include "drill/test_drill.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/identity.h"
#include "engine/mongodb/test_database.h"

namespace lifeboat::drill {
namespace {

using engine::mongodb::testing::Application;
using engine::mongodb::testing::document;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::source_at;
using engine::mongodb::testing::TestServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string free_address() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

// The shop on a server, and a second one that others use too.
class ScratchDrill : public DrillTest {
 protected:
  void SetUp() override {
    const Application app(live_server_.uri(), "shop");
    app.insert("orders", many_documents(2000));
    app.make_index("orders", "name", true);
    Application(other_.uri(), "others").insert("items", many_documents(200));
    open_repository();
    run_backup({source_at(live_server_.uri(), "shop")});
    before_ = others();
  }
  // Whatever happens: nothing of a drill is left, and what is others' is as it was.
  void TearDown() override {
    EXPECT_THAT(databases(), ElementsAre("others"));
    EXPECT_EQ(others(), before_);
    std::error_code error;
    EXPECT_EQ(fs::directory_iterator(scratch_.path() / "s", error), fs::directory_iterator());
  }

  Json others() const {
    TestContext calm;  // the drill's own may be stopped
    return engine::contract::facts_of(engine::mongodb::mongodb_engine(), other_.uri("others"),
                                      calm.context)
        .value();
  }
  std::vector<std::string> databases() const {
    const auto server = engine::mongodb::Server::open(Secret::from_text(other_.uri()));
    return engine::mongodb::list_databases((*server)->connect()).value();
  }
  static std::shared_ptr<const Secret> secret(const std::string& uri) {
    return std::make_shared<const Secret>(Secret::from_text(uri));
  }
  // As the service makes it of its configuration.
  static restore::Protected production(const std::string& uri) {
    const auto identity = engine::mongodb::identify_server(source_at(uri, "shop"));
    EXPECT_TRUE(identity) << identity.error().describe();
    return {"source shop/db", identity.value_or(engine::Identity{}), true};
  }
  Request request_at(const std::string& uri) const {
    Request request;
    request.service = "shop";
    request.options.name = "test";
    request.options.server = "/nowhere/mongod";  // none is needed
    request.sandboxes = scratch_.path() / "s";
    request.reports = scratch_.path() / "reports";
    request.scratch = ScratchServer{secret(uri), {production(live_server_.uri())}, {"shop"}};
    return request;
  }
  void expect_refused(const Request& request, const std::string& why) {
    const auto report = drill(request).report;
    EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
    EXPECT_THAT(report.reason, HasSubstr(why));
    EXPECT_EQ(exit_status(report, false), 4);
    EXPECT_TRUE(has_rule(report, "scratch-refused")) << rules_of(report);
    EXPECT_EQ(check(report, "scratch").outcome, Outcome::not_run);
    EXPECT_FALSE(fs::exists(scratch_.path() / "s"));
  }

  const std::string listens_ = free_address();
  const TestServer live_server_{{.replica_set = "rs0", .arguments = {"--listen-addr=" + listens_}}};
  const TestServer other_;
  Json before_;
};

TEST_F(ScratchDrill, ProvesEqualFactsInADatabaseOfItsOwnAndDropsIt) {
  auto request = request_at(other_.uri("admin"));
  request.options.checks.emplace_back(QueryCheck{
      "all", "db", R"({"count": "orders", "query": {}})", {Relation::equal, "2000", "== 2000"}});
  const auto report = drill(request).report;
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  for (const auto* asked : {"scratch", "catalog.db", "counts.db", "digests.db", "integrity.db",
                            "server.db", "query.all"})
    EXPECT_EQ(check(report, asked).outcome, Outcome::passed) << asked;
  ASSERT_EQ(report.tear_down->removed.size(), 2U);
  EXPECT_THAT(report.tear_down->removed[1],
              HasSubstr("lifeboat_" + report.tear_down->token + "_1_db on "));
  EXPECT_THAT(report.tear_down->removed[0], HasSubstr(report.tear_down->token));
}

TEST_F(ScratchDrill, NoticesWhatIsLostThereAndDropsItAllTheSame) {
  const auto request = request_at(other_.uri());
  const auto report = drill_with(request, [&](const fs::path&) {
    Application(other_.uri(), databases().at(0)).remove_one("orders", 7);
  });
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_TRUE(has_rule(report, "rows-lost")) << rules_of(report);
  EXPECT_THAT(databases(), ElementsAre("others"));
}

TEST_F(ScratchDrill, NoticesEveryDefectThatSabotagePlantsThere) {
  const auto report = run_sabotage(request_at(other_.uri()), *repository_, test_.context);
  ASSERT_TRUE(report) << report.error().describe();
  for (const auto& each : report->defects)
    EXPECT_EQ(each.caught, !each.planted.empty()) << each.defect << ": " << each.planted;
}

TEST_F(ScratchDrill, IsRefusedOnTheServerOfASourceHoweverThatIsReached) {
  const auto port = listens_.substr(listens_.rfind(':'));
  for (const auto& uri : {live_server_.uri("admin"), "mongodb://" + listens_ + "/",
                          "mongodb://localhost" + port + "/?directConnection=true"})
    expect_refused(request_at(uri), "it is that of source shop/db");
  const auto server = engine::mongodb::Server::open(Secret::from_text(live_server_.uri()));
  EXPECT_THAT(*engine::mongodb::list_databases((*server)->connect()), ElementsAre("shop"));
}

// Nothing says of a FerretDB by its socket and by its port that it is one, but what is in it.
TEST_F(ScratchDrill, IsRefusedWhereACollectionOfProductionIs) {
  auto request = request_at(live_server_.uri());
  auto& identity = request.scratch->production[0].identity;
  identity.addresses = {"db1.example:27017"};
  expect_refused(request, "the same collection ");
  identity.names.clear();
  request.scratch->uri = secret(other_.uri());
  identity.addresses = {"/nowhere/db.sock"};
  EXPECT_EQ(drill(request).report.verdict, Verdict::proven);
}

TEST_F(ScratchDrill, IsRefusedWhereProductionCannotBeAsked) {
  auto request = request_at(other_.uri());
  request.scratch->production.push_back({"source mail/db", {}, true, {}, "MAIL_URI is not set"});
  expect_refused(request, "MAIL_URI is not set");
}

TEST_F(ScratchDrill, IsUnverifiedWhereTheServerDoesNotAnswer) {
  const auto report =
      drill(request_at("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200")).report;
  EXPECT_EQ(report.verdict, Verdict::unverified);
  EXPECT_TRUE(has_rule(report, "scratch-silent")) << rules_of(report);
  EXPECT_FALSE(fs::exists(scratch_.path() / "s"));
}

TEST_F(ScratchDrill, KeepsNothingForAPersonToLookAt) {
  auto request = request_at(other_.uri());
  request.keep = true;
  const auto report = drill(request).report;
  EXPECT_EQ(report.verdict, Verdict::unverified);
  EXPECT_THAT(report.reason, HasSubstr("is not kept"));
}

TEST_F(ScratchDrill, DropsWhatItMadeWhenItIsStopped) {
  auto request = request_at(other_.uri());
  request.tell_person = [&](const std::string&) { test_.stop.request_stop(); };
  const auto report = drill(request).report;
  EXPECT_EQ(report.error->code(), Code::interrupted);
  ASSERT_TRUE(report.tear_down);
  EXPECT_TRUE(report.tear_down->clean());
}

}  // namespace
}  // namespace lifeboat::drill
