#include "engine/sqlite/source.h"

#include <sys/stat.h>

#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;

class SqliteSource : public testing::DatabaseTest {
 protected:
  // Captures, and expects the pages to be the file's own bytes and to carry the same facts when
  // restored.
  void expect_exact_copy() {
    const auto captured = capture();
    LIFEBOAT_OK(captured);
    ASSERT_EQ(captured->entries.size(), 1U);
    EXPECT_EQ(captured->entries[0].content, read_file(live()).value());
    expect_restorable(*captured);
  }
  void expect_restorable(const contract::Capture& captured) {
    LIFEBOAT_OK(rebuild(captured));
    const auto facts = facts_of(restored());
    LIFEBOAT_OK(facts);
    EXPECT_EQ(pretty_json(*facts), pretty_json(captured.outcome.facts));
    EXPECT_TRUE(inspect(restored())->integrity(false, context())->empty());
  }
};

TEST_F(SqliteSource, TakesADatabaseWhoseIndexesAndColumnsAskForJson) {
  make(
      "CREATE TABLE t(a TEXT CHECK (json_valid(a)), b AS (json_extract(a, '$.n')) STORED);"
      "CREATE INDEX i ON t(json_extract(a, '$.n')); INSERT INTO t(a) VALUES('{\"n\": 1}')");
  const auto captured = capture();
  ASSERT_TRUE(captured) << captured.error().describe();
  ASSERT_TRUE(rebuild(*captured));
  EXPECT_EQ(facts_of(restored()).value(), facts_now());
  EXPECT_TRUE(inspect(restored())->integrity(false, context())->empty());
}

TEST_F(SqliteSource, StreamsExactlyTheBytesOfADatabaseAtRest) {
  make(many_rows("items", 2000));
  expect_exact_copy();
}

TEST_F(SqliteSource, StreamsExactlyTheBytesOfAWalDatabaseAtRest) {
  make("PRAGMA journal_mode=WAL;" + many_rows("items", 2000));
  expect_exact_copy();
}

class SqlitePageSizes : public SqliteSource, public ::testing::WithParamInterface<int> {};

TEST_P(SqlitePageSizes, AreKeptWithAndWithoutWal) {
  const auto page_size = "PRAGMA page_size=" + std::to_string(GetParam()) + ";";
  make(page_size + many_rows("items", 3000) + "CREATE INDEX by_name ON items(name);");
  expect_exact_copy();
  Application(live()).run("PRAGMA journal_mode=WAL; DELETE FROM items WHERE id % 3 = 0");
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->entries[0].info.unit, static_cast<std::uint32_t>(GetParam()));
  EXPECT_EQ(captured->entries[0].content, read_file(live()).value());
}

INSTANTIATE_TEST_SUITE_P(All, SqlitePageSizes,
                         ::testing::Values(512, 1024, 2048, 4096, 8192, 16384, 32768, 65536));

TEST_F(SqliteSource, SeesWhatIsOnlyInTheWal) {
  Application app(live());
  app.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" + many_rows("items", 500));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["tables"]["items"]["rows"], 500);
  expect_restorable(*captured);
  // The page that the backup API would have changed: after a checkpoint the file holds the same.
  app.run("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_EQ(captured->entries[0].content, read_file(live()).value());
}

TEST_F(SqliteSource, SeesWhatAKilledApplicationLeftInTheWal) {
  Application app(live());
  app.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" + many_rows("items", 500));
  app.die();
  ASSERT_GT(fs::file_size(live().string() + "-wal"), 0U);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["tables"]["items"]["rows"], 500);
  expect_restorable(*captured);
}

TEST_F(SqliteSource, TakesAnEmptySchemaAndASchemaWithoutRows) {
  make("CREATE TABLE a(x); DROP TABLE a;");
  expect_exact_copy();
  fs::remove(restored());
  Application(live()).run("CREATE TABLE t(a, b UNIQUE); CREATE VIEW v AS SELECT a FROM t;");
  expect_exact_copy();
}

TEST_F(SqliteSource, TakesAutoVacuumAndFreePages) {
  make("PRAGMA auto_vacuum=INCREMENTAL;" + many_rows("items", 3000) +
       "DELETE FROM items WHERE id > 500; PRAGMA incremental_vacuum(5);");
  expect_exact_copy();
}

