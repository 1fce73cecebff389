// A database that its application goes on writing while it is read: nobody waits long, nothing is
// mixed.
#include <atomic>
#include <thread>

#include "engine/sqlite/short_copy.h"
#include "engine/sqlite/source.h"
#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;

constexpr const char* kWal = "PRAGMA journal_mode=WAL; ";
constexpr const char* kRollback = "PRAGMA journal_mode=DELETE; ";
constexpr const char* kSmallPages = "PRAGMA page_size=1024; PRAGMA journal_mode=WAL; ";

// Moves money between accounts for as long as it lives: in every state their sum is the same, and
// the log has one row a transfer.
class Bank {
 public:
  Bank(const fs::path& path, int patience_ms) : app_(path) {
    app_.run("PRAGMA busy_timeout=" + std::to_string(patience_ms));
    thread_ = std::thread([this] { work(); });
  }
  ~Bank() { stop(); }
  static std::string tables() {
    return "CREATE TABLE account(id INTEGER PRIMARY KEY, money INT, filler BLOB);"
           "CREATE TABLE log(id INTEGER PRIMARY KEY, text TEXT);"
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
           "INSERT INTO account SELECT i, 100, randomblob(900) FROM n;";
  }
  int transfers() const { return transfers_; }
  int turned_away() const { return turned_away_; }
  void wait_for_transfers(int count) const {
    for (const int before = transfers_; transfers_ < before + count;) std::this_thread::yield();
  }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void work() {
    for (int i = 0; !stop_; ++i) ++(transfer(i) ? transfers_ : turned_away_);
  }
  bool transfer(int i) {
    const auto from = std::to_string(i * 37 % 2000 + 1);
    const auto to = std::to_string(i * 101 % 2000 + 1);
    const auto sql = "BEGIN IMMEDIATE; UPDATE account SET money = money - 1 WHERE id = " + from +
                     "; UPDATE account SET money = money + 1 WHERE id = " + to +
                     "; INSERT INTO log VALUES(NULL, hex(randomblob(500))); COMMIT";
    if (app_.try_to_run(sql) == SQLITE_OK) return true;
    app_.try_to_run("ROLLBACK");
    return false;
  }

  Application app_;
  std::atomic<bool> stop_{false};
  std::atomic<int> transfers_{0};
  std::atomic<int> turned_away_{0};
  std::thread thread_;
};

class SqliteUnderAWriter : public testing::DatabaseTest,
                           public ::testing::WithParamInterface<const char*> {
 protected:
  void remove_restored() {
    for (const auto& name : {"restored.db", "restored.db-wal", "restored.db-shm"})
      fs::remove(folder_.path() / name);
  }
  // The pages and the facts of a source that has begun, restored and compared.
  void expect_one_moment(Source& source) {
    const auto entry = source.next(context()).value();
    const auto pages = contract::read_all(*entry->open().value());
    LIFEBOAT_OK(pages);
    contract::Capture captured;
    captured.entries.push_back({entry->info, *pages});
    auto outcome = source.finish(context());
    LIFEBOAT_OK(outcome);
    captured.outcome = std::move(*outcome);
    expect_restorable(captured);
  }
  void expect_restorable(const contract::Capture& captured) {
    LIFEBOAT_OK(rebuild(captured));
    const auto facts = facts_of(restored());
    LIFEBOAT_OK(facts);
    EXPECT_EQ(pretty_json(*facts), pretty_json(captured.outcome.facts));
    EXPECT_TRUE(inspect(restored())->integrity(false, context())->empty());
  }
};

TEST_P(SqliteUnderAWriter, IsOneMomentInPagesAndFacts) {
  make(GetParam() + Bank::tables());
  Bank bank(live(), 5000);
  for (int round = 0; round < 5; ++round) {
    const int before = bank.transfers();
    bank.wait_for_transfers(10);
    const auto captured = capture();
    LIFEBOAT_OK(captured);
    expect_restorable(*captured);
    Application copy(restored());
    EXPECT_EQ(copy.value("SELECT sum(money) FROM account"), "200000");
    EXPECT_GE(std::stoi(copy.value("SELECT count(*) FROM log")), before);
    copy.close();
    remove_restored();
  }
  bank.stop();
  EXPECT_EQ(bank.turned_away(), 0);
}

// Once it has begun, a writer that never waits is never turned away, whatever the journal mode.
TEST_P(SqliteUnderAWriter, TurnsNoWriterAwayWhileItReads) {
  make(GetParam() + Bank::tables());
  const auto source = make_source(source_options());
  LIFEBOAT_OK(source->begin(context()));
  Bank bank(live(), 0);
  bank.wait_for_transfers(10);
  const auto entry = source->next(context()).value();
  const auto reader = entry->open().value();
  Bytes page(4096);
  while (reader->read(page).value() > 0)
    if (page[0] % 16 == 0) bank.wait_for_transfers(1);
  LIFEBOAT_OK(source->finish(context()));
  bank.wait_for_transfers(1);
  bank.stop();
  EXPECT_EQ(bank.turned_away(), 0);
}

TEST_P(SqliteUnderAWriter, SeesOneSchemaWhileItChanges) {
  Application app(live());
  app.run(GetParam() + many_rows("items", 500) + many_rows("gone", 500));
  const auto source = make_source(source_options());
  LIFEBOAT_OK(source->begin(context()));
  app.run(
      "PRAGMA busy_timeout=0; DROP TABLE gone; ALTER TABLE items ADD COLUMN price INT;"
      "CREATE TABLE added(x); VACUUM");
  expect_one_moment(*source);
  const auto facts = facts_of(restored()).value();
  EXPECT_EQ(facts["tables"]["gone"]["rows"], 500);
  EXPECT_EQ(facts["tables"]["items"]["columns"], Json({"id", "name", "body"}));
  EXPECT_FALSE(facts["tables"].contains("added"));
}

