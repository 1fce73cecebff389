// What a source must not silently take for a good database, each with its error and its harmless
// twin.
#include <fstream>
#include <thread>

#include "engine/sqlite/database_file.h"
#include "engine/sqlite/source.h"
#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;

class SqliteBadSource : public testing::DatabaseTest {
 protected:
  std::string live_file(const char* suffix) const { return live().string() + suffix; }
  void expect_unreadable(const std::string& reason) {
    const auto captured = capture();
    ASSERT_FALSE(captured) << reason;
    EXPECT_EQ(captured.error().code(), Code::source_unreadable) << captured.error().describe();
    EXPECT_NE(captured.error().describe().find(reason), std::string::npos)
        << captured.error().describe();
    EXPECT_EQ(worst_advice(), Advice::Level::error);
  }
  Advice::Level worst_advice() {
    auto worst = Advice::Level::ok;
    const auto advices = sqlite_engine().examine(source_options(), context()).value();
    for (const auto& advice : advices) worst = std::max(worst, advice.level);
    return worst;
  }
  // A database in WAL mode with `rows` rows in its -wal, whose application was killed.
  void leave_wal(const std::string& sql) {
    Application app(live());
    app.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" + sql);
    app.die();
  }
};

TEST_F(SqliteBadSource, ThatIsNotThere) { expect_unreadable("there is no database"); }

TEST_F(SqliteBadSource, ThatIsEmpty) {
  LIFEBOAT_OK(write_file(live(), Bytes{}));
  expect_unreadable("is empty: 0 bytes");
}

TEST_F(SqliteBadSource, ThatAWriterIsJustMakingLongerIsNoBadOne) {
  make(many_rows("items", 500));
  const auto whole = read_file(live()).value();
  fs::resize_file(live(), whole.size() / 2);
  std::jthread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const auto rest = to_text(ByteView(whole).subspan(whole.size() / 2));
    std::ofstream(live(), std::ios::binary | std::ios::app) << rest;
  });
  LIFEBOAT_OK(look_at(live().string()));
}

TEST_F(SqliteBadSource, ThatIsAFolder) {
  fs::create_directory(live());
  expect_unreadable("not a regular file");
}

TEST_F(SqliteBadSource, ThatIsNoDatabase) {
  LIFEBOAT_OK(write_file(live(), to_bytes(std::string(9000, 'x'))));
  expect_unreadable("not a SQLite database");
  LIFEBOAT_OK(write_file(live(), to_bytes("SQLite format 3")));
  expect_unreadable("not a SQLite database");
}

TEST_F(SqliteBadSource, ThatIsCutShort) {
  make(many_rows("items", 1000));
  for (const auto cut : {1U, 100U, 4096U, 50'000U}) {
    auto bytes = read_file(live()).value();
    bytes.resize(bytes.size() - cut);
    LIFEBOAT_OK(write_file(live(), bytes));
    expect_unreadable("is cut short");
  }
}

TEST_F(SqliteBadSource, ThatAWriterKeepsLocked) {
  make("CREATE TABLE t(x)");
  Application writer(live());
  writer.run("BEGIN EXCLUSIVE");
  const auto source = make_source(source_options(), std::chrono::milliseconds(50));
  const auto begun = source->begin(context());
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code(), Code::busy);
  EXPECT_TRUE(begun.error().retryable());
  writer.run("COMMIT");
  LIFEBOAT_OK(make_source(source_options())->begin(context()));
}

TEST_F(SqliteBadSource, WithAHotJournal) {
  make(many_rows("items", 2000));
  Application writer(live());
  writer.run("PRAGMA cache_size=5; BEGIN; UPDATE items SET name = 'x'");
  // As after a power cut: the database half changed, the journal there, nobody at work.
  const auto crashed = folder_.path() / "crashed.db";
  fs::copy_file(live(), crashed);
  fs::copy_file(live_file("-journal"), crashed.string() + "-journal");
  auto options = source_options();
  options.path = crashed;
  const auto begun = make_source(options)->begin(context());
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code(), Code::source_unreadable) << begun.error().describe();
  EXPECT_NE(begun.error().hint().find("-journal"), std::string_view::npos);
  Application(crashed).run("SELECT count(*) FROM items");
  LIFEBOAT_OK(make_source(options)->begin(context()));
}

TEST_F(SqliteBadSource, WithAWalOfAnOlderState) {
  leave_wal(many_rows("items", 500));
  const auto old_wal = read_file(live_file("-wal")).value();
  Application(live()).run("DELETE FROM items WHERE id > 100; PRAGMA wal_checkpoint(TRUNCATE)");
  LIFEBOAT_OK(capture());
  fs::remove(live_file("-shm"));
  LIFEBOAT_OK(write_file(live_file("-wal"), old_wal));
  expect_unreadable("older than the database");
}

