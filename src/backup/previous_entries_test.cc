#include "backup/previous_entries.h"

#include <gtest/gtest.h>

namespace lifeboat::backup {
namespace {

PreviousEntry entry(const std::string& path, std::size_t chunks = 1) {
  PreviousEntry made{path, "token of " + path, 10 * chunks, {}};
  for (std::size_t i = 0; i < chunks; ++i) {
    made.chunks.push_back({{}, 10});
    made.chunks.back().id.bytes.fill(static_cast<std::uint8_t>(path.size() + i));
  }
  return made;
}

class PreviousEntries : public testing::Test {
 protected:
  void write(const std::vector<PreviousEntry>& entries, const std::string& identity = "shop") {
    auto writer = PreviousWriter::create(file_, identity);
    ASSERT_TRUE(writer) << writer.error().describe();
    for (const auto& each : entries) ASSERT_TRUE(writer->add(each));
    ASSERT_TRUE(writer->commit());
  }
  // Which of the paths are found, in their order.
  std::vector<std::string> found(const std::vector<std::string>& paths) const {
    auto reader = PreviousReader::open(file_, "shop");
    std::vector<std::string> list;
    for (const auto& path : paths)
      if (const auto each = reader.find(path)) list.push_back(each->path);
    return list;
  }
  Bytes bytes() const { return *read_file(file_); }

  ScratchDirectory folder_ = *ScratchDirectory::make();
  const fs::path file_ = folder_.path() / "cache" / "list";
};

using Paths = std::vector<std::string>;

TEST_F(PreviousEntries, AreGivenBackAsTheyWereWritten) {
  write({entry("a", 3), entry("b", 0)});
  auto reader = PreviousReader::open(file_, "shop");
  const auto a = reader.find("a");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->change_token, "token of a");
  EXPECT_EQ(a->size, 30U);
  EXPECT_EQ(a->chunks, entry("a", 3).chunks);
  EXPECT_TRUE(reader.find("b")->chunks.empty());
}

TEST_F(PreviousEntries, AreFoundWhateverCameAndWentBesideThem) {
  write({entry("a"), entry("b"), entry("b/x"), entry("c")});
  EXPECT_EQ(found({"a", "b", "b/x", "c"}), (Paths{"a", "b", "b/x", "c"}));
  EXPECT_EQ(found({"aa", "b/x", "d"}), Paths{"b/x"});
  EXPECT_EQ(found({"a", "a", "c"}), (Paths{"a", "c"})) << "each once";
}

TEST_F(PreviousEntries, OfManyAreReadPieceByPiece) {
  std::vector<PreviousEntry> entries;
  Paths paths;
  for (int i = 1000; i < 1300; ++i) paths.push_back("file" + std::to_string(i));
  for (const auto& path : paths) entries.push_back(entry(path, 400));
  write(entries);
  ASSERT_GT(bytes().size(), 3U << 20U);
  EXPECT_EQ(found(paths), paths);
}

TEST_F(PreviousEntries, OfAnotherRepositoryOrServiceAreNotUsed) {
  write({entry("a")}, "another");
  EXPECT_TRUE(found({"a"}).empty());
  fs::remove(file_);
  EXPECT_TRUE(found({"a"}).empty());
}

// Each byte of the second record in turn: the first is still found, the second never with others'
// chunks, and what comes after it is read again.
TEST_F(PreviousEntries, EndAtTheFirstThatIsDamaged) {
  write({entry("a")});
  const auto first = bytes().size();
  write({entry("a"), entry("b")});
  const auto second = bytes().size();
  write({entry("a"), entry("b"), entry("c")});
  const auto whole = bytes();
  EXPECT_EQ(found({"a", "b", "c"}), (Paths{"a", "b", "c"}));
  for (auto at = first; at < second; ++at) {
    auto damaged = whole;
    damaged[at] ^= 4U;
    ASSERT_TRUE(write_file(file_, damaged));
    EXPECT_EQ(found({"a", "b", "c"}), Paths{"a"}) << at;
  }
  for (auto size = first; size < second; ++size) {
    ASSERT_TRUE(write_file(file_, ByteView(whole).first(size)));
    EXPECT_EQ(found({"a", "b", "c"}), Paths{"a"}) << size;
  }
}

TEST_F(PreviousEntries, StayAsTheyAreUntilTheNextAreWhole) {
  write({entry("a")});
  {
    auto abandoned = PreviousWriter::create(file_, "shop");
    ASSERT_TRUE(abandoned);
    ASSERT_TRUE(abandoned->add(entry("b")));
  }
  EXPECT_EQ(found({"a", "b"}), Paths{"a"});
  EXPECT_EQ(std::distance(fs::directory_iterator(file_.parent_path()), {}), 1) << "no scraps";
}

TEST(WalksBefore, IsTheOrderInWhichFoldersAreWalked) {
  const Paths order{"", "a", "a/b", "a/b/c", "a/c", "a b", "a-b", "ab", "b"};
  for (std::size_t i = 0; i < order.size(); ++i)
    for (std::size_t j = 0; j < order.size(); ++j)
      EXPECT_EQ(walks_before(order[i], order[j]), i < j) << order[i] << " and " << order[j];
}

}  // namespace
}  // namespace lifeboat::backup