TEST_F(SqliteSource, TakesEveryKindOfTable) {
  make(
      "PRAGMA encoding='UTF-16le';"
      "CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES('ä', 1), ('b', "
      "x'00ff');"
      "CREATE TABLE g(a INT, b INT AS (a * 2) STORED, c INT AS (a * 3)); INSERT INTO g(a) "
      "VALUES(1), (2);"
      "CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, x); INSERT INTO auto(x) VALUES(1), "
      "(2);"
      "CREATE VIRTUAL TABLE notes USING fts5(text); INSERT INTO notes VALUES('hello world');"
      "CREATE TABLE \"od\"\"d 'näme\"(\"se lect\", \"\"); INSERT INTO \"od\"\"d 'näme\" VALUES(1, "
      "NULL);"
      "CREATE TABLE \"\"(x); INSERT INTO \"\" VALUES(0.0), (-0.0), (9e999), (-9e999), (1e-310);"
      "CREATE TABLE hides(rowid, _rowid_, oid); INSERT INTO hides VALUES(1, 2, 3);"
      "CREATE TABLE big(b); INSERT INTO big VALUES(randomblob(3000000)), (zeroblob(1500000));");
  expect_exact_copy();
  const auto facts = facts_now();
  EXPECT_EQ(facts["tables"]["w"]["rows"], 2);
  EXPECT_TRUE(facts["tables"]["w"]["without_rowid"]);
  EXPECT_EQ(facts["tables"]["g"]["columns"], Json({"a", "b"}));
  EXPECT_EQ(facts["tables"]["sqlite_sequence"]["rows"], 1);
  EXPECT_FALSE(facts["tables"].contains("notes"));
  EXPECT_TRUE(facts["tables"].contains("notes_content"));
  EXPECT_EQ(facts["tables"][""]["rows"], 5);
  EXPECT_EQ(facts["encoding"], "UTF-16le");
}

TEST_F(SqliteSource, GivesThePagesInPiecesOfAnySize) {
  make(many_rows("items", 300, 1000));
  const auto whole = read_file(live()).value();
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{777}, std::size_t{4096}, whole.size(), whole.size() + 1}) {
    const auto source = make_source(source_options());
    LIFEBOAT_OK(source->begin(context()));
    const auto entry = source->next(context()).value();
    const auto reader = entry->open().value();
    Bytes all;
    for (Bytes part(piece); const auto got = reader->read(part).value();)
      append(all, ByteView(part).first(got));
    EXPECT_EQ(all, whole) << piece;
  }
}

TEST_F(SqliteSource, FollowsALinkToTheDatabaseAndItsWal) {
  fs::create_directories(folder_.path() / "real");
  fs::create_symlink(folder_.path() / "real/app.sqlite", live());
  Application app(folder_.path() / "real/app.sqlite");
  app.run(
      "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x);"
      "INSERT INTO t VALUES(1)");
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->entries[0].info.path, "live.db");
  EXPECT_EQ(captured->outcome.facts["tables"]["t"]["rows"], 1);
}

TEST_F(SqliteSource, WritesNothingIntoTheDatabaseAndLeavesNothingBeside) {
  make("PRAGMA journal_mode=WAL;" + many_rows("items", 100));
  const auto before = read_file(live()).value();
  struct stat first{};
  struct stat second{};
  ASSERT_EQ(::stat(live().c_str(), &first), 0);
  LIFEBOAT_OK(capture());
  ASSERT_EQ(::stat(live().c_str(), &second), 0);
  EXPECT_EQ(read_file(live()).value(), before);
  EXPECT_EQ(first.st_mtim.tv_nsec, second.st_mtim.tv_nsec);
  LIFEBOAT_OK(sqlite_engine().examine(source_options(), context()));
  const auto alone = [&] {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()) == 1;
  };
  EXPECT_TRUE(alone());
  // Also when it is given up half-way.
  {
    const auto source = make_source(source_options());
    LIFEBOAT_OK(source->begin(context()));
    EXPECT_FALSE(alone());
  }
  EXPECT_TRUE(alone());
}

// It came while the database was read, and has changes in the -wal.
TEST_F(SqliteSource, LeavesTheWalOfAnApplicationThatCameMeanwhile) {
  make("PRAGMA journal_mode=WAL;" + many_rows("items", 100));
  const testing::OtherProgram app(live());
  const auto before = read_file(live()).value();
  const auto source = make_source(source_options());
  LIFEBOAT_OK(source->begin(context()));
  app.run("DELETE FROM items WHERE id > 50");
  EXPECT_EQ(source->finish(context())->facts["tables"]["items"]["rows"], 100);
  EXPECT_EQ(read_file(live()).value(), before);
  EXPECT_GT(fs::file_size(live().string() + "-wal"), 0U);
  EXPECT_EQ(capture()->outcome.facts["tables"]["items"]["rows"], 50);
}

// Both passes over a database that is larger than SQLite's cache: its pages and its rows.
TEST_F(SqliteSource, KeepsToItsReadLimit) {
  make("PRAGMA journal_mode=WAL;" + many_rows("items", 4000, 1000));
  auto options = source_options();
  options.read_limit = fs::file_size(live()) * 5;
  const auto source = make_source(options);
  const auto start = std::chrono::steady_clock::now();
  LIFEBOAT_OK(source->begin(context()));
  const auto entry = source->next(context()).value();
  LIFEBOAT_OK(contract::read_all(*entry->open().value()));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(190));
  LIFEBOAT_OK(source->finish(context()));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(350));
}

TEST_F(SqliteSource, StopsInTheMiddleOfThePages) {
  make(many_rows("items", 5000, 1000));
  const auto source = make_source(source_options());
  LIFEBOAT_OK(source->begin(context()));
  const auto reader = source->next(context()).value()->open().value();
  Bytes part(4096);
  LIFEBOAT_OK(reader->read(part));
  test_.stop.request_stop();
  part.resize(4U << 20U);
  EXPECT_EQ(reader->read(part).error().code(), Code::interrupted);
  EXPECT_EQ(source->finish(context()).error().code(), Code::interrupted);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
