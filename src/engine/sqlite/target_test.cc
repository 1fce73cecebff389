#include "engine/sqlite/target.h"

#include <sys/stat.h>

#include "engine/sqlite/metadata.h"
#include "engine/sqlite/sink.h"
#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;
using testing::OtherProgram;

class SqliteTarget : public testing::DatabaseTest {
 protected:
  void SetUp() override {
    make(many_rows("items", 500));
    captured_ = capture().value();
  }
  const contract::Carried& database() const { return captured_.entries[0]; }
  std::string partial() const { return restored().string() + std::string(kPartialSuffix); }
  Code code_of_rebuild(bool overwrite) { return rebuild(captured_, overwrite).error().code(); }

  contract::Capture captured_;
};

TEST_F(SqliteTarget, RestoresModeAndTimeAndLeavesNothingBeside) {
  fs::permissions(live(), fs::perms(0640));
  captured_ = capture().value();
  LIFEBOAT_OK(rebuild(captured_));
  struct stat before{};
  struct stat after{};
  ASSERT_EQ(::stat(live().c_str(), &before), 0);
  ASSERT_EQ(::stat(restored().c_str(), &after), 0);
  EXPECT_EQ(after.st_mode & 07777U, 0640U);
  EXPECT_EQ(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 2);
}

TEST_F(SqliteTarget, RefusesADatabaseOrAnyOfItsFilesThatIsThere) {
  for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) {
    const auto path = restored().string() + suffix;
    LIFEBOAT_OK(write_file(path, to_bytes("something")));
    EXPECT_EQ(code_of_rebuild(false), Code::refused) << suffix;
    EXPECT_EQ(to_text(read_file(path).value()), "something");
    fs::remove(path);
  }
  LIFEBOAT_OK(rebuild(captured_));
}

TEST_F(SqliteTarget, RefusesAFolderInItsPlaceEvenToOverwrite) {
  fs::create_directory(restored());
  EXPECT_EQ(code_of_rebuild(true), Code::refused);
}

TEST_F(SqliteTarget, NeverPairsTheNewDatabaseWithAnOldWal) {
  {
    Application old(restored());
    old.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE old(x)");
    old.die();
  }
  ASSERT_TRUE(fs::exists(restored().string() + "-wal"));
  LIFEBOAT_OK(rebuild(captured_, true));
  EXPECT_FALSE(fs::exists(restored().string() + "-wal"));
  EXPECT_FALSE(fs::exists(restored().string() + "-shm"));
  EXPECT_EQ(facts_of(restored()).value(), captured_.outcome.facts);
}

TEST_F(SqliteTarget, RefusesADatabaseThatAnotherProgramHasLocked) {
  LIFEBOAT_OK(rebuild(captured_));
  for (const auto* sql : {"BEGIN IMMEDIATE; DELETE FROM items", "BEGIN; SELECT * FROM items"}) {
    const OtherProgram other(restored(), sql);
    const auto refused = rebuild(captured_, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::refused);
    EXPECT_NE(refused.error().message().find("in use"), std::string::npos);
  }
  EXPECT_EQ(facts_of(restored()).value(), captured_.outcome.facts);
}

TEST_F(SqliteTarget, RefusesADatabaseThatAnotherProgramHasOpenWithoutALock) {
  LIFEBOAT_OK(rebuild(captured_));
  {
    const OtherProgram other(restored(), "SELECT count(*) FROM items");
    EXPECT_EQ(code_of_rebuild(true), Code::refused);
  }
  LIFEBOAT_OK(rebuild(captured_, true));
}

TEST_F(SqliteTarget, KeepsAnInterruptedRestoreAndTakesItOver) {
  {
    const auto target = make_target(target_options());
    LIFEBOAT_OK(target->prepare(context()));
    const auto sink = target->create(database().info).value();
    LIFEBOAT_OK(sink->write(0, ByteView(database().content).first(4096)));
    EXPECT_EQ(target->finish(context()).error().code(), Code::incomplete);
  }
  EXPECT_FALSE(fs::exists(restored()));
  EXPECT_EQ(fs::status(partial()).permissions(), fs::perms(0600));
  const auto target = make_target(target_options());
  LIFEBOAT_OK(target->prepare(context()));
  const auto sink = target->create(database().info).value();
  Bytes present(4096);
  EXPECT_EQ(sink->existing(0, present).value(), 4096U);
  EXPECT_TRUE(std::ranges::equal(present, ByteView(database().content).first(4096)));
  LIFEBOAT_OK(contract::fill(*sink, database().content));
  const auto report = target->finish(context());
  LIFEBOAT_OK(report);
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].code, "restore-resumed");
  EXPECT_FALSE(fs::exists(partial()));
  EXPECT_EQ(facts_of(restored()).value(), captured_.outcome.facts);
}

