#include "engine/sqlite/extract.h"

#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;

class SqliteExtract : public testing::DatabaseTest {
 protected:
  fs::path target() const { return folder_.path() / "table.db"; }
  Result<void> extract(const std::string& table) {
    return sqlite_engine().extract_object(live(), table, target());
  }
};

TEST_F(SqliteExtract, MakesADatabaseOfOneTableWithItsIndexesAndTriggers) {
  make(
      "PRAGMA page_size=1024; PRAGMA encoding='UTF-16be'; PRAGMA user_version=5;"
      "CREATE TABLE other(x);"
      "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE, b INT AS (id * 2) "
      "STORED,"
      "               c CHECK (c > 0));"
      "CREATE INDEX i ON t(c); CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO other "
      "VALUES(1); END;"
      "INSERT INTO t(id, a, c) VALUES(3, 'ä', 1), (9, NULL, 2.5); DELETE FROM t WHERE id = 9;"
      "PRAGMA ignore_check_constraints=ON; INSERT INTO t(id, a, c) VALUES(4, 'x', -1)");
  LIFEBOAT_OK(extract("t"));
  const auto whole = facts_now();
  const auto part = facts_of(target()).value();
  EXPECT_EQ(part["tables"]["t"], whole["tables"]["t"]);
  EXPECT_EQ(part["tables"]["sqlite_sequence"], whole["tables"]["sqlite_sequence"]);
  for (const auto* object : {"index i", "trigger r", "table t"})
    EXPECT_EQ(part["objects"][object], whole["objects"][object]) << object;
  EXPECT_FALSE(part["objects"].contains("table other"));
  for (const auto* key : {"page_size", "encoding", "user_version"})
    EXPECT_EQ(part[key], whole[key]);
  EXPECT_TRUE(inspect(target())->integrity(false, context())->empty());
}

TEST_F(SqliteExtract, TakesATableWhoseConstraintsAskForJson) {
  make(
      "CREATE TABLE t(a TEXT CHECK (json_valid(a)), b AS (json_extract(a, '$.n')) STORED);"
      "CREATE INDEX i ON t(json_extract(a, '$.n')); INSERT INTO t(a) VALUES('{\"n\": 1}')");
  LIFEBOAT_OK(extract("t"));
  EXPECT_EQ(facts_of(target()).value()["tables"]["t"], facts_now()["tables"]["t"]);
}

TEST_F(SqliteExtract, KeepsRowidsAndTablesWithoutThem) {
  make(
      "CREATE TABLE \"od d\"(x); INSERT INTO \"od d\"(rowid, x) VALUES(7, 'a'), (-3, NULL);"
      "CREATE TABLE w(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES(x'01', 2)");
  const auto whole = facts_now();
  LIFEBOAT_OK(extract("od d"));
  EXPECT_EQ(facts_of(target()).value()["tables"]["od d"], whole["tables"]["od d"]);
  fs::remove(target());
  LIFEBOAT_OK(extract("w"));
  EXPECT_EQ(facts_of(target()).value()["tables"]["w"], whole["tables"]["w"]);
}

// SQLite keeps the name of a trigger's table as its author wrote it.
TEST_F(SqliteExtract, FindsTablesAndTheirTriggersInAnyCase) {
  make(
      "CREATE TABLE Items(x); CREATE INDEX i ON ITEMS(x); INSERT INTO items VALUES(1);"
      "CREATE TRIGGER r AFTER INSERT ON ITEMS BEGIN DELETE FROM items WHERE x < 0; END");
  LIFEBOAT_OK(extract("items"));
  EXPECT_EQ(facts_of(target()).value()["objects"], facts_now()["objects"]);
  EXPECT_EQ(facts_of(target()).value()["tables"], facts_now()["tables"]);
}

TEST_F(SqliteExtract, SaysThatAVirtualTableCannotBeTakenAlone) {
  make("CREATE VIRTUAL TABLE notes USING fts5(text); INSERT INTO notes VALUES('hello')");
  EXPECT_EQ(extract("notes").error().code(), Code::usage);
  LIFEBOAT_OK(extract("notes_content"));
}

TEST_F(SqliteExtract, NamesTheTablesWhenThereIsNoneSuch) {
  make("CREATE TABLE apples(x); CREATE TABLE pears(x); CREATE VIEW v AS SELECT 1");
  for (const auto* name : {"oranges", "v", "sqlite_schema", ""}) {
    const auto missing = extract(name);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), Code::not_found);
    EXPECT_EQ(missing.error().hint(), "Its tables are: apples, pears");
  }
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(SqliteExtract, RefusesATargetThatIsThere) {
  make("CREATE TABLE t(x)");
  LIFEBOAT_OK(write_file(target(), to_bytes("mine")));
  EXPECT_EQ(extract("t").error().code(), Code::exists);
  EXPECT_EQ(to_text(read_file(target()).value()), "mine");
}

// As after a change of the schema by hand: the column is an integer now, its rows hold text.
TEST_F(SqliteExtract, RefusesRowsThatWouldChangeOnTheWay) {
  make(
      "CREATE TABLE t(a TEXT); INSERT INTO t VALUES('007'); PRAGMA writable_schema=ON;"
      "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a INT)' WHERE name = 't'");
  EXPECT_EQ(extract("t").error().code(), Code::damage_found);
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(SqliteExtract, LeavesNothingBehindWhenItFails) {
  make("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1), (2)");
  // The schema says UNIQUE, the rows are not: the copy must not pretend to be the table.
  make(
      "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex%';"
      "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a)' WHERE name = 't'");
  make("UPDATE t SET a = 1");
  make(
      "CREATE UNIQUE INDEX u ON t(a) WHERE a > 1; PRAGMA writable_schema=ON;"
      "UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX u ON t(a)' WHERE name = 'u'");
  EXPECT_FALSE(extract("t"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
