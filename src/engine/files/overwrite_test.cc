#include "engine/files/target.h"
#include "engine/files/test_entries.h"

namespace lifeboat::engine::files {
namespace {

class Overwriting : public testing::Test {
 protected:
  Overwriting() { options_.overwrite = true; }
  Result<std::size_t> rebuild(std::vector<Carried> entries) {
    return folder_.rebuild(capture_of(std::move(entries)), options_);
  }
  TestFolder folder_;
  TargetOptions options_ = folder_.target();
};

TEST_F(Overwriting, ReplacesWhatDiffersAsAWholeAndTouchesNothingElse) {
  folder_.write("restored/a", "tint");
  folder_.write("restored/b", "text", 0600);
  folder_.write("restored/longer", "text and more");
  folder_.write("restored/theirs");
  const auto b = folder_.status("restored/b").st_ino;
  LIFEBOAT_OK(rebuild({file("a"), file("b"), file("longer")}));
  EXPECT_EQ(folder_.read("restored/a"), "text");
  EXPECT_EQ(folder_.read("restored/longer"), "text");
  EXPECT_EQ(folder_.status("restored/b").st_ino, b);
  EXPECT_EQ(folder_.mode("restored/b"), 0644U);
  EXPECT_TRUE(folder_.exists("restored/theirs"));
}

TEST_F(Overwriting, AnotherNameOfAnOldFileIsNotChangedWithIt) {
  folder_.write("restored/a", "text", 0600);
  fs::create_hard_link(folder_.at("restored/a"), folder_.at("elsewhere"));
  LIFEBOAT_OK(rebuild({file("a")}));
  EXPECT_EQ(folder_.mode("elsewhere"), 0600U);
  EXPECT_EQ(folder_.mode("restored/a"), 0644U);
  EXPECT_EQ(folder_.read("restored/a"), "text");
}

TEST_F(Overwriting, KindsChangeWhereNothingForeignIsLost) {
  folder_.make_folder("restored/file");
  folder_.write("restored/folder");
  folder_.link("x", "restored/link");
  folder_.make_folder("restored/now-link");
  folder_.write("restored/one");
  LIFEBOAT_OK(rebuild({file("file"), folder_entry("folder"), file("folder/in"), file("link"),
                       made(EntryKind::symlink, "now-link", "y"),
                       made(EntryKind::hardlink, "one", "file")}));
  EXPECT_EQ(folder_.read("restored/file"), "text");
  EXPECT_EQ(folder_.read("restored/folder/in"), "text");
  EXPECT_EQ(folder_.read("restored/link"), "text");
  EXPECT_TRUE(S_ISLNK(folder_.status("restored/now-link").st_mode));
  EXPECT_EQ(folder_.status("restored/one").st_ino, folder_.status("restored/file").st_ino);
}

// Its first name could not be read when the snapshot was made.
TEST_F(Overwriting, AHardLinkWithoutItsFirstNameIsNoNameOfWhatLiesThere) {
  folder_.write("restored/first", "today's");
  folder_.write("restored/second", "mine");
  const auto entries = capture_of({folder_entry(""), made(EntryKind::hardlink, "second", "first"),
                                   made(EntryKind::hardlink, "third", "first"), file("other")});
  for (const bool delete_strangers : {false, true}) {
    options_.delete_strangers = delete_strangers;
    const auto findings = rebuild_findings(folder_, entries, options_);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].code, "hardlink-not-restored");
    EXPECT_TRUE(findings[0].incomplete);
    EXPECT_EQ(folder_.read("restored/second"), "mine");
    EXPECT_FALSE(folder_.exists("restored/third"));
    EXPECT_EQ(folder_.exists("restored/first"), !delete_strangers);
  }
}

TEST_F(Overwriting, AHardLinkOfAFirstNameThatIsRestoredIsOne) {
  folder_.write("restored/first", "today's");
  folder_.write("restored/second", "mine");
  LIFEBOAT_OK(rebuild({file("first"), made(EntryKind::hardlink, "second", "first")}));
  EXPECT_EQ(folder_.read("restored/second"), "text");
  EXPECT_EQ(folder_.status("restored/second").st_ino, folder_.status("restored/first").st_ino);
}