TEST_F(SqliteTarget, BeginsWithTheDatabaseThatItReplacesAndWritesOnlyWhatDiffers) {
  fs::copy_file(live(), restored());
  Application(restored())
      .run("UPDATE items SET name = 'other' WHERE id = 100;" + many_rows("more", 500));
  const auto target = make_target(target_options(true));
  LIFEBOAT_OK(target->prepare(context()));
  const auto sink = target->create(database().info).value();
  std::size_t same = 0;
  std::size_t written = 0;
  for (std::size_t at = 0; at < database().content.size(); at += 4096) {
    const auto page = ByteView(database().content).subspan(at, 4096);
    Bytes present(page.size());
    LIFEBOAT_OK(sink->existing(at, present));
    if (std::ranges::equal(present, page)) ++same;
    const fs::file_time_type old{std::chrono::seconds(1)};
    fs::last_write_time(partial(), old);
    LIFEBOAT_OK(sink->write(at, page));
    if (fs::last_write_time(partial()) != old) ++written;
  }
  EXPECT_GE(written, 1U);
  EXPECT_LT(written, 6U);
  EXPECT_EQ(same + written, database().content.size() / 4096);
  LIFEBOAT_OK(sink->commit());
  EXPECT_EQ(read_file(restored()).value(), database().content);
}

TEST_F(SqliteTarget, LeavesTheOldDatabaseUntilTheNewOneIsWhole) {
  LIFEBOAT_OK(write_file(restored(), to_bytes("the old one")));
  const auto target = make_target(target_options(true));
  LIFEBOAT_OK(target->prepare(context()));
  const auto sink = target->create(database().info).value();
  LIFEBOAT_OK(sink->write(8192, ByteView(database().content).subspan(8192)));
  EXPECT_EQ(sink->commit().error().code(), Code::corrupt);
  EXPECT_EQ(to_text(read_file(restored()).value()), "the old one");
  LIFEBOAT_OK(sink->write(0, ByteView(database().content).first(8192)));
  LIFEBOAT_OK(sink->commit());
  EXPECT_EQ(read_file(restored()).value(), database().content);
}

TEST_F(SqliteTarget, AllowsOneRestoreAtATime) {
  const auto first = make_target(target_options());
  const auto second = make_target(target_options());
  LIFEBOAT_OK(first->prepare(context()));
  EXPECT_EQ(second->prepare(context()).error().code(), Code::busy);
}

TEST_F(SqliteTarget, TakesNoPartialFileThatSomebodyElseLaidThere) {
  const auto victim = folder_.path() / "victim";
  LIFEBOAT_OK(write_file(victim, to_bytes("precious")));
  fs::create_symlink(victim, partial());
  EXPECT_FALSE(rebuild(captured_));
  fs::remove(partial());
  fs::create_hard_link(victim, partial());
  EXPECT_EQ(code_of_rebuild(false), Code::refused);
  EXPECT_EQ(to_text(read_file(victim).value()), "precious");
}

TEST_F(SqliteTarget, RefusesEntriesThatCannotBeTheDatabase) {
  const auto code_of_create = [&](const EntryInfo& info) {
    const auto target = make_target(target_options());
    EXPECT_TRUE(target->prepare(context()));
    return target->create(info).error().code();
  };
  auto info = database().info;
  info.size += 1;
  EXPECT_EQ(code_of_create(info), Code::corrupt);
  info = database().info;
  info.kind = EntryKind::file;
  EXPECT_EQ(code_of_create(info), Code::corrupt);
  info = database().info;
  info.metadata[0] = 9;
  EXPECT_EQ(code_of_create(info), Code::unsupported_format);
  auto huge = decode_metadata(database().info.metadata).value();
  huge.page_count = 0xffffffff;
  info.metadata = encode_metadata(huge);
  info.size = huge.size();
  EXPECT_EQ(code_of_create(info), Code::no_space);
}

TEST_F(SqliteTarget, RefusesContentBeyondTheEndAndASecondDatabase) {
  const auto target = make_target(target_options());
  LIFEBOAT_OK(target->prepare(context()));
  const auto sink = target->create(database().info).value();
  EXPECT_EQ(sink->write(database().info.size - 1, Bytes(2)).error().code(), Code::corrupt);
  EXPECT_EQ(sink->write(~0ULL, Bytes(2)).error().code(), Code::corrupt);
  EXPECT_EQ(target->create(database().info).error().code(), Code::corrupt);
}

TEST_F(SqliteTarget, MakesTheFoldersAboveItAndFollowsALink) {
  auto options = target_options();
  options.place = folder_.path() / "new/folder/app.db";
  LIFEBOAT_OK(contract::rebuild(sqlite_engine(), captured_, options, context()));
  EXPECT_EQ(read_file(options.place).value(), database().content);
  fs::create_symlink(options.place, restored());
  LIFEBOAT_OK(rebuild(captured_, true));
  EXPECT_TRUE(fs::is_symlink(restored()));
}

TEST(SqliteMetadata, IsReadBackAndRefusedWhenItIsNotWhole) {
  Metadata metadata{0640, 1000, 100, "app", "users", -1, 512, 3};
  const auto bytes = encode_metadata(metadata);
  const auto back = decode_metadata(bytes);
  LIFEBOAT_OK(back);
  EXPECT_EQ(encode_metadata(*back), bytes);
  EXPECT_EQ(describe_metadata(*back), "-rw-r----- app users");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_metadata(ByteView(bytes).first(size)));
  metadata.page_size = 1000;
  EXPECT_FALSE(decode_metadata(encode_metadata(metadata)));
  metadata.page_size = 1024;
  metadata.user = "a\x1b[31m";
  EXPECT_FALSE(decode_metadata(encode_metadata(metadata)));
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
