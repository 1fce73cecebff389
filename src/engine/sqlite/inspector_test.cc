#include "engine/sqlite/inspector.h"

#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;
using testing::OtherProgram;

class SqliteInspector : public testing::DatabaseTest {
 protected:
  Result<std::vector<Row>> query(const std::string& sql, std::size_t limit = 10) {
    return inspect(live())->query(sql, limit, context());
  }
  // The first value of the first row.
  Json value(const std::string& sql) {
    const auto rows = query(sql);
    if (!rows) return "error: " + rows.error().describe();
    return rows->empty() ? Json("no row") : rows->at(0).at(0);
  }
  Code code_of(const std::string& sql) { return query(sql).error().code(); }
  std::vector<std::string> complaints(bool quick = false) {
    return inspect(live())->integrity(quick, context()).value();
  }
};

TEST_F(SqliteInspector, AnswersThroughAViewThatReadsJson) {
  make(
      "CREATE TABLE t(a TEXT); INSERT INTO t VALUES('{\"n\": 7}');"
      "CREATE VIEW v AS SELECT json_extract(a, '$.n') AS n FROM t WHERE json_valid(a)");
  const auto rows = query("SELECT n FROM v");
  ASSERT_TRUE(rows) << rows.error().describe();
  EXPECT_EQ((*rows)[0][0], 7);
}

TEST_F(SqliteInspector, SeesWhatAKilledProgramLeftInTheWal) {
  make("PRAGMA journal_mode=WAL; CREATE TABLE t(a)");
  Application killed(live());
  killed.run("PRAGMA wal_autocheckpoint=0; INSERT INTO t VALUES (7)");
  killed.die();
  ASSERT_TRUE(fs::exists(live().string() + "-wal"));
  EXPECT_EQ(value("SELECT a FROM t"), 7);
}

TEST_F(SqliteInspector, TakesBackWhatAKilledProgramDidNotCommit) {
  make("CREATE TABLE t(a)");
  {
    const OtherProgram killed(live());
    killed.run("BEGIN; INSERT INTO t VALUES (7)");
    killed.run("PRAGMA cache_spill = 1; PRAGMA cache_size = 1");
    killed.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
        "INSERT INTO t SELECT randomblob(500) FROM n");
  }
  ASSERT_TRUE(fs::exists(live().string() + "-journal"));
  EXPECT_EQ(value("SELECT count(*) FROM t"), 0);
  EXPECT_TRUE(complaints().empty());
}

TEST_F(SqliteInspector, GivesValuesOfEveryType) {
  make("CREATE TABLE t(a, b, c, d, e); INSERT INTO t VALUES(-1, 2.5, 'té', x'00ff', NULL)");
  const auto rows = query("SELECT a, b, c, d, e, 9e999, count(*) FROM t");
  LIFEBOAT_OK(rows);
  EXPECT_EQ(Json(rows->at(0)), Json({-1, 2.5, "té", {{"blob", "00ff"}}, nullptr, "Infinity", 1}));
}

TEST_F(SqliteInspector, GivesAtMostAsManyRowsAsAsked) {
  make(many_rows("items", 100));
  EXPECT_EQ(query("SELECT id FROM items", 7)->size(), 7U);
  EXPECT_EQ(query("SELECT id FROM items WHERE id < 4", 7)->size(), 3U);
}

TEST_F(SqliteInspector, AnswersQueriesOverViewsAndJson) {
  make(many_rows("items", 100) + "CREATE VIEW few AS SELECT * FROM items WHERE id < 4");
  EXPECT_EQ(value("SELECT count(*) FROM few; -- done"), 3);
  EXPECT_EQ(value("SELECT count(*) FROM json_each('[1, 2]')"), 2);
}

TEST_F(SqliteInspector, RunsNothingButOneSelect) {
  make("CREATE TABLE t(x)");
  const auto before = read_file(live()).value();
  for (const auto* sql :
       {"", "-- nothing", "DELETE FROM t", "INSERT INTO t VALUES(1)", "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE t", "ATTACH '/etc/passwd' AS p", "PRAGMA user_version=1",
        "PRAGMA table_info(t)", "SELECT * FROM pragma_table_info('t')", "CREATE TABLE u(x)",
        "BEGIN", "VACUUM INTO '/tmp/x'", "SELECT load_extension('x')", "SELECT * FROM nothing",
        "SELECT 'a \"b"})
    EXPECT_EQ(code_of(sql), Code::usage) << sql;
  EXPECT_EQ(read_file(live()).value(), before);
}

