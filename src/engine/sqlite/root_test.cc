// Full disks: small file systems that only root can mount.
#include <fcntl.h>
#include <sys/mount.h>

#include "engine/sqlite/source.h"
#include "engine/sqlite/target.h"
#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::many_rows;

class RootSqlite : public testing::DatabaseTest {
 protected:
  void SetUp() override {
    fs::create_directory(small());
    ASSERT_EQ(::mount("none", small().c_str(), "tmpfs", 0, "size=256k"), 0);
    make(many_rows("items", 1000, 1000) + "CREATE TABLE few AS SELECT * FROM items WHERE id < 9");
  }
  void TearDown() override { ::umount2(small().c_str(), MNT_DETACH); }
  fs::path small() const { return folder_.path() / "small"; }
};

TEST_F(RootSqlite, AFullDiskStopsARestoreAndLeavesWhatWasThere) {
  const auto captured = capture().value();
  auto options = target_options(true);
  options.place = small() / "app.db";
  LIFEBOAT_OK(write_file(options.place, to_bytes("the old one")));
  const auto target = make_target(options);
  LIFEBOAT_OK(target->prepare(context()));
  EXPECT_EQ(target->create(captured.entries[0].info).error().code(), Code::no_space);
  EXPECT_EQ(to_text(read_file(options.place).value()), "the old one");
}

// The disk had room when the restore began.
TEST_F(RootSqlite, ADiskThatFillsMeanwhileStopsARestoreToo) {
  make("DROP TABLE items; VACUUM; CREATE TABLE more AS SELECT * FROM few");
  const auto captured = capture().value();
  auto options = target_options(true);
  options.place = small() / "app.db";
  LIFEBOAT_OK(write_file(options.place, to_bytes("the old one")));
  const auto target = make_target(options);
  LIFEBOAT_OK(target->prepare(context()));
  const auto sink = target->create(captured.entries[0].info).value();
  const auto filler = open_file(small() / "filler", O_WRONLY | O_CREAT).value();
  EXPECT_FALSE(write_at(filler.get(), 0, Bytes(300U << 10U)));
  EXPECT_EQ(sink->write(0, captured.entries[0].content).error().code(), Code::no_space);
  EXPECT_EQ(target->finish(context()).error().code(), Code::incomplete);
  EXPECT_EQ(to_text(read_file(options.place).value()), "the old one");
}

TEST_F(RootSqlite, AFullDiskStopsATableThatIsTakenOut) {
  EXPECT_EQ(sqlite_engine().extract_object(live(), "items", small() / "t.db").error().code(),
            Code::no_space);
  EXPECT_TRUE(fs::is_empty(small()));
  LIFEBOAT_OK(sqlite_engine().extract_object(live(), "few", small() / "t.db"));
}

TEST_F(RootSqlite, AFullScratchFolderStopsABackupBeforeAnyWriterWaits) {
  ::setenv("TMPDIR", small().c_str(), 1);
  const auto begun = make_source(source_options())->begin(context());
  ::unsetenv("TMPDIR");
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code(), Code::no_space);
  EXPECT_TRUE(fs::is_empty(small()));
  testing::Application(live()).run("PRAGMA journal_mode=WAL");
  ::setenv("TMPDIR", small().c_str(), 1);
  const auto captured = capture();
  ::unsetenv("TMPDIR");
  LIFEBOAT_OK(captured);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