TEST_F(SqliteBadSource, WithAWalOfAnotherKindOfDatabase) {
  leave_wal("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
  const auto foreign_wal = read_file(live_file("-wal")).value();
  for (const auto* suffix : {"", "-wal", "-shm"}) fs::remove(live_file(suffix));
  make("CREATE TABLE u(y)");
  LIFEBOAT_OK(write_file(live_file("-wal"), foreign_wal));
  expect_unreadable("not in WAL mode");
  for (const auto* suffix : {"", "-wal"}) fs::remove(live_file(suffix));
  make("PRAGMA page_size=8192; PRAGMA journal_mode=WAL; CREATE TABLE u(y)");
  LIFEBOAT_OK(write_file(live_file("-wal"), foreign_wal));
  expect_unreadable("page sizes differ");
}

TEST_F(SqliteBadSource, TwinWithItsOwnWalIsTaken) {
  leave_wal(many_rows("items", 500));
  LIFEBOAT_OK(capture());
  Application(live()).run("DELETE FROM items WHERE id > 100");
  LIFEBOAT_OK(capture());
}

TEST_F(SqliteBadSource, TwinWithAWalThatHoldsNothingIsTaken) {
  make("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
  for (const auto& content : {std::string(), std::string(10, 'x'), std::string(5000, '\0')}) {
    LIFEBOAT_OK(write_file(live_file("-wal"), to_bytes(content)));
    LIFEBOAT_OK(capture());
  }
}

// One file alone cannot tell, for a database that was closed cleanly is the same: doctor says that
// it may be so, and a backup, which would cry wolf each night, says nothing.
TEST_F(SqliteBadSource, ThatIsACopyWithoutItsWalGivesAWarning) {
  leave_wal(many_rows("items", 500));
  const auto copy = folder_.path() / "copy.db";
  fs::copy_file(live(), copy);
  auto options = source_options();
  options.path = copy;
  const auto advices = sqlite_engine().examine(options, context()).value();
  const auto warns = [](const Advice& advice) {
    return advice.level == Advice::Level::warning &&
           advice.message.find("no -wal") != std::string::npos;
  };
  EXPECT_TRUE(std::ranges::any_of(advices, warns));
  EXPECT_EQ(worst_advice(), Advice::Level::ok);
}

TEST_F(SqliteBadSource, WithADamagedSchemaOrTable) {
  make(many_rows("items", 1000));
  auto bytes = read_file(live()).value();
  std::fill(bytes.begin() + 100, bytes.begin() + 4096, std::uint8_t{0xee});
  LIFEBOAT_OK(write_file(live(), bytes));
  EXPECT_EQ(capture().error().code(), Code::damage_found);
  EXPECT_EQ(worst_advice(), Advice::Level::error);
}

TEST_F(SqliteBadSource, TwinIsFoundGoodByDoctor) {
  Application app(live());
  app.run("PRAGMA journal_mode=WAL;" + many_rows("items", 10));
  EXPECT_EQ(worst_advice(), Advice::Level::ok);
  app.run("PRAGMA journal_mode=DELETE");
  EXPECT_EQ(worst_advice(), Advice::Level::warning);  // writers wait
}

// Far larger than any disk here; nothing of it is ever copied.
TEST_F(SqliteBadSource, ThatHasNoRoomForItsShortCopy) {
  make("CREATE TABLE t(x)");
  fs::resize_file(live(), 15ULL << 40U);
  EXPECT_EQ(worst_advice(), Advice::Level::error);
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::no_space);
  EXPECT_NE(captured.error().hint().find("TMPDIR"), std::string_view::npos);
  Application(live()).run("VACUUM");
  LIFEBOAT_OK(capture());
}

// What the application brings along, its own collations and functions, is not here.
TEST_F(SqliteBadSource, TwinThatNeedsItsApplicationToBeSortedIsTakenWhole) {
  Application app(live());
  app.bring_own_functions();
  app.run(
      "CREATE TABLE w(k TEXT PRIMARY KEY COLLATE own, v) WITHOUT ROWID;"
      "CREATE TABLE t(a TEXT COLLATE own, b INT AS (own(a)) VIRTUAL, CHECK (own(a) > 0));"
      "CREATE INDEX i ON t(a); CREATE INDEX j ON t(own(a));"
      "INSERT INTO w VALUES('a', 1), ('b', 2), ('c', 3);"
      "INSERT INTO t(a) VALUES('x'), ('y'), ('z');");
  app.close();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["tables"]["w"]["rows"], 3);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts_of(restored()).value(), captured->outcome.facts);
  // Here nobody can say whether its indexes are sound, which is not to say that they are broken.
  const auto checked = inspect(restored())->integrity(false, context());
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Code::source_unreadable) << checked.error().describe();
  EXPECT_FALSE(inspect(restored())->query("SELECT k FROM w ORDER BY k", 9, context()));
}

TEST_F(SqliteBadSource, HeadersOfAnythingElseAreRefused) {
  make("CREATE TABLE t(x)");
  const auto good = read_file(live()).value();
  LIFEBOAT_OK(parse_header(good));
  for (std::size_t size = 0; size < kHeaderSize; ++size)
    EXPECT_FALSE(parse_header(ByteView(good).first(size)));
  for (const auto high : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}}) {
    auto bad = good;
    bad[16] = high;
    EXPECT_FALSE(parse_header(bad)) << int{high};
  }
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
