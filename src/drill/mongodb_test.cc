#include "backup/archive_log.h"
#include "drill/sabotage.h"
#include "drill/test_mongodb.h"
#include "engine/markers.h"

namespace lifeboat::drill {
namespace {

TEST_F(MongoDrill, RestoresToAServerOfItsOwnAndProvesEqualFacts) {
  const auto sealed = drill(request_with(ferretdb()));
  EXPECT_EQ(sealed.report.verdict, Verdict::proven) << sealed.report.reason;
  EXPECT_TRUE(sealed.report.tear_down->clean());
  std::vector<std::string> asked;
  for (const auto& check : sealed.report.checks) asked.push_back(check.id);
  for (const auto* wanted :
       {"catalog.db", "counts.db", "digests.db", "gridfs.db", "server.db", "integrity.db"})
    EXPECT_NE(std::ranges::find(asked, wanted), asked.end()) << wanted;
}

TEST_F(MongoDrill, WorksHoweverDeepItsSandboxLies) {
  auto request = request_with(ferretdb());
  // Longer than the path of a socket may be.
  request.sandboxes = scratch_.path() / std::string(150, 'd');
  const auto report = drill(request).report;
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(report.tear_down->clean());
}

struct Planted {
  std::string check;
  std::string rule;
  std::function<void(const Application&)> defect;
};

TEST_F(MongoDrill, FailsWhenADocumentACollectionOrAnIndexIsLostOrOneIsChanged) {
  const std::vector<Planted> all{
      {"counts.db", "rows-lost", [](const auto& app) { app.remove_one("orders", 7); }},
      {"counts.db", "rows-added", [](const auto& app) { app.insert("orders", {document(-1)}); }},
      {"catalog.db", "table-lost", [](const auto& app) { app.drop("log"); }},
      {"gridfs.db", "gridfs-hole",
       [](const auto& app) { app.remove_one("fs.chunks", id_of_chunk(1, 1)); }},
      {"catalog.db", "index-lost", [](const auto& app) { app.drop_index("orders", "by_name"); }},
      {"catalog.db", "schema-added",
       [](const auto& app) { app.make_index("orders", "other", false); }},
      {"digests.db", "values-changed", [](const auto& app) {
         app.remove_one("orders", 7);
         app.insert("orders", {document(7, "name x")});
       }}};
  for (const auto& each : all) {
    const auto report =
        drill_with(request_with(ferretdb()), [&](const fs::path&) { each.defect(restored()); });
    EXPECT_EQ(report.verdict, Verdict::failed) << each.rule << ": " << report.reason;
    const auto failed = failed_checks(report);
    EXPECT_NE(std::ranges::find(failed, each.check), failed.end()) << each.rule;
    EXPECT_TRUE(has_rule(report, each.rule)) << each.rule << ": " << rules_of(report);
  }
  const auto report = drill_with(request_with(ferretdb()), [](const fs::path&) {});
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}

TEST_F(MongoDrill, AsksWhatItsConfigurationAsks) {
  auto request = request_with(ferretdb());
  const auto ask = [&](const std::string& name, const std::string& text, const std::string& most) {
    request.options.checks.emplace_back(
        QueryCheck{name, "db", text, {Relation::equal, most, "== " + most}});
  };
  ask("all", R"({"count": "orders", "query": {}})", "2000");
  ask("one", R"({"count": "orders", "query": {"name": "name 7"}})", "2");
  ask("wrong", R"({"drop": "orders"})", "0");
  request.options.checks.emplace_back(FreshnessCheck{"db", "orders", "at", std::chrono::hours(1)});
  const auto report = drill(request).report;
  EXPECT_EQ(check(report, "query.all").outcome, Outcome::passed);
  EXPECT_EQ(check(report, "query.one").outcome, Outcome::failed);
  EXPECT_EQ(check(report, "query.wrong").outcome, Outcome::not_run);
  EXPECT_EQ(check(report, "freshness.db.orders").outcome, Outcome::failed)
      << "no order has that field";
}

TEST_F(MongoDrill, NoticesEveryDefectThatSabotagePlants) {
  const auto report = run_sabotage(request_with(ferretdb()), *repository_, test_.context);
  ASSERT_TRUE(report) << report.error().describe();
  std::vector<std::string> planted;
  for (const auto& each : report->defects) {
    if (!each.planted.empty()) planted.push_back(each.defect);
    EXPECT_EQ(each.caught, !each.planted.empty())
        << each.defect << ": " << each.planted << ", explained as "
        << ::testing::PrintToString(each.diagnoses);
  }
  EXPECT_EQ(planted,
            (std::vector<std::string>{"collection-dropped", "collection-emptied", "document-lost",
                                      "document-changed", "index-missing", "gridfs-chunk-lost"}));
}

class HoledMongoDrill : public MongoDrill {
 protected:
  bool has_hole() const override { return true; }
};

TEST_F(HoledMongoDrill, SaysOfAFileInGridFsThatItWasNotWholeAtTheBackup) {
  const auto report = drill(request_with(ferretdb())).report;
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(failed_checks(report), std::vector<std::string>{"gridfs.db"});
  EXPECT_EQ(check(report, "gridfs.db").message,
            "1 file is not whole; first fs: file \"plan.pdf\": chunk n=1 of 3 is missing");
  EXPECT_TRUE(has_rule(report, "gridfs-hole-at-the-source")) << rules_of(report);
  EXPECT_FALSE(has_rule(report, "gridfs-hole")) << rules_of(report);
}

// A ledger of dAvePi, in which the last migration ended so.
class MigratedMongoDrill : public MongoDrill {
 protected:
  static Bytes migration(std::int32_t id, const std::string& name, const std::string& status) {
    return engine::mongodb::DocumentBuilder()
        .int32("_id", id)
        .text("name", name)
        .text("status", status)
        .take();
  }
  virtual std::string last_status() const { return "succeeded"; }
  void SetUp() override {
    Application(server_.uri(), "shop")
        .insert("_migrations",
                {migration(1, "1-users", "succeeded"), migration(2, "2-orders", last_status())});
    MongoDrill::SetUp();
  }
};

class HalfMigratedMongoDrill : public MigratedMongoDrill {
 protected:
  std::string last_status() const override { return "failed"; }
};

TEST_F(HalfMigratedMongoDrill, LooksAtTheLedgerOfMigrationsUnasked) {
  const auto report = drill(request_with(ferretdb())).report;
  EXPECT_EQ(check(report, "migrations.db._migrations").outcome, Outcome::failed);
  EXPECT_EQ(check(report, "catalog.db").outcome, Outcome::passed);
}

TEST_F(MigratedMongoDrill, ComparesTheLedgerWithTheOneOfTheBackup) {
  const auto changed = drill_with(request_with(ferretdb()), [&](const fs::path&) {
    restored().remove_one("_migrations", 2);
    restored().insert("_migrations", {migration(2, "2-ordery", "succeeded")});
  });
  EXPECT_TRUE(has_rule(changed, "ledger-changed")) << rules_of(changed);
  EXPECT_EQ(check(changed, "counts.db").outcome, Outcome::passed);
  const auto equal = drill_with(request_with(ferretdb()), [](const fs::path&) {});
  EXPECT_EQ(equal.verdict, Verdict::proven) << equal.reason;
  EXPECT_EQ(check(equal, "migrations.db._migrations").outcome, Outcome::passed);
}

TEST_F(MongoDrill, SaysThatABackupWasTakenDuringAMigration) {
  const auto outcome_with = [&](const std::vector<std::string>& names) {
    const auto report = drill_with(request_with(ferretdb()), [&](const fs::path&) {
      for (const auto& name : names)
        restored().insert("_migrations",
                          {engine::mongodb::DocumentBuilder().text("name", name).take()});
    });
    EXPECT_EQ(has_rule(report, "migrations-odd"), names.size() == 2) << rules_of(report);
    return check(report, "migrations.db._migrations").outcome;
  };
  EXPECT_EQ(outcome_with({"1-users", "__lock"}), Outcome::warned);
  EXPECT_EQ(outcome_with({"1-users"}), Outcome::passed);
}

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

TEST_F(MongoDrill, IsUnverifiedBeforeAnythingIsFetchedWhereTheServersProgramIsNotThere) {
  const auto sealed = drill(request_with("/nowhere/mongod"));
  EXPECT_EQ(sealed.report.verdict, Verdict::unverified) << sealed.report.reason;
  EXPECT_NE(sealed.report.reason.find("/nowhere/mongod"), std::string::npos)
      << sealed.report.reason;
  EXPECT_TRUE(has_rule(sealed.report, "server-missing")) << rules_of(sealed.report);
  EXPECT_FALSE(fs::exists(scratch_.path() / "s"));
}

TEST_F(MongoDrill, SaysWhatAServerSaidThatDidNotBegin) {
  const auto sealed = drill(request_with("/bin/false"));
  EXPECT_EQ(sealed.report.verdict, Verdict::unverified) << sealed.report.reason;
  EXPECT_NE(sealed.report.reason.find("/bin/false ended"), std::string::npos)
      << sealed.report.reason;
  EXPECT_TRUE(has_rule(sealed.report, "server-failed")) << rules_of(sealed.report);
}

}  // namespace
}  // namespace lifeboat::drill
