#include <gmock/gmock.h>

#include "drill/test_drill.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_series.h"
#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::drill {
namespace {

using engine::mongodb::testing::Application;
using engine::mongodb::testing::document_of;
using engine::mongodb::testing::make_series;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::measurement;
using engine::mongodb::testing::source_at;
using engine::mongodb::testing::StandInServer;
using ::testing::HasSubstr;

// What a drill starts as its private server: it hands everything on to the stand-in of the test.
constexpr std::string_view kRelay = R"(#!/usr/bin/python3
import socket, sys, threading
def hand_on(source, sink):
    try:
        while data := source.recv(65536): sink.sendall(data)
    except OSError: pass
    for each in (source, sink):
        try: each.shutdown(socket.SHUT_RDWR)
        except OSError: pass
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[sys.argv.index('--bind_ip') + 1])
    listener.listen(64)
    while True:
        ours, _ = listener.accept()
        theirs = socket.create_connection(('127.0.0.1', PORT))
        for ends in ((ours, theirs), (theirs, ours)):
            threading.Thread(target=hand_on, args=ends, daemon=True).start()
)";

// A shop with a time series, on a server that keeps them, which FerretDB does not.
class SeriesDrill : public DrillTest {
 protected:
  void SetUp() override {
    const Application app(source_.uri(), "shop");
    app.run(make_series("weather"));
    app.insert("weather", {measurement("north", 0, 20), measurement("south", 0, 25),
                           measurement("north", 1, 21)});
    app.make_index("weather", "degrees", false);
    app.insert("items", many_documents(200));
    open_repository();
    run_backup({source_at(source_.uri(), "shop")});
  }

  using Defect = std::function<void(const Application&)>;
  // On a server that is started for this drill alone.
  Report drill_on(const std::string& version, const Defect& defect = [](const Application&) {}) {
    StandInServer recovery({.version = version});
    const auto program = scratch_.path() / "mongod";
    auto relay = std::string(kRelay);
    relay.replace(relay.find("PORT"), 4, std::to_string(recovery.port()));
    EXPECT_TRUE(write_file(program, view_of(relay), 0755));
    Request request;
    request.service = "shop";
    request.options.name = "test";
    request.options.server = program.string();
    request.options.checks = {QueryCheck{"measurements",
                                         "db",
                                         R"({"count": "weather", "query": {}})",
                                         {Relation::equal, "3", "== 3"}}};
    request.sandboxes = scratch_.path() / "s";
    request.reports = scratch_.path() / "reports";
    return drill_with(request, [&](const fs::path&) { defect({recovery.uri(), "shop"}); });
  }

  StandInServer source_;
};

TEST_F(SeriesDrill, ProvesASeriesThatIsAllThere) {
  const auto report = drill_on("7.0.14");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(report.tear_down->clean());
  for (const auto* id :
       {"catalog.db", "counts.db", "digests.db", "server.db", "integrity.db", "query.measurements"})
    EXPECT_EQ(check(report, id).outcome, Outcome::passed) << id;
}

struct SpoiledSeries {
  std::string check;
  std::string rule;
  std::function<void(const Application&)> defect;
};

TEST_F(SeriesDrill, FailsWhenABucketIsLostAddedOrChangedOrTheSeriesOrItsIndexIs) {
  const std::vector<SpoiledSeries> all{
      {"counts.db", "rows-lost",
       [](const auto& app) {
         app.run(
             document_of(R"({"delete":"system.buckets.weather","deletes":[{"q":{},"limit":1}]})"));
       }},
      {"counts.db", "rows-added",
       [](const auto& app) { app.insert("weather", {measurement("east", 2, 1)}); }},
      {"digests.db", "values-changed",
       [](const auto& app) { app.insert("weather", {measurement("north", 2, 1)}); }},
      {"catalog.db", "table-lost", [](const auto& app) { app.drop("weather"); }},
      {"catalog.db", "index-lost",
       [](const auto& app) { app.drop_index("weather", "by_degrees"); }}};
  for (const auto& each : all) {
    const auto report = drill_on("7.0.14", each.defect);
    EXPECT_EQ(report.verdict, Verdict::failed) << each.rule << ": " << report.reason;
    EXPECT_THAT(failed_checks(report), ::testing::Contains(each.check)) << each.rule;
    EXPECT_TRUE(has_rule(report, each.rule)) << each.rule << ": " << rules_of(report);
  }
}

TEST_F(SeriesDrill, IsUnverifiedAndNamesTheSeriesWhereTheServerCannotHaveItsBuckets) {
  for (const auto& [version, why] : std::vector<std::pair<std::string, std::string>>{
           {"4.4.29", "shop.weather: MongoDB 4.4.29: the server has no time-series-buckets"},
           {"8.3.0", "shop.weather: MongoDB 8.3.0: the server has no time-series-buckets"},
           {"6.0.1", "weather are of MongoDB 7.0.14"}}) {
    const auto report = drill_on(version);
    EXPECT_EQ(report.verdict, Verdict::unverified) << version << ": " << report.reason;
    EXPECT_THAT(report.reason, HasSubstr(why));
    EXPECT_TRUE(has_rule(report, "refused")) << rules_of(report);
    EXPECT_TRUE(report.tear_down->clean());
  }
}

}  // namespace
}  // namespace lifeboat::drill