TEST_F(Overwriting, AFolderWithForeignThingsDoesNotMakeWayForAFile) {
  folder_.write("restored/a/theirs");
  EXPECT_EQ(code_of(rebuild({file("a")})), Code::exists);
  EXPECT_TRUE(folder_.exists("restored/a/theirs"));
}

TEST_F(Overwriting, StrangersAreRemovedOnlyWhenAsked) {
  folder_.write("restored/d/theirs");
  folder_.write("restored/theirs/deep/file");
  folder_.link(folder_.at("restored"), "restored/theirs/link");
  LIFEBOAT_OK(rebuild({folder_entry(""), folder_entry("d"), file("d/a")}));
  EXPECT_TRUE(folder_.exists("restored/theirs/deep/file"));
  options_.delete_strangers = true;
  LIFEBOAT_OK(rebuild({folder_entry(""), folder_entry("d"), file("d/a")}));
  EXPECT_FALSE(folder_.exists("restored/theirs"));
  EXPECT_FALSE(folder_.exists("restored/d/theirs"));
  EXPECT_EQ(folder_.read("restored/d/a"), "text");
}

TEST_F(Overwriting, WhatTheSourceExcludesIsNoStranger) {
  const auto rebuild_beside = [&](std::vector<std::string> kept) {
    for (const auto* path : {"shop.db", "cache/a", "old/deep/a.log", "old/deep/b", "gone/deep/c"})
      folder_.write("restored/" + std::string(path));
    folder_.set_mode("restored/old", 0500);
    options_.kept = std::move(kept);
    const auto target = *open_files_target(options_);
    LIFEBOAT_OK(target->prepare(folder_.context()));
    for (const auto* path : {"", "d"}) LIFEBOAT_OK(target->create(folder_entry(path).info));
    const auto sink = *target->create(file("d/a").info);
    LIFEBOAT_OK(contract::fill(*sink, file("d/a").content));
    LIFEBOAT_OK(target->finish(folder_.context()));
  };
  options_.delete_strangers = true;
  rebuild_beside({"/shop.db*", "cache/", "*.log"});
  for (const auto* path : {"shop.db", "cache/a", "old/deep/a.log", "d/a"})
    EXPECT_TRUE(folder_.exists("restored/" + std::string(path))) << path;
  EXPECT_FALSE(folder_.exists("restored/old/deep/b"));
  EXPECT_FALSE(folder_.exists("restored/gone"));
  rebuild_beside({});
  for (const auto* path : {"shop.db", "cache", "old", "gone"})
    EXPECT_FALSE(folder_.exists("restored/" + std::string(path))) << path;
}

TEST_F(Overwriting, ARestoreOfAPartRemovesStrangersInThatPartOnly) {
  folder_.write("restored/d/e/theirs");
  folder_.write("restored/d/beside");
  folder_.write("restored/top");
  options_.delete_strangers = true;
  LIFEBOAT_OK(rebuild({folder_entry("d/e"), file("d/e/a")}));
  EXPECT_FALSE(folder_.exists("restored/d/e/theirs"));
  EXPECT_TRUE(folder_.exists("restored/d/beside"));
  EXPECT_TRUE(folder_.exists("restored/top"));
}

TEST_F(Overwriting, StrangersInShutFoldersGoToo) {
  const OrdinaryUser user(folder_.at());
  folder_.write("restored/theirs/shut/file");
  folder_.set_mode("restored/theirs/shut", 0);
  folder_.set_mode("restored/theirs", 0555);
  options_.delete_strangers = true;
  LIFEBOAT_OK(rebuild({folder_entry("")}));
  EXPECT_FALSE(folder_.exists("restored/theirs"));
}

}  // namespace
}  // namespace lifeboat::engine::files
