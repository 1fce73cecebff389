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

// A shop on a server that can be of any version of MongoDB, and drills on others.
class StandInDrill : public DrillTest {
 protected:
  explicit StandInDrill(const std::string& version = "7.0.14") : source_({.version = version}) {}
  void SetUp() override {
    Application(source_.uri(), "shop").insert("items", many_documents(200));
    open_repository();
  }
  void back_up() {
    auto source = source_at(source_.uri(), "shop");
    source.mongodb.series_as_documents = as_documents_;
    run_backup({source});
  }
  // `mongod` in a folder of its own, which is that server.
  fs::path program_of(const StandInServer& recovery) const {
    const auto program = scratch_.path() / "bin" / "mongod";
    EXPECT_TRUE(make_directories(program.parent_path()));
    auto relay = std::string(kRelay);
    relay.replace(relay.find("PORT"), 4, std::to_string(recovery.port()));
    EXPECT_TRUE(write_file(program, view_of(relay), 0755));
    return program;
  }

  StandInServer source_;
  bool as_documents_ = false;  // time series
};

// A shop with a time series, on a server that keeps them, which FerretDB does not.
class SeriesDrill : public StandInDrill {
 protected:
  void SetUp() override {
    StandInDrill::SetUp();
    const Application app(source_.uri(), "shop");
    app.run(make_series("weather"));
    app.insert("weather", {measurement("north", 0, 20), measurement("south", 0, 25),
                           measurement("north", 1, 21)});
    app.make_index("weather", "degrees", false);
    back_up();
  }

  using Defect = std::function<void(const Application&)>;
  // On a server that is started for this drill alone.
  Report drill_on(const std::string& version, const Defect& defect = [](const Application&) {}) {
    StandInServer recovery({.version = version});
    auto request = request_with(program_of(recovery).string());
    request.options.checks = {QueryCheck{"measurements",
                                         "db",
                                         R"({"count": "weather", "query": {}})",
                                         {Relation::equal, "3", "== 3"}}};
    return drill_with(request, [&](const fs::path&) { defect({recovery.uri(), "shop"}); });
  }
};

class MeasurementsDrill : public SeriesDrill {
 protected:
  MeasurementsDrill() { as_documents_ = true; }
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

TEST_F(SeriesDrill, IsUnverifiedWhereTheServerDoesNotTakeTheUserOfTheDrill) {
  StandInServer recovery;
  recovery.plant({.command = "createUser", .refusal = {13, "Unauthorized", "no first user here"}});
  const auto report = drill(request_with(program_of(recovery).string())).report;
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("mongod did not take the user of this drill"));
  EXPECT_TRUE(has_rule(report, "server-failed")) << rules_of(report);
  EXPECT_TRUE(recovery.received("create").empty());
  EXPECT_TRUE(report.tear_down->clean());
}

// The backup of a server of 8.0, where other releases are found.
class OlderServerDrill : public StandInDrill {
 protected:
  OlderServerDrill() : StandInDrill("8.0.4") {}
  ~OlderServerDrill() override { ::setenv("PATH", path_.c_str(), 1); }
  void SetUp() override {
    StandInDrill::SetUp();
    back_up();
  }
  // By the PATH, or by the name that a configuration gives.
  Report drill_on(const StandInServer& recovery, bool is_named) {
    const auto program = program_of(recovery);
    ::setenv("PATH", (program.parent_path().string() + ":" + path_).c_str(), 1);
    return drill(request_with(is_named ? program.string() : "")).report;
  }

  std::string path_ = std::getenv("PATH");
};

TEST_F(OlderServerDrill, BringsNothingToAnOlderServerThatNobodyNamed) {
  for (const std::string version : {"4.4.29", "5.0.31", "7.0.14"}) {
    const StandInServer older({.version = version});
    const auto report = drill_on(older, false);
    EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
    EXPECT_THAT(report.reason, HasSubstr("MongoDB " + version +
                                         ": it is older than the server that was backed "
                                         "up (MongoDB 8.0.4), for source db"));
    ASSERT_TRUE(report.error);
    EXPECT_THAT(report.error->hint(), HasSubstr("Install the mongod of that release"));
    EXPECT_EQ(rules_of(report), "server-older");
    EXPECT_EQ(report.measures.bytes_restored, 0U);
    EXPECT_TRUE(older.received("create").empty());
    EXPECT_TRUE(older.received("insert").empty());
    EXPECT_TRUE(report.tear_down->clean());
  }
}

TEST_F(OlderServerDrill, ProvesNothingOnAnOlderServerThatIsNamedThoughAllIsThere) {
  const StandInServer older({.version = "7.0.14"});
  const auto report = drill_on(older, true);
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(check(report, "server.db").outcome, Outcome::not_run);
  EXPECT_EQ(check(report, "digests.db").outcome, Outcome::passed);
}

TEST_F(OlderServerDrill, IsProvenOnOneThatIsNotOlder) {
  const StandInServer same({.version = "8.0.1"});
  const auto report = drill_on(same, false);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(check(report, "server.db").outcome, Outcome::passed);
}

TEST_F(MeasurementsDrill, ProvesASeriesThatIsThereWithOrWithoutBuckets) {
  for (const std::string version : {"7.0.14", "8.3.0"}) {
    const auto report = drill_on(version);
    EXPECT_EQ(report.verdict, Verdict::proven) << version << ": " << report.reason;
    for (const auto* id : {"catalog.db", "counts.db", "digests.db", "query.measurements"})
      EXPECT_EQ(check(report, id).outcome, Outcome::passed) << version << ": " << id;
  }
}

TEST_F(MeasurementsDrill, FailsWhereAMeasurementWasAddedOrABucketLost) {
  const auto added = drill_on(
      "8.3.0", [](const auto& app) { app.insert("weather", {measurement("north", 2, 1)}); });
  EXPECT_EQ(added.verdict, Verdict::failed) << added.reason;
  EXPECT_TRUE(has_rule(added, "rows-added")) << rules_of(added);
  const auto lost = drill_on("7.0.14", [](const auto& app) {
    app.run(document_of(R"({"delete":"system.buckets.weather","deletes":[{"q":{},"limit":1}]})"));
  });
  EXPECT_EQ(lost.verdict, Verdict::failed) << lost.reason;
  EXPECT_TRUE(has_rule(lost, "rows-lost")) << rules_of(lost);
}

TEST_F(MeasurementsDrill, IsUnverifiedAndNamesTheSeriesWhereTheServerHasNone) {
  const auto report = drill_on("4.4.29");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("shop.weather: MongoDB 4.4.29: the server has no "
                                       "time-series: it becomes an ordinary collection"));
  EXPECT_TRUE(has_rule(report, "refused")) << rules_of(report);
}

}  // namespace
}  // namespace lifeboat::drill
