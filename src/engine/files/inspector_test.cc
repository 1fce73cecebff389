#include "engine/files/inspector.h"

#include "engine/files/test_folder.h"

namespace lifeboat::engine::files {
namespace {

class Restored : public testing::Test {
 protected:
  Restored() {
    folder_.write("restored/d/a", "aaaa");
    folder_.write("restored/b", "b");
    folder_.link("d/a", "restored/link");
    folder_.make_folder("restored/empty");
    for (const auto* path : {"d/a", "b", "link", "empty", "d", ""}) settle(path);
    inspector_ = *folder_.engine().open_inspector(folder_.at("restored"));
  }
  void settle(const std::string& path) { folder_.set_time("restored/" + path, 1'000'000, 7); }

  TestFolder folder_;
  std::unique_ptr<Inspector> inspector_;
};

TEST_F(Restored, CountsWhatIsThere) {
  const auto facts = folder_.facts();
  EXPECT_EQ(facts["engine"], "files");
  EXPECT_EQ(facts["files"], 2);
  EXPECT_EQ(facts["directories"], 3);
  EXPECT_EQ(facts["symlinks"], 1);
  EXPECT_EQ(facts["bytes"], 5);
  EXPECT_EQ(facts["largest"], 4);
  EXPECT_EQ(facts["newest"], "1970-01-12T13:46:40Z");
  EXPECT_EQ(facts["root_mode"], "0755");
}

TEST_F(Restored, HasEqualFactsWhileNothingChanges) { EXPECT_EQ(folder_.facts(), folder_.facts()); }

// Each of these is a way in which a restore may be wrong while the counts are right.
TEST_F(Restored, TheTreeDigestShowsEveryPlantedChange) {
  const auto before = folder_.facts()["tree_digest"];
  const auto expect_change = [&](const char* what) {
    EXPECT_NE(folder_.facts()["tree_digest"], before) << what;
  };
  folder_.set_mode("restored/b", 0600);
  expect_change("mode");
  folder_.set_mode("restored/b", 0644);
  folder_.set_time("restored/b", 1'000'000, 8);
  expect_change("time");
  settle("b");
  folder_.set_time("restored/empty", 1);
  expect_change("time of a folder");
  settle("empty");
  fs::rename(folder_.at("restored/b"), folder_.at("restored/c"));
  settle("");
  expect_change("name");
  fs::rename(folder_.at("restored/c"), folder_.at("restored/b"));
  folder_.write("restored/b", "bb");
  settle("b");
  expect_change("size");
  folder_.write("restored/b", "x");
  settle("b");
  fs::remove(folder_.at("restored/link"));
  folder_.link("d/b", "restored/link");
  settle("link");
  settle("");
  expect_change("target of a link");
  fs::remove(folder_.at("restored/link"));
  folder_.link("d/a", "restored/link");
  settle("link");
  settle("");
  EXPECT_EQ(folder_.facts()["tree_digest"], before);
}

TEST_F(Restored, OpensFilesByTheirPath) {
  EXPECT_EQ(to_text(*contract::read_all(**inspector_->open_file("d/a"))), "aaaa");
  EXPECT_EQ(inspector_->open_file("d/none").error().code(), Code::not_found);
}

TEST_F(Restored, OpensNothingOutsideAndNothingThroughALink) {
  folder_.write("secret");
  folder_.link("..", "restored/up");
  for (const auto* path : {"", "/etc/passwd", "../secret", "d/../../secret", "up/secret", "a//b"})
    EXPECT_EQ(inspector_->open_file(path).error().code(), Code::refused) << path;
  EXPECT_EQ(inspector_->open_file("link").error().code(), Code::not_found);
}

TEST_F(Restored, ListsEveryFileWithItsSize) {
  fs::create_hard_link(folder_.at("restored/b"), folder_.at("restored/d/b"));
  std::vector<std::pair<std::string, std::uint64_t>> seen;
  const auto visit = [&](const std::string& path, std::uint64_t size) -> Result<void> {
    seen.emplace_back(path, size);
    return {};
  };
  ASSERT_TRUE(inspector_->list_files(visit, folder_.context()));
  const decltype(seen) expected{{"b", 1}, {"d/a", 4}, {"d/b", 1}};
  EXPECT_EQ(seen, expected);
  const auto stop = [](const std::string&, std::uint64_t) -> Result<void> {
    return fail(Code::interrupted, "enough");
  };
  EXPECT_EQ(inspector_->list_files(stop, folder_.context()).error().code(), Code::interrupted);
}

TEST_F(Restored, WhatItCannotLookAtIsAnErrorAndNoFacts) {
  const OrdinaryUser user(folder_.at());
  folder_.write("shut/d/a");
  folder_.set_mode("shut/d", 0);
  const auto facts = contract::facts_of(folder_.engine(), folder_.at("shut"), folder_.context());
  folder_.set_mode("shut/d", 0755);
  EXPECT_EQ(facts.error().code(), Code::source_unreadable);
}

TEST_F(Restored, HasNoQueryLanguageAndNoStructureToCheck) {
  EXPECT_EQ(inspector_->query("SELECT 1", 1, folder_.context()).error().code(), Code::usage);
  EXPECT_TRUE(inspector_->integrity(false, folder_.context())->empty());
}

TEST(FilesInspector, NeedsAFolder) {
  const auto opened = TestFolder::engine().open_inspector("/nowhere/at/all");
  EXPECT_EQ(opened.error().code(), Code::not_found);
}

}  // namespace
}  // namespace lifeboat::engine::files
