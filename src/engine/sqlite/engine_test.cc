#include "engine/sqlite/engine.h"

#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::contract {
namespace {

struct SqliteSubject {
  const Engine& engine() { return sqlite::sqlite_engine(); }
  SourceOptions make_source(const fs::path& folder) {
    SourceOptions options;
    options.name = "db";
    options.type = "sqlite";
    options.path = folder / "app.db";
    sqlite::testing::Application(options.path)
        .run(sqlite::testing::many_rows("items", 200) + "CREATE INDEX by_name ON items(name);");
    return options;
  }
  TargetOptions target(const fs::path& folder) {
    TargetOptions options;
    options.name = "db";
    options.type = "sqlite";
    options.place = folder / "restored/app.db";
    return options;
  }
  SourceOptions absent(SourceOptions options) {
    options.path += "-absent";
    return options;
  }
  void change(const std::string& place) {
    sqlite::testing::Application(place).run("UPDATE items SET name = 'other' WHERE id = 77");
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, EngineContract, SqliteSubject);

}  // namespace
}  // namespace lifeboat::engine::contract

namespace lifeboat::engine::sqlite {
namespace {

using SqliteEngine = testing::DatabaseTest;

TEST_F(SqliteEngine, SaysWhatAnEntryIsInOneLine) {
  make("CREATE TABLE t(x)");
  fs::permissions(live(), fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto line = sqlite_engine().describe(captured->entries[0].info);
  LIFEBOAT_OK(line);
  EXPECT_TRUE(line->starts_with("-rw-r----- ")) << *line;
}

TEST_F(SqliteEngine, HoldsEveryObjectInItsOneDatabase) {
  make("CREATE TABLE t(x)");
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_TRUE(sqlite_engine().holds(captured->entries[0].info, "t"));
  EXPECT_TRUE(sqlite_engine().traits().is_database);
  EXPECT_FALSE(sqlite_engine().traits().has_log);
}

TEST_F(SqliteEngine, IdentifiesALinkedDatabaseByItsRealFileAndItsWal) {
  testing::Application app(live());
  app.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
  fs::create_symlink(live(), folder_.path() / "link");
  auto options = source_options();
  options.path = folder_.path() / "link";
  const auto identity = sqlite_engine().identify(options);
  LIFEBOAT_OK(identity);
  const auto real = fs::canonical(live()).string();
  EXPECT_EQ(identity->paths, (std::vector<std::string>{real, real + "-wal"}));
  EXPECT_EQ(identity->inodes.size(), 2U);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
