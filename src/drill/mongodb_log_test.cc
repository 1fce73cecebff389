#include "backup/archive_log.h"
#include "drill/test_mongodb.h"
#include "engine/markers.h"

namespace lifeboat::drill {
namespace {

// The server keeps a log, which is archived when a test says so.
class MongoLogDrill : public MongoDrill {
 protected:
  MongoLogDrill() : MongoDrill({.replica_set = "rs0"}) {}
  // Of one that the log touched nobody knows what it must be.
  bool has_capped() const override { return false; }
  void SetUp() override {
    Application(server_.uri(), "local").create_capped("oplog.rs");
    MongoDrill::SetUp();
  }

  // Why the log does not go on; empty where it does.
  std::string archive() {
    const auto done =
        backup::archive_log({"shop", source_at(server_.uri(), "shop"), last_base(), Duration(0)},
                            *repository_, test_.context);
    EXPECT_TRUE(done) << done.error().describe();
    return done ? done->broken : "it could not be read";
  }
  Report drill_to(LogMoment moment) {
    auto request = request_with(ferretdb());
    request.options.log_moment = moment;
    request.options.checks = {QueryCheck{
        "all", "db", R"({"count": "orders", "query": {}})", {Relation::equal, "2010", "== 2010"}}};
    return drill(request).report;
  }