TEST_F(SqliteInspector, EndsAQueryThatTakesTooLong) {
  make("CREATE TABLE t(x)");
  // A clock that runs: every look at it is a minute later.
  class Hasty final : public Clock {
   public:
    Time now() const override { return Time(steady()); }
    Duration steady() const override { return time_ += std::chrono::minutes(1); }
    void sleep(Duration) const override {}
    mutable Duration time_{0};
  } clock;
  const RunContext hasty{test_.stop.get_token(), clock, test_.random, test_.progress, test_.log};
  const auto* endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
      "SELECT count(*) FROM n";
  EXPECT_EQ(inspect(live())->query(endless, 1, hasty).error().code(), Code::timed_out);
  test_.stop.request_stop();
  EXPECT_EQ(code_of(endless), Code::interrupted);
}

TEST_F(SqliteInspector, RefusesValuesThatWouldFillTheMemory) {
  make("CREATE TABLE t(x)");
  EXPECT_FALSE(query("SELECT zeroblob(100000000)"));
}

TEST_F(SqliteInspector, HasNoFiles) {
  make("CREATE TABLE t(x)");
  const auto inspector = inspect(live());
  EXPECT_EQ(inspector->open_file("x").error().code(), Code::usage);
  const auto visit = [](const std::string&, std::uint64_t) -> Result<void> { return {}; };
  EXPECT_EQ(inspector->list_files(visit, context()).error().code(), Code::usage);
}

TEST_F(SqliteInspector, DoesNotTouchWhatItLooksAt) {
  make("PRAGMA journal_mode=WAL;" + many_rows("items", 100));
  EXPECT_TRUE(complaints().empty());
  EXPECT_EQ(value("SELECT count(*) FROM items"), 100);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(SqliteInspector, FindsASoundDatabaseSound) {
  make(
      "PRAGMA foreign_keys=ON; CREATE TABLE a(id INTEGER PRIMARY KEY);"
      "CREATE TABLE b(a INT REFERENCES a(id)); INSERT INTO a VALUES(1); INSERT INTO b VALUES(1);");
  EXPECT_TRUE(complaints(false).empty());
  EXPECT_TRUE(complaints(true).empty());
}

TEST_F(SqliteInspector, ComplainsOfARowThatRefersToNothing) {
  make(
      "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(a INT REFERENCES a(id));"
      "INSERT INTO b VALUES(5);");
  const auto found = complaints();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("table b"), std::string::npos) << found[0];
}

TEST_F(SqliteInspector, ComplainsOfAFileThatIsCutShortOrTooLong) {
  make(many_rows("items", 1000));
  const auto whole = read_file(live()).value();
  LIFEBOAT_OK(write_file(live(), ByteView(whole).first(whole.size() / 2)));
  EXPECT_FALSE(complaints().empty());
  auto longer = whole;
  append(longer, Bytes(4096, 0));
  LIFEBOAT_OK(write_file(live(), longer));
  EXPECT_FALSE(complaints().empty());
}

TEST_F(SqliteInspector, ComplainsOfAnIndexThatDisagreesWithItsTable) {
  make("CREATE TABLE t(a TEXT); CREATE INDEX i ON t(a); INSERT INTO t VALUES('needle')");
  auto bytes = read_file(live()).value();
  const auto text = to_text(bytes);
  const auto at = text.rfind("needle");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'N';
  LIFEBOAT_OK(write_file(live(), bytes));
  EXPECT_FALSE(complaints(false).empty());
}

TEST_F(SqliteInspector, RefusesWhatIsNoDatabase) {
  EXPECT_EQ(sqlite_engine().open_inspector(live()).error().code(), Code::not_found);
  LIFEBOAT_OK(write_file(live(), Bytes{}));
  EXPECT_EQ(sqlite_engine().open_inspector(live()).error().code(), Code::corrupt);
  LIFEBOAT_OK(write_file(live(), Bytes(5000, 7)));
  EXPECT_EQ(sqlite_engine().open_inspector(live()).error().code(), Code::corrupt);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
