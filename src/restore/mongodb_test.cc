#include <gtest/gtest.h>

#include "backup/backup.h"
#include "base/json_value.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_stand_in.h"
#include "restore/half_filled.h"
#include "restore/losses.h"
#include "restore/moment.h"
#include "restore/restore.h"
#include "storage/memory/memory_backend.h"

namespace lifeboat::restore {
namespace {

using engine::mongodb::testing::Application;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::source_at;
using engine::mongodb::testing::StandInServer;
using engine::mongodb::testing::TestServer;

// A database that was backed up to a repository in memory.
class MongoRestore : public testing::Test {
 protected:
  virtual std::string source_uri() const { return server_.uri(); }
  void SetUp() override {
    const Application app(source_uri(), "shop");
    for (const auto& name : {"items", "orders", "people", "events", "files"})
      app.insert(name, many_documents(3000));
    app.create_capped("log");
    app.insert("log", many_documents(100));
    app.make_index("items", "name", true);
    const repository::Credential key = repository::KeyFile{Secret(Bytes(32, 7))};
    auto medium = std::make_unique<storage::MemoryBackend>(store_, test_.clock);
    repository_ = *repository::Repository::create(
        std::move(medium), key, {.cache = folder_.path() / "cache"}, test_.context);
    const auto report = back_up(source_at(source_uri(), "shop"));
    ASSERT_TRUE(report) << report.error().describe();
    ASSERT_TRUE(report->snapshot.complete);
    snapshot_ = *repository_->open_snapshot(report->snapshot.id, test_.context);
  }

  Result<backup::Report> back_up(const engine::SourceOptions& source) {
    backup::Request request;
    request.service = "shop";
    request.config = Json::object();
    request.cache = folder_.path() / "lists";
    request.sources = {source};
    return backup::run_backup(request, *repository_, test_.context);
  }
  std::string place(const std::string& database) const { return server_.uri(database); }
  Result<Report> restore(const std::string& database, PlanRequest request = {}) {
    request.destination.places = {{"db", place(database)}};
    auto plan = TRY(plan_restore(snapshot_->info(), snapshot_->sources(), request));
    const auto live =
        TRY(engine::mongodb::mongodb_engine().identify(source_at(server_.uri(), "shop")));
    TRY(check_targets(plan, {{"source shop/db", live, false}}, test_.context));
    TRY(find_losses(plan, *snapshot_, test_.context));
    return run_restore(plan, *repository_, *snapshot_, test_.context);
  }
  Json facts(const std::string& database) {
    return engine::contract::facts_of(engine::mongodb::mongodb_engine(), place(database),
                                      test_.context)
        .value_or(Json{});
  }

  TestContext test_;
  ScratchDirectory folder_ = *ScratchDirectory::make();
  TestServer server_;
  std::shared_ptr<storage::MemoryStore> store_ = std::make_shared<storage::MemoryStore>();
  std::unique_ptr<repository::Repository> repository_;
  std::unique_ptr<repository::SnapshotReader> snapshot_;
};

TEST_F(MongoRestore, BringsEveryCollectionBackWithEqualFacts) {
  const auto report = restore("restored");
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_TRUE(report->items[0].findings.empty());
  EXPECT_EQ(report->items[0].entries, 7U);
  EXPECT_EQ(pretty_json(facts("restored")), pretty_json(snapshot_->sources()[0].facts));
}

TEST_F(MongoRestore, LeadsToNoPositionWhereNoSnapshotHasALog) {
  const auto list = repository_->snapshots(test_.context);
  ASSERT_TRUE(list);
  const auto base = choose_base(list->snapshots, "shop", Moment{{}, "1763718300.1"});
  ASSERT_FALSE(base);
  EXPECT_EQ(base.error().code(), Code::not_restorable);
  EXPECT_NE(base.error().message().find("no snapshot of shop has a log"), std::string::npos);
}

// The time of the test passes only for who waits.
TEST_F(MongoRestore, IsOfABackupThatReadsNoFasterThanItsLimit) {
  std::uint64_t bytes = 0;
  for (const auto& each : snapshot_->sources()[0].facts["collections"])
    bytes += each["bytes"].get<std::uint64_t>();
  const auto seconds_of = [&](std::uint64_t limit) {
    auto source = source_at(server_.uri(), "shop");
    source.read_limit = limit;
    const auto begun = test_.clock.steady();
    const auto report = back_up(source);
    EXPECT_TRUE(report) << report.error().describe();
    return std::chrono::duration<double>(test_.clock.steady() - begun).count();
  };
  constexpr double kSeconds = 10;
  EXPECT_EQ(seconds_of(0), 0);
  // What is read last need not be waited for.
  EXPECT_GT(seconds_of(bytes / 10), kSeconds * 0.7);
}

TEST_F(MongoRestore, BringsOneCollectionBackAlone) {
  PlanRequest request;
  request.only = {{"db", "items"}};
  const auto report = restore("part", request);
  ASSERT_TRUE(report) << report.error().describe();
  const auto there = facts("part")["collections"];
  EXPECT_EQ(there.size(), 1U);
  EXPECT_EQ(there["items"], snapshot_->sources()[0].facts["collections"]["items"]);
  request.only = {{"db", "itemz"}};
  EXPECT_EQ(restore("other", request).error().code(), Code::not_found);
}

TEST_F(MongoRestore, RefusesTheLiveDatabaseUnlessOverwritingWasAskedFor) {
  const auto refused = restore("shop");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_NE(refused.error().describe().find("live source shop/db"), std::string::npos)
      << refused.error().describe();
  PlanRequest request;
  request.overwrite = true;
  Application(server_.uri(), "shop").remove_one("items", 5);
  const auto report = restore("shop", request);
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(facts("shop"), snapshot_->sources()[0].facts);
}

TEST_F(MongoRestore, RefusesADatabaseThatIsNotEmptyAndNamesItAsOccupied) {
  Application(server_.uri(), "other").insert("foreign", many_documents(1));
  const auto refused = restore("other");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_EQ(facts("other")["collections"].size(), 1U);
}

TEST_F(MongoRestore, NeedsAnAddressAndNotAFolder) {
  PlanRequest request;
  request.destination.directory = folder_.path() / "restored";
  const auto plan = plan_restore(snapshot_->info(), snapshot_->sources(), request);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), Code::usage);
  EXPECT_NE(std::string(plan.error().hint()).find("mongodb://"), std::string::npos);
}

