#include "restore/plan.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "repository/config_object.h"
#include "restore/note.h"
#include "restore/test_targets.h"

namespace lifeboat::restore {
namespace {

using repository::SnapshotList;
using testing::HasSubstr;

repository::SnapshotInfo snapshot_at(std::uint8_t number, bool complete = true) {
  repository::SnapshotInfo info;
  info.id.bytes[0] = number;
  info.id.bytes[1] = 0xAB;
  info.service = "shop";
  info.time = Time(std::chrono::seconds(1'000'000 + number * 100));
  info.complete = complete;
  return info;
}

std::vector<repository::SourceManifest> two_sources() {
  repository::SourceManifest db;
  db.name = "db";
  db.type = "sqlite";
  repository::SourceManifest uploads;
  uploads.name = "uploads";
  uploads.type = "files";
  return {db, uploads};
}

TEST(ChooseSnapshot, LatestIsTheNewestCompleteOne) {
  const std::vector all{snapshot_at(1), snapshot_at(2), snapshot_at(3, false)};
  EXPECT_EQ(choose_snapshot(all, "shop", {})->id, all[1].id);
  EXPECT_EQ(choose_snapshot(all, "shop", {"first", {}})->id, all[0].id);
}

TEST(ChooseSnapshot, AnIncompleteOneIsTakenOnlyByItsId) {
  const std::vector all{snapshot_at(1), snapshot_at(3, false)};
  EXPECT_EQ(choose_snapshot(all, "shop", {"03ab", {}})->id, all[1].id);
}

TEST(ChooseSnapshot, WhereNoneIsCompleteTheNewestIsNamed) {
  const std::vector all{snapshot_at(1, false), snapshot_at(3, false)};
  for (const auto& selector : {Selector{}, Selector{"first", {}}, Selector{"", all[0].time}}) {
    const auto chosen = choose_snapshot(all, "shop", selector);
    EXPECT_EQ(chosen.error().code(), Code::incomplete);
    EXPECT_NE(chosen.error().hint().find("--snapshot 03ab"), std::string_view::npos);
  }
  EXPECT_EQ(choose_snapshot({}, "shop", {}).error().code(), Code::not_found);
}

TEST(ChooseSnapshot, LatestProvenNeedsADrill) {
  std::vector all{snapshot_at(1), snapshot_at(2)};
  EXPECT_EQ(choose_snapshot(all, "shop", {"latest-proven", {}}).error().code(), Code::not_found);
  all[0].proven_at = all[1].time;
  EXPECT_EQ(choose_snapshot(all, "shop", {"latest-proven", {}})->id, all[0].id);
}

TEST(ChooseSnapshot, ATimeBetweenSnapshotsNamesTheNearestOnes) {
  const std::vector all{snapshot_at(1), snapshot_at(2)};
  const auto between = choose_snapshot(all, "shop", {"", all[0].time + std::chrono::seconds(5)});
  EXPECT_EQ(between.error().code(), Code::not_restorable);
  EXPECT_NE(between.error().hint().find("01ab"), std::string_view::npos);
  EXPECT_NE(between.error().hint().find("02ab"), std::string_view::npos);
  EXPECT_EQ(choose_snapshot(all, "shop", {"", all[1].time})->id, all[1].id);
}

TEST(ChooseSnapshot, AWholeSecondMeansTheSnapshotOfThatSecond) {
  auto snapshot = snapshot_at(1);
  const auto second = std::chrono::floor<std::chrono::seconds>(snapshot.time);
  snapshot.time = second + std::chrono::milliseconds(250);
  EXPECT_TRUE(choose_snapshot({snapshot}, "shop", {"", second}));
  EXPECT_FALSE(choose_snapshot({snapshot}, "shop", {"", second + std::chrono::milliseconds(100)}));
}

TEST(ChooseSnapshot, AnotherServicesSnapshotsAreNotOurs) {
  EXPECT_EQ(choose_snapshot({snapshot_at(1)}, "blog", {}).error().code(), Code::not_found);
}

TEST(ChooseSnapshot, AnAmbiguousOrShortIdIsNotGuessed) {
  auto twin = snapshot_at(1);
  twin.id.bytes[31] = 9;
  EXPECT_EQ(choose_snapshot({snapshot_at(1), twin}, "shop", {"01ab", {}}).error().code(),
            Code::usage);
  EXPECT_EQ(choose_snapshot({snapshot_at(1)}, "shop", {"01a", {}}).error().code(), Code::not_found);
}

TEST(ChooseListed, SaysWhatIsLostWhereThereIsNone) {
  const auto error_of = [](const std::string& lost_of, const Selector& selector) {
    const SnapshotList list{{}, {{"snapshots/x/2", {}, 2, lost_of, {}}}, {}};
    return choose_listed(list, "shop", selector).error();
  };
  EXPECT_EQ(error_of("shop", {}).code(), Code::corrupt);
  EXPECT_EQ(error_of("", {}).code(), Code::corrupt);
  EXPECT_THAT(error_of("", {}).describe(), HasSubstr("snapshots/x/2 is missing or damaged"));
  EXPECT_EQ(error_of("blog", {}).code(), Code::not_found);
  EXPECT_EQ(error_of("shop", {"01ab", {}}).code(), Code::not_found);
}

TEST(ChooseListed, OffersWhatIsIncompleteWhateverElseIsLost) {
  const SnapshotList list{{snapshot_at(1, false)}, {{"snapshots/x/2", {}, 2, "", {}}}, {}};
  const auto incomplete = choose_listed(list, "shop", {});
  EXPECT_EQ(incomplete.error().code(), Code::incomplete);
  EXPECT_THAT(incomplete.error().hint(), HasSubstr("--snapshot 01ab"));
}

TEST(PlanRestore, PutsEachSourceBelowTheDirectory) {
  PlanRequest request;
  request.destination.directory = "/restore";
  const auto plan = plan_restore(snapshot_at(1), two_sources(), request);
  ASSERT_EQ(plan->items.size(), 2U);
  EXPECT_EQ(plan->items[0].place, "/restore/db.db");
  EXPECT_EQ(plan->items[1].place, "/restore/uploads");
}

TEST(PlanRestore, OnlyAndPlacesChooseSources) {
  PlanRequest request;
  request.destination.places = {{"db", "/x/shop.db"}};
  EXPECT_EQ(plan_restore(snapshot_at(1), two_sources(), request)->items.size(), 1U);
  request.only = {*parse_selection("uploads/2026/ab")};
  EXPECT_EQ(plan_restore(snapshot_at(1), two_sources(), request).error().code(), Code::usage);
  request.destination = {"/restore", {}};
  const auto plan = plan_restore(snapshot_at(1), two_sources(), request);
  EXPECT_EQ(plan->items[0].objects, std::vector<std::string>{"2026/ab"});
}

TEST(PlanRestore, AnUnknownSourceIsNamedWithTheKnownOnes) {
  PlanRequest request;
  request.destination.places = {{"database", "/x"}};
  const auto plan = plan_restore(snapshot_at(1), two_sources(), request);
  EXPECT_EQ(plan.error().code(), Code::usage);
  EXPECT_NE(plan.error().hint().find("db, uploads"), std::string_view::npos);
}

TEST(Needs, AreFollowedToTheFirstAndMustAllBeThere) {
  std::vector snapshots{snapshot_at(1), snapshot_at(2), snapshot_at(3)};
  snapshots[1].needs = {snapshots[0].id.hex()};
  snapshots[2].needs = {snapshots[1].id.hex()};
  const auto newest = snapshots[2];
  EXPECT_TRUE(check_needs(snapshots, newest));
  snapshots[0].needs = {newest.id.hex()};  // in a circle
  EXPECT_TRUE(check_needs(snapshots, newest));
  snapshots.erase(snapshots.begin());
  const auto checked = check_needs(snapshots, newest);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Code::not_restorable);
  EXPECT_NE(checked.error().message().find("02ab000000 cannot be restored without 01ab000000"),
            std::string::npos)
      << checked.error().message();
}

class TargetsTest : public TargetsFixture {
 protected:
  std::vector<Protected> live_source() {
    struct stat status{};
    stat(live_.c_str(), &status);
    return {{"source uploads",
             {{fs::canonical(live_).string()}, {{status.st_dev, status.st_ino}}},
             false}};
  }
};

TEST_F(TargetsTest, TheLiveSourceIsRefusedByWhateverName) {
  fs::create_directory_symlink(live_, scratch_.path() / "alias");
  for (const auto& place : {live_, live_ / "sub" / "new", scratch_.path(),
                            scratch_.path() / "alias", scratch_.path() / "alias" / "x"}) {
    auto plan = plan_to(place);
    const auto checked = check_targets(plan, live_source(), test_.context);
    ASSERT_FALSE(checked) << place;
    EXPECT_EQ(checked.error().code(), Code::refused) << place;
  }
}

TEST_F(TargetsTest, AFreshPlaceBesideItIsFine) {
  auto plan = plan_to(scratch_.path() / "fresh");
  EXPECT_TRUE(check_targets(plan, live_source(), test_.context));
  EXPECT_TRUE(plan.occupied.empty());
}

TEST_F(TargetsTest, AnOccupiedPlaceNeedsOverwrite) {
  const auto place = scratch_.path() / "old";
  ASSERT_TRUE(make_directories(place));
  ASSERT_TRUE(write_file(place / "file", view_of("x")));
  auto plan = plan_to(place);
  EXPECT_EQ(check_targets(plan, {}, test_.context).error().code(), Code::refused);
  auto forced = plan_to(place);
  forced.overwrite = true;
  ASSERT_TRUE(check_targets(forced, {}, test_.context));
  EXPECT_EQ(forced.occupied.size(), 1U);
}

TEST_F(TargetsTest, ATableTakenOutAloneReplacesNothing) {
  const auto file = scratch_.path() / "orders.db";
  ASSERT_TRUE(write_file(file, view_of("x")));
  auto plan = plan_to(file);
  plan.items = {{"db", "sqlite", file.string(), {"orders"}, 0, false}};
  plan.overwrite = true;
  EXPECT_EQ(check_targets(plan, {}, test_.context).error().code(), Code::refused);
  plan.items[0].objects.clear();
  EXPECT_TRUE(check_targets(plan, {}, test_.context)) << "a whole database does";
}

TEST_F(TargetsTest, AnInterruptedRestoreMayGoOn) {
  const auto place = scratch_.path() / "half";
  ASSERT_TRUE(make_directories(place));
  ASSERT_TRUE(write_file(place / kMarkerName, view_of("x")));
  auto plan = plan_to(place);
  ASSERT_TRUE(check_targets(plan, {}, test_.context));
  EXPECT_TRUE(plan.items[0].resumes);
}

// Of several sources one may be whole already: the note in their directory says that it is not the
// end.
TEST_F(TargetsTest, AnInterruptedRestoreOfSeveralSourcesMayGoOn) {
  const auto folder = scratch_.path() / "both";
  auto plan = plan_to(folder / "uploads");
  plan.items.push_back({"db", "sqlite", (folder / "db.db").string(), {}, 0, false});
  plan.directory = folder.string();
  write_note(plan, test_.context);
  ASSERT_TRUE(write_file(folder / "db.db", view_of("x")));
  ASSERT_TRUE(check_targets(plan, {}, test_.context));
  EXPECT_TRUE(plan.items[1].resumes);
  EXPECT_TRUE(plan.occupied.empty());
  ASSERT_TRUE(remove_note(plan));
  EXPECT_EQ(check_targets(plan, {}, test_.context).error().code(), Code::refused);
}

class KeptLog final : public Log {
 public:
  void write(LogLevel level, std::string_view message) override {
    if (level == LogLevel::warning) warnings.emplace_back(message);
  }
  std::vector<std::string> warnings;
};

// A folder that a restore of some snapshot was filling when it was interrupted.
class UnfinishedTest : public TargetsTest {
 protected:
  void SetUp() override { ASSERT_TRUE(make_directories(place_)); }
  void mark(const std::string& text) {
    ASSERT_TRUE(write_file(place_ / kMarkerName, view_of(text)));
  }
  Result<Plan> check(bool overwrite = false) {
    auto plan = plan_to(place_);
    plan.snapshot = snapshot_at(2);
    plan.overwrite = overwrite;
    const RunContext context{test_.stop.get_token(), test_.clock, test_.random, test_.progress,
                             log_};
    TRY(check_targets(plan, {}, context));
    return plan;
  }
  const fs::path place_ = scratch_.path() / "half";
  KeptLog log_;
};

TEST_F(UnfinishedTest, OfTheSameSnapshotGoesOn) {
  mark("Words.\nSnapshot: " + snapshot_at(2).id.hex() + "\n");
  const auto plan = check();
  ASSERT_TRUE(plan) << plan.error().describe();
  EXPECT_TRUE(plan->items[0].resumes);
  EXPECT_TRUE(log_.warnings.empty());
}

TEST_F(UnfinishedTest, OfAnotherSnapshotIsRefusedAndBothWaysOnAreNamed) {
  mark("Words.\nSnapshot: " + snapshot_at(1).id.hex() + "\n");
  const auto refused = check();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  const auto hint = std::string(refused.error().hint());
  EXPECT_NE(hint.find("--snapshot 01ab000000 to go on"), std::string::npos) << hint;
  EXPECT_NE(hint.find("--snapshot 02ab000000 --delete"), std::string::npos) << hint;
  const auto forced = check(true);
  ASSERT_TRUE(forced) << forced.error().describe();
  EXPECT_FALSE(forced->items[0].resumes) << "it is changed like any other folder";
  EXPECT_EQ(forced->occupied.size(), 1U);
}

TEST_F(UnfinishedTest, OfAnUnknownSnapshotGoesOnAndIsWarnedOf) {
  for (const auto* text : {"x", "", "Words.\nSnapshot: \033[2J\n", "Snapshot: "}) {
    mark(text);
    log_.warnings.clear();
    const auto plan = check();
    ASSERT_TRUE(plan) << plan.error().describe();
    EXPECT_TRUE(plan->items[0].resumes);
    EXPECT_EQ(log_.warnings.size(), 1U) << text;
  }
}

TEST_F(UnfinishedTest, OfSeveralSourcesAndAnotherSnapshotIsRefusedToo) {
  auto plan = plan_to(scratch_.path() / "both" / "uploads");
  plan.items.push_back({"db", "sqlite", (scratch_.path() / "both/db.db").string(), {}, 0, false});
  plan.directory = (scratch_.path() / "both").string();
  plan.snapshot = snapshot_at(1);
  write_note(plan, test_.context);
  ASSERT_TRUE(write_file(plan.items[1].place, view_of("x")));
  EXPECT_TRUE(check_targets(plan, {}, test_.context));
  plan.snapshot = snapshot_at(2);
  EXPECT_EQ(check_targets(plan, {}, test_.context).error().code(), Code::refused);
}

// A folder that is cleared of what the snapshot does not have, with a database in it.
class ClearedTest : public TargetsTest {
 protected:
  void SetUp() override { ASSERT_TRUE(write_file(database_, view_of("x"))); }
  Plan plan(const std::vector<std::string>& kept) {
    auto plan = plan_to(scratch_.path());
    plan.items[0].kept = kept;
    plan.overwrite = plan.delete_strangers = true;
    return plan;
  }
  Result<void> check_live(const std::vector<std::string>& kept) {
    auto cleared = plan(kept);
    return check_targets(cleared, {{"source shop/db", {{database_.string()}, {}}}}, test_.context);
  }
  Result<void> check_restored(const std::vector<std::string>& kept, bool deletes = true) {
    auto cleared = plan(kept);
    cleared.delete_strangers = deletes;
    cleared.items.push_back({"db", "sqlite", database_.string(), {}, 0, false});
    return check_targets(cleared, {}, test_.context);
  }
  const fs::path database_ = scratch_.path() / "shop.db";
};

TEST_F(ClearedTest, MustNotHoldALiveSourceThatIsNotKept) {
  const auto refused = check_live({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_NE(refused.error().message().find("live source shop/db"), std::string::npos);
  EXPECT_TRUE(check_live({"/shop.db*"}));
  EXPECT_TRUE(check_live({"/*", "!/.env"}));
  EXPECT_FALSE(check_live({"/*", "!/shop.db"}));
}

TEST_F(ClearedTest, MustNotHoldWhatTheSameRunRestores) {
  const auto refused = check_restored({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_NE(refused.error().message().find("restored of db"), std::string::npos);
  EXPECT_TRUE(check_restored({"/shop.db*"}));
  EXPECT_TRUE(check_restored({}, false)) << "nothing is deleted";
}

TEST_F(ClearedTest, MayBeALiveSourceItself) {
  auto cleared = plan({});
  EXPECT_TRUE(check_targets(cleared, {{"source shop/uploads", {{scratch_.path().string()}, {}}}},
                            test_.context));
}

TEST_F(TargetsTest, ANoteThatCannotBeWrittenIsWarnedOf) {
  KeptLog log;
  const RunContext context{test_.stop.get_token(), test_.clock, test_.random, test_.progress, log};
  ASSERT_TRUE(write_file(scratch_.path() / "file", view_of("x")));
  auto plan = plan_to(scratch_.path() / "both" / "uploads");
  plan.directory = (scratch_.path() / "both").string();
  write_note(plan, context);
  EXPECT_TRUE(log.warnings.empty());
  plan.directory = (scratch_.path() / "file" / "both").string();
  write_note(plan, context);
  EXPECT_EQ(log.warnings.size(), 1U);
}

TEST_F(TargetsTest, ANoteAllowsNothingThatItDoesNotName) {
  const auto folder = scratch_.path() / "both";
  auto plan = plan_to(folder / "uploads");
  plan.directory = folder.string();
  write_note(plan, test_.context);
  ASSERT_TRUE(write_file(folder / "mine.db", view_of("x")));
  plan.items.push_back({"mine", "sqlite", (folder / "mine.db").string(), {}, 0, false});
  EXPECT_EQ(check_targets(plan, {}, test_.context).error().code(), Code::refused);
  plan.items.back() = {"uploads", "files", (folder / "mine.db").string(), {"2026"}, 0, false};
  EXPECT_EQ(check_targets(plan, {}, test_.context).error().code(), Code::refused);
}

TEST_F(TargetsTest, ANoteThatIsALinkOrNoNoteSaysNothing) {
  const auto folder = scratch_.path() / "both";
  ASSERT_TRUE(make_directories(folder));
  const auto elsewhere = scratch_.path() / "elsewhere";
  ASSERT_TRUE(write_file(elsewhere, view_of(R"({"names":["db.db"]})")));
  fs::create_symlink(elsewhere, folder / kNoteName);
  EXPECT_TRUE(read_note(folder.string()).places.empty());
  fs::remove(folder / kNoteName);
  for (const char* text : {"", "{", "[]", R"({"names":1})", R"({"names":[1]})"}) {
    ASSERT_TRUE(write_file(folder / kNoteName, view_of(text)));
    EXPECT_TRUE(read_note(folder.string()).places.empty()) << text;
  }
  ASSERT_TRUE(write_file(folder / kNoteName, view_of(R"({"names":["db.db"]})")));
  EXPECT_EQ(read_note(folder.string()).places.size(), 1U);
}

TEST_F(TargetsTest, TheRepositoryIsNeverATarget) {
  auto guarded = live_source();
  guarded[0].never = true;
  auto plan = plan_to(live_);
  plan.overwrite = true;
  EXPECT_EQ(check_targets(plan, guarded, test_.context).error().code(), Code::refused);
}

class CopiesTest : public TargetsTest {
 protected:
  const repository::RepositoryId id_{{1}};
  const fs::path copy_ = scratch_.path() / "copies" / "monday";

  void SetUp() override { put_config(id_); }
  void put_config(const repository::RepositoryId& id) {
    const auto config = repository::make_config(id, Time{});
    ASSERT_TRUE(make_directories(copy_));
    ASSERT_TRUE(write_file(copy_ / "config", config));
  }
  // To the place, where a repository of that id lies elsewhere and is guarded.
  Result<void> check(const fs::path& place, bool delete_strangers = false) {
    auto plan = plan_to(place);
    plan.overwrite = true;
    plan.delete_strangers = delete_strangers;
    return check_targets(plan, {{"repository local", {{"/elsewhere"}, {}}, true, id_}},
                         test_.context);
  }
};

TEST_F(CopiesTest, ACopyOfTheRepositoryIsNeverATargetWhereverItLies) {
  for (const auto& place : {copy_, copy_ / "packs" / "new", copy_.parent_path()}) {
    const auto checked = check(place);
    ASSERT_FALSE(checked) << place;
    EXPECT_EQ(checked.error().code(), Code::refused) << place;
    EXPECT_NE(checked.error().message().find(copy_.string() + ", a copy of repository local"),
              std::string::npos)
        << checked.error().message();
  }
  EXPECT_TRUE(check(copy_.parent_path() / "tuesday"));
}

TEST_F(CopiesTest, WhatIsDeletedMayHoldNoneAtAnyDepth) {
  EXPECT_TRUE(check(scratch_.path()));
  EXPECT_FALSE(check(scratch_.path(), true));
}

// Folders so deep that no path reaches them.
void make_deep(const fs::path& top) {
  const std::string name(200, 'd');
  auto at = *open_file(top, O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 25; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0700), 0);
    at = FileDescriptor(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_GE(at.get(), 0);
  }
}

TEST_F(CopiesTest, WhereNobodyCanLookNothingIsDeleted) {
  const auto place = scratch_.path() / "old";
  ASSERT_TRUE(make_directories(place / "sub"));
  EXPECT_TRUE(check(place, true));
  make_deep(place / "sub");
  EXPECT_TRUE(check(place)) << "nothing there is deleted";
  const auto checked = check(place, true);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Code::refused);
  EXPECT_NE(checked.error().message().find("nobody can tell"), std::string::npos);
}

TEST_F(CopiesTest, TheSearchEndsWhenSomebodyAsksForIt) {
  test_.stop.request_stop();
  const auto checked = check(scratch_.path() / "new", true);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Code::interrupted);
}

TEST_F(CopiesTest, AnotherRepositoryAndWhatIsNoneMayBeReplaced) {
  put_config({{2}});
  EXPECT_TRUE(check(copy_, true));
  for (const auto* text : {"", "[core]\n\tbare = false\n", "{\"magic\":1}"}) {
    ASSERT_TRUE(write_file(copy_ / "config", view_of(text)));
    EXPECT_TRUE(check(copy_, true)) << text;
  }
  fs::remove(copy_ / "config");
  fs::create_directory(copy_ / "config");
  EXPECT_TRUE(check(copy_, true));
}

}  // namespace
}  // namespace lifeboat::restore
