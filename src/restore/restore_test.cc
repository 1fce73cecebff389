#include "restore/restore.h"

#include <gtest/gtest.h>

#include "backup/backup.h"
#include "base/file.h"
#include "base/test_context.h"
#include "storage/memory/memory_backend.h"

namespace lifeboat::restore {
namespace {

// A folder that was backed up to a repository in memory.
class Restore : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(at("live/sub"));
    write("live/large", large_);
    write("live/sub/small", "small");
    const repository::Credential key = repository::KeyFile{Secret(Bytes(32, 7))};
    auto medium = std::make_unique<storage::MemoryBackend>(store_, test_.clock);
    repository_ =
        *repository::Repository::create(std::move(medium), key, {.cache = at("cache")}, context());
    const auto report = backup::run_backup(request(), *repository_, context());
    ASSERT_TRUE(report) << report.error().describe();
    snapshot_ = *repository_->open_snapshot(report->snapshot.id, context());
  }

  fs::path at(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file(at(name), view_of(text)));
  }
  std::string read(const std::string& name) const {
    const auto bytes = read_file(at(name));
    return bytes ? to_text(*bytes) : "nothing";
  }
  const RunContext& context() const { return test_.context; }

  backup::Request request() const {
    backup::Request request;
    request.service = "shop";
    request.config = Json::object();
    request.cache = at("lists");
    engine::SourceOptions source;
    source.name = "uploads";
    source.type = "files";
    source.path = at("live");
    request.sources = {source};
    return request;
  }
  Result<Report> restore(PlanRequest request) {
    request.destination.places = {{"uploads", at("restored").string()}};
    auto plan = TRY(plan_restore(snapshot_->info(), snapshot_->sources(), request));
    TRY(check_targets(plan, {}, context()));
    return run_restore(plan, *repository_, *snapshot_, context());
  }

  TestContext test_;
  ScratchDirectory folder_ = *ScratchDirectory::make();
  const std::string large_ = std::string(100'000, 'x') + std::string(100'000, 'y');
  std::shared_ptr<storage::MemoryStore> store_ = std::make_shared<storage::MemoryStore>();
  std::unique_ptr<repository::Repository> repository_;
  std::unique_ptr<repository::SnapshotReader> snapshot_;
};

TEST_F(Restore, BringsBackWhatWasBackedUpAndSaysHowMuch) {
  const auto report = restore({});
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(read("restored/large"), large_);
  EXPECT_EQ(read("restored/sub/small"), "small");
  EXPECT_FALSE(fs::exists(at("restored") / kMarkerName));
  EXPECT_EQ(report->bytes(), large_.size() + 5);
  EXPECT_EQ(report->items.at(0).bytes_fetched, report->bytes());
}

TEST_F(Restore, OverWhatIsThereFetchesOnlyWhatDiffers) {
  ASSERT_TRUE(restore({}));
  write("restored/sub/small", "other");
  EXPECT_EQ(restore({}).error().code(), Code::refused);
  const auto report = restore({.overwrite = true});
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(read("restored/sub/small"), "small");
  EXPECT_EQ(read("restored/large"), large_);
  EXPECT_EQ(report->items.at(0).bytes_fetched, 5U);
}

TEST_F(Restore, OfAPartBringsThatPart) {
  ASSERT_TRUE(restore({.only = {{"uploads", "sub"}}}));
  EXPECT_EQ(read("restored/sub/small"), "small");
  EXPECT_FALSE(fs::exists(at("restored/large")));
}

// One file with three names, of which "first" is the one that has the content in the snapshot.
class RestoreOfANameAlone : public Restore {
 protected:
  void SetUp() override {
    fs::create_directories(at("live/sub"));
    write("live/first", "as it was");
    fs::create_hard_link(at("live/first"), at("live/sub/again"));
    fs::create_hard_link(at("live/first"), at("live/sub/third"));
    Restore::SetUp();
  }
  void restore_only(const std::string& object) {
    const auto report = restore({.only = {{"uploads", object}}, .overwrite = true});
    ASSERT_TRUE(report) << report.error().describe();
    EXPECT_TRUE(report->items.at(0).findings.empty());
  }
};

