// Sources whose user may only read: what works without writing beside the database, and what is
// said when it cannot.
#include "engine/sqlite/source.h"
#include "engine/sqlite/test_database.h"
#include "engine/test_user.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;
using testing::OtherProgram;

class SqliteRights : public testing::DatabaseTest {
 protected:
  SqliteRights() { fs::create_directory(shut()); }
  ~SqliteRights() override { fs::permissions(shut(), fs::perms(0755)); }
  fs::path shut() const { return folder_.path() / "shut"; }
  std::string database(const char* suffix = "") const {
    return (shut() / "app.db").string() + suffix;
  }
  SourceOptions options() const {
    auto options = source_options();
    options.path = database();
    return options;
  }
  // Nothing in the folder may be written, nothing new made.
  void close_folder() {
    for (const auto& each : fs::directory_iterator(shut()))
      fs::permissions(each.path(), fs::perms(0444));
    fs::permissions(shut(), fs::perms(0555));
  }
  void open_folder() {
    fs::permissions(shut(), fs::perms(0755));
    for (const auto& each : fs::directory_iterator(shut()))
      fs::permissions(each.path(), fs::perms(0644));
  }
  Result<contract::Capture> capture_as_ordinary_user() {
    const OrdinaryUser user(folder_.path());
    return contract::capture(sqlite_engine(), options(), context());
  }
  std::vector<Advice> advice() {
    const OrdinaryUser user(folder_.path());
    return sqlite_engine().examine(options(), context()).value();
  }
  bool is_advised(Advice::Level level, const std::string& words) {
    return std::ranges::any_of(advice(), [&](const Advice& each) {
      return each.level == level && each.message.find(words) != std::string::npos;
    });
  }
};

TEST_F(SqliteRights, AWalDatabaseAtRestIsReadWithoutWritingBesideIt) {
  Application(database()).run("PRAGMA journal_mode=WAL;" + many_rows("items", 200));
  close_folder();
  const auto captured = capture_as_ordinary_user();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->entries[0].content, read_file(database()).value());
  EXPECT_EQ(captured->outcome.position["wal_beside"], false);
  EXPECT_EQ(std::distance(fs::directory_iterator(shut()), fs::directory_iterator()), 1);
  EXPECT_TRUE(is_advised(Advice::Level::warning, "read without locks"));
}

TEST_F(SqliteRights, AWalDatabaseThatIsWrittenWhileReadWithoutLocksIsNotTaken) {
  Application(database()).run("PRAGMA journal_mode=WAL;" + many_rows("items", 200));
  close_folder();
  const auto source = make_source(options());
  {
    const OrdinaryUser user(folder_.path());
    LIFEBOAT_OK(source->begin(context()));
  }
  open_folder();
  Application(database()).run("DELETE FROM items");
  EXPECT_EQ(source->finish(context()).error().code(), Code::source_changed);
}

TEST_F(SqliteRights, AWalDatabaseInUseIsReadThroughTheFilesOfItsApplication) {
  const OtherProgram app(database(), "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" +
                                         many_rows("items", 200));
  close_folder();
  const auto captured = capture_as_ordinary_user();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["tables"]["items"]["rows"], 200);
  EXPECT_EQ(captured->outcome.position["wal_beside"], true);
}

TEST_F(SqliteRights, ChangesInTheWalOfAKilledApplicationAreNotLeftOutSilently) {
  Application app(database());
  app.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" + many_rows("items", 200));
  app.die();
  fs::remove(database("-shm"));
  close_folder();
  const auto captured = capture_as_ordinary_user();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::source_unreadable) << captured.error().describe();
  EXPECT_NE(captured.error().hint().find("Start the application"), std::string_view::npos);
  EXPECT_TRUE(is_advised(Advice::Level::error, "app.db"));
  open_folder();
  LIFEBOAT_OK(contract::capture(sqlite_engine(), options(), context()));
}

TEST_F(SqliteRights, ChangesInTheWalOfAKilledApplicationAreReadWhereItsIndexIsThere) {
  Application app(database());
  app.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" + many_rows("items", 200));
  app.die();
  close_folder();
  const auto captured = capture_as_ordinary_user();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["tables"]["items"]["rows"], 200);
}

TEST_F(SqliteRights, ARollbackDatabaseNeedsNoRightsButReading) {
  Application(database()).run(many_rows("items", 200));
  close_folder();
  const auto captured = capture_as_ordinary_user();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["tables"]["items"]["rows"], 200);
}

TEST_F(SqliteRights, WhatMayNotBeReadIsSaid) {
  Application(database()).run("CREATE TABLE t(x)");
  fs::permissions(database(), fs::perms::none);
  const auto captured = capture_as_ordinary_user();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::source_unreadable);
  EXPECT_NE(captured.error().message().find("may not be read by this user"), std::string::npos);
  EXPECT_TRUE(is_advised(Advice::Level::error, "may not be read"));
  fs::permissions(database(), fs::perms(0644));
  LIFEBOAT_OK(capture_as_ordinary_user());
  fs::permissions(shut(), fs::perms::none);
  EXPECT_EQ(capture_as_ordinary_user().error().code(), Code::source_unreadable);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