// Two backups with a migration in between: each is restored with its own schema.
TEST_P(SqliteUnderAWriter, TakesASchemaThatDriftsBetweenTwoBackups) {
  Application app(live());
  app.run(GetParam() + many_rows("items", 100) + "PRAGMA user_version=1");
  const auto before = capture();
  LIFEBOAT_OK(before);
  app.run(
      "ALTER TABLE items RENAME COLUMN name TO title; CREATE INDEX by_title ON items(title);"
      "PRAGMA user_version=2");
  const auto after = capture();
  LIFEBOAT_OK(after);
  for (const auto* each : {&*before, &*after}) {
    expect_restorable(*each);
    remove_restored();
  }
  for (const auto* key : {"schema_fingerprint", "user_version", "objects"})
    EXPECT_NE(before->outcome.facts[key], after->outcome.facts[key]) << key;
}

INSTANTIATE_TEST_SUITE_P(Modes, SqliteUnderAWriter,
                         ::testing::Values(kWal, kRollback, kSmallPages));

class SqliteBesideOthers : public testing::DatabaseTest {
 protected:
  fs::path other() const { return folder_.path() / "other.db"; }
  std::unique_ptr<Source> begin(const fs::path& path) {
    auto options = source_options();
    options.path = path;
    auto source = make_source(options);
    const auto begun = source->begin(context());
    EXPECT_TRUE(begun) << begun.error().describe();
    return source;
  }
};

// As in one service: all begin, then each is read; two of them are even the same file.
TEST_F(SqliteBesideOthers, EachIsReadFromItsOwnMoment) {
  Application app(live());
  app.run(kWal + many_rows("items", 300));
  Application second(other());
  second.run(many_rows("things", 200));
  const auto first_source = begin(live());
  const auto other_source = begin(other());
  app.run("DELETE FROM items WHERE id > 100");
  const auto later_source = begin(live());
  app.run("DELETE FROM items; PRAGMA wal_checkpoint(PASSIVE)");
  second.run("DELETE FROM things");
  std::vector<std::unique_ptr<Entry>> entries;
  std::vector<std::unique_ptr<Reader>> readers;
  for (auto* source : {first_source.get(), other_source.get(), later_source.get()}) {
    entries.push_back(source->next(context()).value());
    readers.push_back(entries.back()->open().value());
  }
  std::vector<Bytes> pages(3);
  for (bool more = true; std::exchange(more, false);) {
    for (std::size_t i = 0; i < readers.size(); ++i) {
      Bytes part(4096);
      const auto size = readers[i]->read(part).value();
      append(pages[i], ByteView(part).first(size));
      more = more || size > 0;
    }
  }
  readers.clear();
  const auto facts_of_pages = [&](const Bytes& content) {
    EXPECT_TRUE(write_file(restored(), content));
    return facts_of(restored()).value();
  };
  EXPECT_EQ(first_source->finish(context())->facts, facts_of_pages(pages[0]));
  EXPECT_EQ(facts_of_pages(pages[0])["tables"]["items"]["rows"], 300);
  EXPECT_EQ(other_source->finish(context())->facts, facts_of_pages(pages[1]));
  EXPECT_EQ(facts_of_pages(pages[1])["tables"]["things"]["rows"], 200);
  EXPECT_EQ(later_source->finish(context())->facts, facts_of_pages(pages[2]));
  EXPECT_EQ(facts_of_pages(pages[2])["tables"]["items"]["rows"], 100);
}

// A page of SQLite's cache is all that a reader of a WAL database needs: no second copy.
TEST_F(SqliteBesideOthers, ALargeWalDatabaseNeedsLittleMemoryAndNoSecondCopy) {
  Application app(live());
  app.run(kWal + many_rows("items", 20'000, 1000));
  const auto scratch = folder_.path() / "scratch";
  fs::create_directory(scratch);
  ::setenv("TMPDIR", scratch.c_str(), 1);
  sqlite3_int64 now = 0;
  sqlite3_int64 most = 0;
  sqlite3_status64(SQLITE_STATUS_MEMORY_USED, &now, &most, 1);
  const auto source = begin(live());
  const auto entry = source->next(context()).value();
  const auto reader = entry->open().value();
  std::uint64_t total = 0;
  for (Bytes part(64U << 10U); const auto size = reader->read(part).value(); total += size)
    EXPECT_TRUE(fs::is_empty(scratch));
  LIFEBOAT_OK(source->finish(context()));
  ::unsetenv("TMPDIR");
  sqlite3_int64 before = now;
  sqlite3_status64(SQLITE_STATUS_MEMORY_USED, &now, &most, 0);
  EXPECT_GT(total, 16U << 20U);
  EXPECT_LT(most - before, 6 << 20);
}

// The file alone would lack what is in the -wal.
TEST_F(SqliteBesideOthers, ADatabaseThatWasJustSwitchedToWalIsNotCopiedAsAFile) {
  Application app(live());
  app.run(many_rows("items", 50));
  const auto file = look_at(live()).value();
  LIFEBOAT_OK(make_short_copy(file, folder_.path(), std::chrono::seconds(1), context()));
  fs::remove(folder_.path() / "database");
  app.run(kWal + std::string("PRAGMA wal_autocheckpoint=0; DELETE FROM items"));
  const auto copied = make_short_copy(file, folder_.path(), std::chrono::seconds(1), context());
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code(), Code::source_changed);
  EXPECT_TRUE(copied.error().retryable());
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