TEST_F(RestoreOfANameAlone, TakesItsContentFromTheSnapshotNotFromTheFirstNameThatIsThere) {
  fs::create_directories(at("restored"));
  write("restored/first", "of today");
  restore_only("sub/again");
  EXPECT_EQ(read("restored/sub/again"), "as it was");
  EXPECT_EQ(read("restored/first"), "of today") << "nobody asked for it";
  EXPECT_FALSE(fs::exists(at("restored/sub/third")));
}

TEST_F(RestoreOfANameAlone, TakesItApartFromTheFirstNameWhereBothAreOneFileThatChanged) {
  fs::create_directories(at("restored/sub"));
  write("restored/first", "of today");
  fs::create_hard_link(at("restored/first"), at("restored/sub/again"));
  restore_only("sub/again");
  EXPECT_EQ(read("restored/sub/again"), "as it was");
  EXPECT_EQ(read("restored/first"), "of today");
}

TEST_F(RestoreOfANameAlone, BringsItIntoAnEmptyFolder) {
  restore_only("sub/again");
  EXPECT_EQ(read("restored/sub/again"), "as it was");
  EXPECT_FALSE(fs::exists(at("restored/first")));
}

TEST_F(RestoreOfANameAlone, KeepsNamesOfOneFileTogetherAsFarAsTheyAreAskedFor) {
  restore_only("sub");
  EXPECT_EQ(read("restored/sub/third"), "as it was");
  EXPECT_EQ(fs::hard_link_count(at("restored/sub/again")), 2U);
  EXPECT_FALSE(fs::exists(at("restored/first")));
  ASSERT_TRUE(restore({.overwrite = true}));
  EXPECT_EQ(fs::hard_link_count(at("restored/first")), 3U) << "all of it";
}

TEST_F(Restore, OfWhatTheSnapshotDoesNotHaveSaysSo) {
  const auto report = restore({.only = {{"uploads", "nowhere"}}});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::not_found);
  EXPECT_NE(report.error().describe().find("nowhere"), std::string::npos);
  EXPECT_FALSE(fs::exists(at("restored")));
}

TEST_F(Restore, WithoutItsPacksFailsAndSaysSoInTheTarget) {
  for (const auto& info : store_->list("packs/")) store_->remove(info.key);
  EXPECT_FALSE(restore({}));
  EXPECT_FALSE(fs::exists(at("restored/large")));
  EXPECT_TRUE(!fs::exists(at("restored")) || fs::exists(at("restored") / kMarkerName));
}

TEST_F(Restore, LeavesARecordOfWhatWentWhere) {
  PlanRequest request;
  request.destination.places = {{"uploads", at("restored").string()}};
  const auto plan = plan_restore(snapshot_->info(), snapshot_->sources(), request);
  const auto report = run_restore(*plan, *repository_, *snapshot_, context());
  ASSERT_TRUE(report) << report.error().describe();
  const auto record = record_of(*plan, *report, "a repository");
  EXPECT_EQ(record["snapshot"], snapshot_->info().id.hex());
  EXPECT_EQ(record["items"][0]["place"], at("restored").string());
  EXPECT_EQ(record["items"][0]["bytes"], large_.size() + 5);
}

TEST(RestoreStages, CutTheTimeWithoutAGapAndAddUpWhatComesAgain) {
  using std::chrono::milliseconds;
  TestContext test;
  Stages stages(test.clock);
  const std::vector<std::pair<const char*, int>> steps{
      {"prepare", 10}, {"write", 200}, {"prepare", 30}, {"finish", 4}};
  for (const auto& [name, took] : steps) {
    test.clock.advance(milliseconds(took));
    stages.end(name);
  }
  const auto all = stages.take();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].elapsed, milliseconds(40));
  EXPECT_EQ(all[1].name, "write");
  EXPECT_EQ(sum_of(all), milliseconds(244));
  EXPECT_EQ(to_json(all)[2], (Json{{"name", "finish"}, {"milliseconds", 4}, {"outcome", "done"}}));
}

}  // namespace
}  // namespace lifeboat::restore