TEST_F(MongoRestore, FailsWhenTheServerIsGone) {
  server_.kill();
  EXPECT_FALSE(restore("restored"));
}

// Into a server that can be told to fail; what is half filled is known by a note below `state`.
class MongoHalfFilled : public MongoRestore {
 protected:
  std::string place_as(const std::string& more = "") const { return there_.uri("restored", more); }
  Result<Plan> plan_to(const std::string& place, bool overwrite = false) {
    PlanRequest request;
    request.destination.places = {{"db", place}};
    request.state = state();
    request.overwrite = request.delete_strangers = overwrite;
    auto plan = TRY(plan_restore(snapshot_->info(), snapshot_->sources(), request));
    TRY(check_targets(plan, {}, test_.context));
    return plan;
  }
  Result<Report> fill(const Plan& plan) {
    return run_restore(plan, *repository_, *snapshot_, test_.context);
  }
  std::string state() const { return folder_.path() / "state"; }
  std::ptrdiff_t notes() const {
    std::error_code none;
    const fs::directory_iterator all(fs::path(state()) / "half-filled", none);
    return std::distance(begin(all), end(all));
  }
  void fail_within() {
    there_.plant({.command = "insert", .refusal = {1, "InternalError", "no more"}, .after = 2});
  }

  engine::mongodb::testing::StandInServer there_{{.process = "0123456789abcdef01234567"}};
};

TEST_F(MongoHalfFilled, IsNamedByTheNextRunHoweverItsAddressIsSpelled) {
  fail_within();
  const auto plan = plan_to(place_as());
  ASSERT_TRUE(plan) << plan.error().describe();
  EXPECT_FALSE(fill(*plan));
  ASSERT_EQ(half_filled_places(*plan).size(), 1U);
  const auto hint = hint_after_interruption(*plan);
  EXPECT_EQ(hint.find("to go on"), std::string::npos) << hint;
  EXPECT_NE(hint.find("Drop that database by hand"), std::string::npos) << hint;
  auto other_spelling = place_as("&appName=another");
  other_spelling.replace(other_spelling.find("127.0.0.1"), 9, "localhost");
  for (const auto& spelled : {place_as(), other_spelling}) {
    const auto next = plan_to(spelled);
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code(), Code::refused);
    EXPECT_NE(next.error().message().find("is half filled: a restore of snapshot " +
                                          snapshot_->info().id.hex().substr(0, 10)),
              std::string::npos)
        << next.error().message();
  }
  const auto anew = plan_to(other_spelling, true);
  ASSERT_TRUE(anew) << anew.error().describe();
  const auto filled = fill(*anew);
  ASSERT_TRUE(filled) << filled.error().describe();
  EXPECT_EQ(notes(), 0);
}

TEST_F(MongoHalfFilled, IsNoneThatWasFilledWholeOrByOthersOrNeverTouched) {
  const auto plan = plan_to(place_as());
  ASSERT_TRUE(plan);
  const auto filled = fill(*plan);
  ASSERT_TRUE(filled) << filled.error().describe();
  EXPECT_EQ(notes(), 0);
  EXPECT_TRUE(half_filled_places(*plan).empty());
  const auto next = plan_to(place_as());
  ASSERT_FALSE(next);
  EXPECT_NE(next.error().message().find("exists and is not empty"), std::string::npos);
  EXPECT_EQ(hint_after_interruption(*plan), "Nothing was written: run the command again.");
  there_.kill();
  EXPECT_FALSE(fill(*plan)) << "it is gone before anything could be written";
  EXPECT_EQ(notes(), 0);
}

