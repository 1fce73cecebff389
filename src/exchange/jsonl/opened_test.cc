#include "exchange/jsonl/opened.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/test_context.h"
#include "exchange/jsonl/test_tar.h"

namespace lifeboat::exchange::jsonl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OpenedArchives : public ::testing::Test {
 protected:
  fs::path write(const TarMaker& tar) {
    const auto file = scratch_.path() / "backup_1.tar";
    EXPECT_TRUE(write_file(file, view_of(tar.text())));
    return file;
  }
  Result<OpenedArchive> open(const fs::path& archive) {
    return open_archive(archive, {}, test_.context);
  }
  Result<OpenedArchive> open(const TarMaker& tar) { return open(write(tar)); }
  Code refusal_of(const TarMaker& tar) {
    const auto opened = open(tar);
    EXPECT_FALSE(opened);
    return opened ? Code::internal : opened.error().code();
  }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
};

TEST_F(OpenedArchives, HoldTheirFilesAtTheRoot) {
  const auto opened = open(TarMaker()
                               .file("orders.jsonl", "{}\n")
                               .file("collections_metadata.json", "{}")
                               .file("audit.jsonl", ""));
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_THAT(opened->stems, ElementsAre("audit", "orders"));
  EXPECT_TRUE(opened->has_metadata);
  EXPECT_EQ(opened->bytes, 3U);
  EXPECT_TRUE(opened->findings.empty());
}

TEST_F(OpenedArchives, HoldTheirFilesInAFolder) {
  const auto opened = open(TarMaker().folder("backup_1/").file("./backup_1/orders.jsonl", "{}\n"));
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_THAT(opened->stems, ElementsAre("orders"));
  EXPECT_EQ(to_text(*read_file(opened->folder / "orders.jsonl")), "{}\n");
  EXPECT_FALSE(opened->has_metadata);
}

TEST_F(OpenedArchives, NameWhatIsNotRead) {
  const auto opened = open(TarMaker().file("orders.jsonl", "").file("README", "x"));
  ASSERT_TRUE(opened);
  ASSERT_EQ(opened->findings.size(), 1U);
  EXPECT_EQ(opened->findings[0].subject, "README");
}

TEST_F(OpenedArchives, GoAwayUnlessAPlaceIsNamed) {
  const auto archive = write(TarMaker().file("orders.jsonl", ""));
  fs::path folder;
  {
    const auto opened = open(archive);
    ASSERT_TRUE(opened);
    folder = opened->folder;
    EXPECT_TRUE(fs::exists(folder));
  }
  EXPECT_FALSE(fs::exists(folder));
  const auto into = scratch_.path() / "kept";
  {
    ASSERT_TRUE(open_archive(archive, into, test_.context));
  }
  EXPECT_TRUE(fs::exists(into / "backup_1/orders.jsonl"));
  ASSERT_TRUE(open_archive(archive, into, test_.context));
  EXPECT_TRUE(fs::exists(into / "backup_1-2/orders.jsonl"));
}

TEST_F(OpenedArchives, MayBeTheFolderItself) {
  ASSERT_TRUE(write_file(scratch_.path() / "orders.jsonl", view_of("{}\n")));
  const auto opened = open(scratch_.path());
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_THAT(opened->stems, ElementsAre("orders"));
}

TEST_F(OpenedArchives, AreRefusedWhenNoCollectionIsInThem) {
  EXPECT_EQ(refusal_of(TarMaker().file("README", "x")), Code::damage_found);
  EXPECT_EQ(refusal_of(TarMaker()), Code::damage_found);
  EXPECT_EQ(refusal_of(TarMaker().file(".jsonl", "x")), Code::damage_found);
}

TEST_F(OpenedArchives, AreRefusedWhenTheyLeadElsewhere) {
  for (const auto* name : {"../orders.jsonl", "/tmp/orders.jsonl", "a/../../orders.jsonl"})
    EXPECT_EQ(refusal_of(TarMaker().file("a.jsonl", "").file(name, "{}")), Code::refused) << name;
}

TEST_F(OpenedArchives, AreRefusedWithLinksAndDevices) {
  const auto good = TarMaker().file("orders.jsonl", "{}\n");
  EXPECT_EQ(refusal_of(TarMaker(good).link("users.jsonl", "/etc/passwd")), Code::refused);
  EXPECT_EQ(refusal_of(TarMaker(good).link("sub", "/etc")), Code::refused);
  EXPECT_EQ(refusal_of(TarMaker(good).name("users.jsonl", "orders.jsonl")), Code::refused);
  EXPECT_EQ(refusal_of(TarMaker(good).device("null.jsonl")), Code::refused);
  EXPECT_EQ(refusal_of(TarMaker(good).link("sub", ".").file("sub/a.jsonl", "")), Code::refused);
}

TEST_F(OpenedArchives, AreRefusedWithNamesThatAreNotUtf8) {
  EXPECT_EQ(refusal_of(TarMaker().file("a\xff.jsonl", "")), Code::refused);
}

TEST_F(OpenedArchives, AreRefusedWithTwoFoldersOrTheSameFileTwice) {
  EXPECT_EQ(refusal_of(TarMaker().file("a/x.jsonl", "").file("b/y.jsonl", "")), Code::refused);
  EXPECT_EQ(refusal_of(TarMaker().file("x.jsonl", "").file("x.jsonl", "{}")), Code::refused);
}

TEST_F(OpenedArchives, AreRefusedWithTooManyFiles) {
  TarMaker tar;
  for (int i = 0; i < 100'001; ++i) tar.file(std::to_string(i) + ".jsonl", "");
  EXPECT_EQ(refusal_of(tar), Code::refused);
}

TEST_F(OpenedArchives, AreRefusedWhenTheyAreCutShortOrNoArchive) {
  const auto whole = TarMaker().file("orders.jsonl", std::string(3000, ' ')).text();
  const auto file = scratch_.path() / "cut.tar";
  for (const std::size_t size : {std::size_t{700}, std::size_t{2000}, whole.size() - 1024}) {
    ASSERT_TRUE(write_file(file, view_of(std::string_view(whole).substr(0, size))));
    EXPECT_EQ(open(file).error().code(), Code::corrupt) << size;
  }
  ASSERT_TRUE(write_file(file, view_of("{\"a\": 1}\n")));
  EXPECT_THAT(open(file).error().hint(), HasSubstr("Nothing was changed"));
  EXPECT_EQ(open(scratch_.path() / "missing").error().code(), Code::not_found);
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
