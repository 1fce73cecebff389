#include "engine/files/engine.h"

#include "engine/files/examine.h"
#include "engine/files/metadata.h"
#include "engine/files/scraps.h"
#include "engine/files/test_folder.h"

namespace lifeboat::engine::files {
namespace {

std::string described(EntryKind kind, const Metadata& metadata) {
  EntryInfo info;
  info.path = "x";
  info.kind = kind;
  info.metadata = encode_metadata(metadata);
  return files_engine().describe(info).value_or("(refused)");
}

Metadata of_mode(std::uint32_t mode, const std::string& link = "") {
  Metadata metadata;
  metadata.mode = mode;
  metadata.user = "root";
  metadata.gid = 4711;
  metadata.link = link;
  return metadata;
}

TEST(FilesEngine, DescribesEntriesLikeLs) {
  EXPECT_EQ(described(EntryKind::file, of_mode(S_IFREG | 0644)), "-rw-r--r-- root 4711");
  EXPECT_EQ(described(EntryKind::file, of_mode(S_IFREG | 06750)), "-rwsr-s--- root 4711");
  EXPECT_EQ(described(EntryKind::file, of_mode(S_IFREG | 06000)), "---S--S--- root 4711");
  EXPECT_EQ(described(EntryKind::directory, of_mode(S_IFDIR | 01777)), "drwxrwxrwt root 4711");
  EXPECT_EQ(described(EntryKind::special, of_mode(S_IFIFO | 0600)), "prw------- root 4711");
  EXPECT_EQ(described(EntryKind::symlink, of_mode(S_IFLNK | 0777, "a b")),
            "lrwxrwxrwx root 4711 -> a b");
  EXPECT_EQ(described(EntryKind::hardlink, of_mode(S_IFREG | 0644, "d/a")),
            "-rw-r--r-- root 4711 = d/a");
}

TEST(FilesEngine, AnObjectIsAPathWithAllBelowIt) {
  const auto holds = [](const std::string& path, const std::string& object) {
    EntryInfo info;
    info.path = path;
    return files_engine().holds(info, object);
  };
  EXPECT_TRUE(holds("2024/a", "2024"));
  EXPECT_TRUE(holds("2024", "2024/"));
  EXPECT_TRUE(holds("2024/a/b", "2024/a"));
  EXPECT_FALSE(holds("2024-old", "2024"));
  EXPECT_FALSE(holds("", "2024"));
  EXPECT_FALSE(holds("2023/2024", "2024"));
  EXPECT_TRUE(holds("anything", ""));
}

TEST(FilesEngine, HasNoObjectsToCutOut) {
  EXPECT_EQ(files_engine().extract_object("a", "b", "c").error().code(), Code::usage);
}

TEST(FilesEngine, IdentityIsThatOfTheRealFolderWhateverItIsCalled) {
  TestFolder folder;
  folder.make_folder("real");
  folder.link("real", "live");
  const auto identity = *files_engine().identify(folder.source("live"));
  const auto status = folder.status("real");
  EXPECT_EQ(identity.paths, std::vector{fs::canonical(folder.at("real")).string()});
  ASSERT_EQ(identity.inodes.size(), 1U);
  EXPECT_EQ(identity.inodes[0],
            (std::pair<std::uint64_t, std::uint64_t>(status.st_dev, status.st_ino)));
}

using Level = Advice::Level;

std::vector<Advice> examined(TestFolder& folder, const std::vector<std::string>& exclude = {}) {
  auto options = folder.source();
  options.exclude = exclude;
  auto advice = files_engine().examine(options, folder.context());
  EXPECT_TRUE(advice) << advice.error().describe();
  return advice ? *advice : std::vector<Advice>();
}

std::size_t complaints(const std::vector<Advice>& advice) {
  return static_cast<std::size_t>(
      std::ranges::count_if(advice, [](const Advice& each) { return each.level != Level::ok; }));
}

TEST(FilesEngine, FindsNothingWrongWithAnOrdinaryFolder) {
  TestFolder folder;
  folder.write("live/a");
  folder.write("live/notes.db", std::string(1024, 'x'));
  const auto advice = examined(folder);
  EXPECT_EQ(complaints(advice), 0U);
  EXPECT_NE(advice.at(0).message.find("3 entries"), std::string::npos);
}

TEST(FilesEngine, NamesADatabaseInTheFolderUnlessItIsExcluded) {
  TestFolder folder;
  const std::string page = std::string("SQLite format 3\0", 16) + std::string(496, '\0');
  folder.write("live/d/app.sqlite", page);
  folder.write("live/d/app.sqlite-wal", "x");
  folder.write("live/PG_VERSION", "15");
  const auto advice = examined(folder);
  ASSERT_EQ(complaints(advice), 2U);
  EXPECT_NE(advice[0].message.find("running database"), std::string::npos);
  EXPECT_NE(advice[1].message.find("d/app.sqlite is a SQLite database that is in use"),
            std::string::npos);
  EXPECT_NE(advice[1].hint.find("type: sqlite"), std::string::npos);
  EXPECT_EQ(complaints(examined(folder, {"/d/app.sqlite*", "PG_VERSION"})), 0U);
}

TEST(FilesEngine, SaysThatItDidNotLookAtEverything) {
  TestFolder folder;
  for (const auto* const name : {"a", "b", "c"}) folder.write(std::string("live/") + name);
  const auto all = examine_folder(folder.source(), folder.context(), 5);
  EXPECT_NE(all->back().message.find("4 entries"), std::string::npos);
  const auto some = examine_folder(folder.source(), folder.context(), 2);
  EXPECT_NE(some->back().message.find("only the first 2"), std::string::npos);
}

TEST(FilesEngine, SaysWhatCannotBeRead) {
  TestFolder folder;
  const OrdinaryUser user(folder.at());
  folder.write("live/shut/a");
  folder.write("live/b", "x", 0);
  folder.set_mode("live/shut", 0);
  const auto advice = examined(folder);
  folder.set_mode("live/shut", 0755);
  ASSERT_EQ(complaints(advice), 2U);
  EXPECT_EQ(advice[0].level, Level::error);
  EXPECT_EQ(advice[0].message.substr(0, 2), "b:");
  EXPECT_EQ(advice[1].message.substr(0, 5), "shut:");
}

TEST(FilesEngine, SaysThatTheFolderIsMissingOrHalfRestored) {
  TestFolder folder;
  EXPECT_EQ(examined(folder).at(0).level, Level::error);
  folder.write("live/" + std::string(kMarkerName));
  EXPECT_EQ(complaints(examined(folder)), 1U);
  EXPECT_EQ(examined(folder, {"["}).at(0).level, Level::error);
}

TEST(Engines, AreFoundByTheirSchemeAndTheErrorNamesAllOfThem) {
  EXPECT_EQ((*find_engine("files"))->scheme(), "files");
  const auto error = find_engine("fles").error();
  EXPECT_EQ(error.code(), Code::config_invalid);
  for (const auto& scheme : engine_schemes())
    EXPECT_NE(error.message().find(scheme), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::engine::files