TEST_F(MongoRestore, NamesEveryLossInThePlanAndRefusesItUnlessItIsAccepted) {
  PlanRequest request;
  request.destination.places = {{"db", place("restored")}};
  auto plan = plan_restore(snapshot_->info(), snapshot_->sources(), request);
  ASSERT_TRUE(plan);
  ASSERT_TRUE(find_losses(*plan, *snapshot_, test_.context));
  EXPECT_TRUE(plan->items[0].losses.empty());
  EXPECT_TRUE(check_losses(*plan));
  plan->items[0].losses = {
      {"feature-lost", "shop.items", "FerretDB 1: it has no validator", false}};
  const auto refused = check_losses(*plan);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_NE(refused.error().message().find("shop.items: FerretDB 1: it has no validator"),
            std::string::npos);
  plan->accept_losses = true;
  EXPECT_TRUE(check_losses(*plan));
}

TEST_F(MongoRestore, BringsACollectionBackUnderAnotherNameBesideTheLiveOne) {
  PlanRequest request;
  request.only = {{"db", "items"}};
  request.renames = {{"items", "items of old"}};
  request.overwrite = true;
  const auto before = facts("shop")["collections"];
  const auto report = restore("shop", request);
  ASSERT_TRUE(report) << report.error().describe();
  auto there = facts("shop")["collections"];
  EXPECT_EQ(there["items of old"], before["items"]);
  there.erase("items of old");
  EXPECT_EQ(there, before) << "the others are as they were";
  const auto again = restore("shop", request);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::refused);
  request.renames = {{"orders", "items of old"}};
  EXPECT_EQ(restore("shop", request).error().code(), Code::usage) << "it is not restored";
}

TEST_F(MongoRestore, BringsAllBackWithOneUnderAnotherNameAndSaysSoInItsRecord) {
  PlanRequest request;
  request.destination.places = {{"db", place("restored")}};
  request.renames = {{"db/items", "things"}};
  const auto plan = plan_restore(snapshot_->info(), snapshot_->sources(), request);
  ASSERT_TRUE(plan);
  const auto report = restore("restored", request);
  ASSERT_TRUE(report) << report.error().describe();
  const auto there = facts("restored");
  EXPECT_EQ(there["collections"].size(), 6U);
  EXPECT_EQ(there["collections"]["things"], facts("shop")["collections"]["items"]);
  EXPECT_EQ(there["catalog_fingerprint"], (*report->items[0].facts)["catalog_fingerprint"]);
  EXPECT_EQ(there["collections"], (*report->items[0].facts)["collections"]);
  EXPECT_EQ(record_of(*plan, *report, "local")["items"][0]["renames"], Json({{"items", "things"}}));
}

// Of a server of 8.0, beside others.
class OfALaterServer : public MongoRestore {
 protected:
  std::string source_uri() const override { return later_.uri(); }
  Result<Plan> plan_to(const StandInServer& there) {
    PlanRequest request;
    request.destination.places = {{"db", there.uri("restored")}};
    auto plan = TRY(plan_restore(snapshot_->info(), snapshot_->sources(), request));
    TRY(find_losses(plan, *snapshot_, test_.context));
    return plan;
  }

  StandInServer later_{{.version = "8.0.4"}};
};

TEST_F(OfALaterServer, IsRefusedOnAnOlderOneThoughNothingWouldBeLostUnlessThatIsAccepted) {
  for (const std::string version : {"4.4.29", "5.0.31", "7.0.14"}) {
    const StandInServer older({.version = version});
    auto plan = plan_to(older);
    ASSERT_TRUE(plan) << plan.error().describe();
    ASSERT_EQ(plan->items[0].losses.size(), 1U);
    EXPECT_EQ(plan->items[0].losses[0].code, "older-server");
    const auto refused = check_losses(*plan);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::refused);
    EXPECT_NE(refused.error().message().find("MongoDB " + version +
                                             ": it is older than the "
                                             "server that was backed up (MongoDB 8.0.4)"),
              std::string::npos)
        << refused.error().message();
    plan->accept_losses = true;
    EXPECT_TRUE(check_losses(*plan));
  }
  for (const std::string version : {"8.0.1", "8.2.0"}) {
    const auto plan = plan_to(StandInServer({.version = version}));
    ASSERT_TRUE(plan) << plan.error().describe();
    EXPECT_TRUE(plan->items[0].losses.empty()) << version;
  }
}

}  // namespace
}  // namespace lifeboat::restore