 private:
  Json last_base() {
    const auto list = repository_->snapshots(test_.context);
    const auto snapshot = repository_->open_snapshot(list->snapshots.back().id, test_.context);
    return (*snapshot)->sources().front().position.at("log");
  }
};

TEST_F(MongoLogDrill, RestoresToTheEndOfTheArchivedLogAndComparesWhatItMustBeThen) {
  Application(server_.uri(), "shop").insert("orders", many_documents(10, 5000));
  EXPECT_EQ(archive(), "");
  const auto report = drill_to(LogMoment::latest);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(check(report, "pitr.db").outcome, Outcome::passed);
  EXPECT_EQ(check(report, "query.all").outcome, Outcome::passed);
  ASSERT_TRUE(report.log_reached);
  EXPECT_GE(*report.log_reached, report.snapshot->time - std::chrono::seconds(2));
}

TEST_F(MongoLogDrill, RestoresToARandomMomentAndMeasuresNoLossByIt) {
  EXPECT_EQ(archive(), "");
  Application(server_.uri(), "shop").insert("orders", many_documents(10, 5000));
  EXPECT_EQ(archive(), "");
  const auto report = drill_to(LogMoment::random);
  EXPECT_EQ(check(report, "pitr.db").outcome, Outcome::passed);
  EXPECT_EQ(check(report, "counts.db").outcome, Outcome::passed);
  EXPECT_FALSE(report.log_reached);
}

class BoundaryDrill : public MongoLogDrill {
 protected:
  // Markers and orders by turns; the number of markers is the last one's.
  void write_by_turns(std::int32_t markers) {
    for (std::int32_t i = 0; i < markers; ++i) {
      ASSERT_TRUE(engine::write_marker(source_at(server_.uri(), "shop"), "lifeboat_markers",
                                       test_.context));
      Application(server_.uri(), "shop").insert("orders", many_documents(1, 5000 + orders_++));
    }
  }
  std::int32_t orders_ = 0;
  Report drill_to_boundary(bool has_markers = true) {
    auto request = request_with(ferretdb());
    request.options.log_moment = LogMoment::boundary;
    if (has_markers) request.markers = MarkersRequest{"db", "lifeboat_markers", 9};
    return drill(request).report;
  }
};

TEST_F(BoundaryDrill, ShowsTheMarkerBeforeTheMomentAndNotTheOneAfter) {
  write_by_turns(1);
  EXPECT_EQ(archive(), "");
  write_by_turns(3);
  EXPECT_EQ(archive(), "");
  const auto report = drill_to_boundary();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(check(report, "pitr.db").outcome, Outcome::passed);
  EXPECT_EQ(check(report, "markers").outcome, Outcome::passed);
  const auto& boundary = check(report, "boundary.db");
  EXPECT_EQ(boundary.outcome, Outcome::passed) << boundary.message;
  EXPECT_NE(boundary.message.find("restored to just before marker "), std::string::npos);
  EXPECT_FALSE(report.measures.lost_writes);
  EXPECT_EQ(report.measures.no_lost_writes, "the moment was chosen by lot");
}

TEST_F(BoundaryDrill, FailsWhenTheMarkerBeforeTheMomentIsNotThere) {
  write_by_turns(1);
  EXPECT_EQ(archive(), "");
  Application(server_.uri(), "shop").remove_one("lifeboat_markers", 1);
  const auto number =
      engine::mongodb::DocumentBuilder().int64("_id", 2).text("time", to_rfc3339({})).take();
  Application(server_.uri(), "shop").insert("lifeboat_markers", {number});
  EXPECT_EQ(archive(), "");
  const auto report = drill_to_boundary();
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(check(report, "boundary.db").outcome, Outcome::failed);
  EXPECT_TRUE(has_rule(report, "moment-missed")) << rules_of(report);
}

TEST_F(BoundaryDrill, IsUnverifiedWithoutMarkersInTheLog) {
  Application(server_.uri(), "shop").insert("orders", many_documents(3, 5000));
  EXPECT_EQ(archive(), "");
  for (const bool has_markers : {true, false}) {
    const auto report = drill_to_boundary(has_markers);
    EXPECT_NE(report.verdict, Verdict::proven);
    EXPECT_EQ(check(report, "boundary.db").outcome, Outcome::not_run);
    EXPECT_TRUE(has_rule(report, "no-marker-in-log")) << rules_of(report);
  }
}

TEST_F(MongoLogDrill, IsUnverifiedWhereNoLogWasArchived) {
  const auto report = drill_to(LogMoment::latest);
  EXPECT_EQ(check(report, "pitr.db").outcome, Outcome::not_run);
  EXPECT_TRUE(has_rule(report, "log-not-archived")) << rules_of(report);
  EXPECT_NE(report.verdict, Verdict::proven);
}

// A server that is no member of a replica set keeps none.
TEST_F(MongoDrill, IsUnverifiedWhereTheSnapshotHasNoPlaceInALog) {
  auto request = request_with(ferretdb());
  request.options.log_moment = LogMoment::latest;
  const auto report = drill(request).report;
  EXPECT_EQ(check(report, "pitr.db").outcome, Outcome::not_run);
  EXPECT_TRUE(has_rule(report, "snapshot-without-log")) << rules_of(report);
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
}

TEST_F(MongoLogDrill, FailsWhereTheBaseOfTheArchivedLogWasForgotten) {
  Application(server_.uri(), "shop").insert("orders", many_documents(10, 5000));
  EXPECT_EQ(archive(), "");
  EXPECT_EQ(drill_to(LogMoment::latest).verdict, Verdict::proven);
  const auto base = repository_->snapshots(test_.context)->snapshots.back().id;
  ASSERT_TRUE(repository_->forget(base, "retention", test_.context));
  ASSERT_FALSE(repository_->log_pieces("shop", "db")->empty());
  const auto report = drill_to(LogMoment::latest);
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_TRUE(has_rule(report, "never-backed-up")) << rules_of(report);
}

TEST_F(MongoLogDrill, FailsWhereTheBaseOfTheArchivedLogIsGoneFromTheStore) {
  Application(server_.uri(), "shop").insert("orders", many_documents(10, 5000));
  EXPECT_EQ(archive(), "");
  for (const auto& head : objects_in("snapshots/")) ASSERT_TRUE(store_->remove(head));
  const auto report = drill_to(LogMoment::latest);
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_TRUE(has_rule(report, "no-snapshot-left")) << rules_of(report);
}

TEST_F(MongoLogDrill, FailsWhereTheArchivedLogHasAHole) {
  Application(server_.uri(), "shop").insert("orders", many_documents(5, 5000));
  EXPECT_EQ(archive(), "");
  Application(server_.uri(), "local").drop("oplog.rs");
  Application(server_.uri(), "local").create_capped("oplog.rs");
  Application(server_.uri(), "shop").insert("orders", many_documents(5, 5005));
  EXPECT_NE(archive(), "");
  const auto report = drill_to(LogMoment::latest);
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(check(report, "pitr.db").outcome, Outcome::failed);
  EXPECT_TRUE(has_rule(report, "log-broken")) << rules_of(report);
  EXPECT_EQ(check(report, "counts.db").outcome, Outcome::passed) << "the snapshot is restored";
}

}  // namespace
}  // namespace lifeboat::drill
