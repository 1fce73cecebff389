#include "drill/sabotage.h"
#include "drill/test_mongodb.h"

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
