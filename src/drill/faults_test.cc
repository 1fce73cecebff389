#include <algorithm>

#include "drill/test_drill.h"

// Bad backups of a database and its files, each with the verdict and the reason that it must get;
// its twin without the fault is proven without one.
namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

class FaultsTest : public DrillTest {
 protected:
  // Of the newest backup, by these rules and no others.
  void expect_found(Verdict verdict, const std::string& rules) {
    expect_found(drill_request(), verdict, rules);
  }
  void expect_found(const Request& request, Verdict verdict, const std::string& rules) {
    const auto report = drill(request).report;
    EXPECT_EQ(report.verdict, verdict) << report.reason;
    EXPECT_EQ(rules_of(report), rules) << report.reason;
  }
  void expect_planted(const Defect& defect, Verdict verdict, const std::string& rules) {
    const auto report = drill_with(defect);
    EXPECT_EQ(report.verdict, verdict) << report.reason;
    EXPECT_EQ(rules_of(report), rules) << report.reason;
  }

  void back_up_later() {
    test_.clock.advance(5min);
    back_up();
  }

  // The same content once more, without a word about what was true of it.
  void commit_without_facts(const std::string& source) {
    const auto list = repository_->snapshots(test_.context);
    ASSERT_TRUE(list);
    auto whole = repository_->open_snapshot(list->snapshots.back().id, test_.context);
    ASSERT_TRUE(whole);
    auto writer = repository_->begin({"shop", "test", "test", {}, Json::object()}, test_.context);
    ASSERT_TRUE(writer);
    for (const auto& each : (*whole)->sources()) {
      const auto number = (*writer)->begin_source(each.name, each.type);
      ASSERT_TRUE(number);
      const auto add = [&](repository::EntryRecord&& entry) {
        return (*writer)->add_entry(*number, entry, test_.context);
      };
      ASSERT_TRUE((*whole)->entries(each, add, test_.context));
      auto facts = each.name == source ? Json::object() : each.facts;
      ASSERT_TRUE(
          (*writer)->finish_source(*number, {each.position, std::move(facts), {}}, test_.context));
    }
    ASSERT_TRUE((*writer)->commit(test_.clock.now(), true, test_.context));
  }

  void change(const std::string& sql) { execute(live() / "shop.db", sql); }

  // The index goes out of sight while its table changes, and comes back stale.
  static void make_index_stale(const fs::path& file) {
    execute(file,
            "CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'orders_total';"
            "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'orders_total'");
    execute(file, "UPDATE orders SET total = 1 WHERE id = 77");
    execute(file,
            "PRAGMA writable_schema=ON; INSERT INTO sqlite_schema SELECT * FROM hidden;"
            "DROP TABLE hidden");
  }
};

TEST_F(FaultsTest, WithoutOneThereIsNothingToExplain) {
  expect_found(Verdict::proven, "");
  back_up_later();
  expect_found(Verdict::proven, "");
  expect_planted([](const fs::path&) {}, Verdict::proven, "");
}

TEST_F(FaultsTest, ASnapshotWithoutFactsOfASource) {
  test_.clock.advance(5min);
  commit_without_facts("none");
  expect_found(Verdict::proven, "");
  test_.clock.advance(5min);
  commit_without_facts("db");
  expect_found(Verdict::failed, "facts-missing");
}

TEST_F(FaultsTest, AServiceThatWasNeverBackedUp) {
  auto request = drill_request();
  request.service = "blog";
  expect_found(request, Verdict::failed, "never-backed-up");
}

TEST_F(FaultsTest, ASourceThatLostMostOfATable) {
  change("DELETE FROM orders WHERE id > 200");
  back_up_later();
  expect_found(Verdict::proven, "trend-broken");
}
TEST_F(FaultsTest, ASourceThatLostMostOfItsBytes) {
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(write_file(live() / "uploads" / ("more" + std::to_string(i)),
                           view_of(std::string(20'000, 'x'))));
  change("DELETE FROM images");
  back_up_later();
  for (int i = 0; i < 20; ++i) fs::remove(live() / "uploads" / ("more" + std::to_string(i)));
  back_up_later();
  auto request = drill_request();
  request.options.checks.clear();
  expect_found(request, Verdict::proven, "trend-broken size-halved");
}

TEST_F(FaultsTest, AnEmptiedDatabaseFile) {
  expect_planted([](const fs::path& data) { ASSERT_TRUE(write_file(data / "db.db", view_of(""))); },
                 Verdict::failed, "restored-unreadable");
}
TEST_F(FaultsTest, ADatabaseThatWasEmptyWhenItWasBackedUp) {
  ASSERT_TRUE(write_file(live() / "shop.db", view_of("")));
  test_.clock.advance(5min);
  EXPECT_FALSE(run_backup().snapshot.complete);
  auto request = drill_request();
  request.selector.snapshot = repository_->snapshots(test_.context)->snapshots.back().id.hex();
  expect_found(request, Verdict::failed, "snapshot-incomplete size-halved source-unreadable");
}
TEST_F(FaultsTest, ADatabaseWithTheSchemaAndWithoutRows) {
  change("DELETE FROM orders; DELETE FROM images; DELETE FROM excluded");
  back_up_later();
  expect_found(Verdict::failed, "orphan-files nothing-written wrong-at-the-source another-source");
}
TEST_F(FaultsTest, AnotherDatabaseThanTheOneInUse) {
  fs::remove(live() / "shop.db");
  change("CREATE TABLE posts (id INTEGER PRIMARY KEY, text); INSERT INTO posts VALUES (1, 'x')");
  back_up_later();
  expect_found(
      Verdict::failed,
      "another-source check-not-possible check-not-possible check-not-possible size-halved");
}
TEST_F(FaultsTest, AFolderThatWasNotMounted) {
  for (int i = 100; i < 200; ++i) change(add_upload(i));
  back_up_later();
  auto request = drill_request();
  request.options.checks.clear();
  expect_found(request, Verdict::proven, "");
  fs::remove_all(live() / "uploads");
  fs::create_directory(live() / "uploads");
  back_up_later();
  expect_found(request, Verdict::failed, "another-source size-halved");
}

TEST_F(FaultsTest, AnIndexThatDisagreesWithItsTable) {
  expect_planted([](const fs::path& data) { make_index_stale(data / "db.db"); }, Verdict::failed,
                 "values-changed layout-changed pages-damaged");
}
TEST_F(FaultsTest, AnIndexThatDisagreedAtTheSource) {
  make_index_stale(live() / "shop.db");
  back_up_later();
  expect_found(Verdict::failed, "damaged-at-the-source");
}
TEST_F(FaultsTest, APageThatCannotBeRead) {
  expect_planted(
      [](const fs::path& data) {
        auto bytes = *read_file(data / "db.db");
        std::fill(bytes.begin() + 4096, bytes.end(), 0x5a);
        ASSERT_TRUE(write_file(data / "db.db", bytes));
      },
      Verdict::failed,
      "data-unreadable data-unreadable data-unreadable data-unreadable pages-damaged");
}

TEST_F(FaultsTest, SomethingThatWasNeverBackedUp) {
  expect_planted(sql("CREATE TABLE stranger (id)"), Verdict::failed, "schema-added");
  expect_planted(sql("INSERT INTO excluded VALUES (3)"), Verdict::failed,
                 "rows-added values-changed");
}

TEST_F(FaultsTest, ASequenceThatWasSetBack) {
  change(
      "CREATE TABLE invoices (id INTEGER PRIMARY KEY AUTOINCREMENT);"
      "INSERT INTO invoices VALUES (900); DELETE FROM invoices");
  back_up_later();
  expect_planted([](const fs::path&) {}, Verdict::proven, "");
  expect_planted(sql("UPDATE sqlite_sequence SET seq = 1"), Verdict::failed, "values-changed");
}

TEST_F(FaultsTest, ADatabaseMadeAnewWithOtherPages) {
  expect_planted(sql("PRAGMA page_size = 8192; VACUUM"), Verdict::failed, "settings-changed");
}
TEST_F(FaultsTest, ADatabaseMadeAnewInAnotherEncoding) {
  expect_planted(
      [this](const fs::path& data) {
        fs::remove(data / "db.db");
        execute(data / "db.db", "PRAGMA encoding = 'UTF-16le';" + made_by_);
      },
      Verdict::failed, "settings-changed values-changed");
}

TEST_F(FaultsTest, AFileWithoutARow) {
  ASSERT_TRUE(write_file(live() / "uploads" / "orphan.png", view_of("x")));
  back_up_later();
  expect_found(Verdict::proven, "orphan-files");
}
TEST_F(FaultsTest, AFileThatItsRowDoesNotDescribe) {
  change("UPDATE images SET size = 1 WHERE id = 2");
  back_up_later();
  expect_found(Verdict::failed, "blob-wrong-at-the-source");
  change("UPDATE images SET size = NULL, sha256 = 'ff' WHERE id = 2");
  back_up_later();
  expect_found(Verdict::failed, "blob-wrong-at-the-source");
}
TEST_F(FaultsTest, AFileThatWasOverwrittenAfterTheRestore) {
  expect_planted(
      [](const fs::path& data) {
        const auto file = data / "uploads" / "2026" / "3.png";
        ASSERT_TRUE(write_file(file, view_of("image 3" + std::string(1000, 'y')), 0644));
      },
      Verdict::failed, "content-changed tree-changed tree-changed blob-changed");
}
TEST_F(FaultsTest, ARowWhoseKeyLeavesTheFolder) {
  change("UPDATE images SET key = '../shop.db' WHERE id = 2");
  back_up_later();
  expect_found(Verdict::unverified, "key-leaves-folder");
}

TEST_F(FaultsTest, AClockThatIsADayBehind) {
  test_.clock.advance(-24h);
  expect_found(Verdict::proven, "clock-wrong");
}
TEST_F(FaultsTest, ARowThatIsFromTomorrow) {
  change("UPDATE orders SET created = '2025-11-22 09:30:00' WHERE id = 7");
  back_up_later();
  expect_found(Verdict::failed, "clock-wrong");
}

TEST_F(FaultsTest, ADrillThatAsksNothing) {
  auto request = drill_request();
  request.takes = false;
  request.options.checks.clear();
  expect_found(request, Verdict::unverified, "nothing-asked");
}
TEST_F(FaultsTest, AQuestionThatCannotBeAsked) {
  auto request = drill_request();
  request.options.checks = {
      QueryCheck{"no", "db", "SELECT count(*) FROM nowhere", {Relation::equal, "0", "== 0"}}};
  expect_found(request, Verdict::unverified, "check-not-possible");
}

TEST_F(FaultsTest, AnOldLogBesideTheDatabase) {
  change("PRAGMA journal_mode = WAL");
  const auto log = scratch_.path() / "old-wal";
  {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((live() / "shop.db").c_str(), &database), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(database, "DELETE FROM orders WHERE id > 400", nullptr, nullptr, nullptr),
        SQLITE_OK);
    fs::copy_file(live() / "shop.db-wal", log);
    sqlite3_close(database);
  }
  change("DELETE FROM orders WHERE id > 300");
  back_up_later();
  expect_planted([](const fs::path&) {}, Verdict::proven, "");
  expect_planted([&](const fs::path& data) { fs::copy_file(log, data / "db.db-wal"); },
                 Verdict::failed, "rows-added values-changed layout-changed pages-damaged");
}

// 2 MB of rows, an anchor among them, and three backups between which little happened.
class RewrittenTest : public FaultsTest {
 protected:
  void SetUp() override {
    FaultsTest::SetUp();
    change(
        "CREATE TABLE letters (id INTEGER PRIMARY KEY, text); INSERT INTO letters VALUES"
        " (1, 'the anchor'); WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE"
        " i < 2000) INSERT INTO letters SELECT i, hex(randomblob(500)) FROM n");
    for (int i = 0; i < 3; ++i) {
      change("INSERT INTO letters (text) VALUES ('a new one')");
      back_up_later();
    }
    anchored_.options.checks.push_back(QueryCheck{"anchor",
                                                  "db",
                                                  "SELECT text FROM letters WHERE id = 1",
                                                  {Relation::equal, "the anchor", "== x"}});
  }

  Request anchored_ = drill_request();
};

TEST_F(RewrittenTest, ASourceInWhichLittleHappensIsProven) {
  expect_found(anchored_, Verdict::proven, "");
  const auto report = drill(anchored_).report;
  const auto found = std::ranges::find(report.checks, "rewritten.db", &CheckResult::id);
  ASSERT_NE(found, report.checks.end());
  EXPECT_EQ(found->outcome, Outcome::passed) << found->message;
}
TEST_F(RewrittenTest, OneInWhichEveryRowWasOverwrittenIsWarnedOf) {
  change("UPDATE letters SET text = hex(randomblob(500)) WHERE id > 1");
  back_up_later();
  expect_found(anchored_, Verdict::proven, "all-rewritten");
  auto quick = anchored_;
  quick.options.tier = "quick";
  expect_found(quick, Verdict::proven, "");
}
TEST_F(RewrittenTest, OneInWhichTheAnchorWasOverwrittenFails) {
  change("UPDATE letters SET text = hex(randomblob(500))");
  back_up_later();
  expect_found(anchored_, Verdict::failed, "wrong-at-the-source all-rewritten");
}
TEST_F(RewrittenTest, OneThatIsAlwaysWrittenAnewIsAsItAlwaysWas) {
  for (int i = 0; i < 2; ++i) {
    change("UPDATE letters SET text = hex(randomblob(500)) WHERE id > 1");
    back_up_later();
  }
  expect_found(anchored_, Verdict::proven, "");
}
TEST_F(FaultsTest, WithOneSnapshotBeforeNobodyKnowsHowMuchIsWrittenAnewUsually) {
  const auto rewrite = [&] {
    change(
        "DROP TABLE IF EXISTS letters; CREATE TABLE letters (text); WITH RECURSIVE n(i) AS (SELECT"
        " 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO letters SELECT"
        " hex(randomblob(500)) FROM n");
    back_up_later();
  };
  rewrite();
  rewrite();
  const auto report = drill(drill_request()).report;
  const auto found = std::ranges::find(report.checks, "rewritten.db", &CheckResult::id);
  ASSERT_NE(found, report.checks.end());
  EXPECT_EQ(found->outcome, Outcome::passed) << found->message;
  EXPECT_TRUE(found->message.starts_with("9") || found->message.starts_with("100 %"))
      << found->message;
}
TEST_F(RewrittenTest, AFolderWhoseFilesWereAllOverwrittenIsWarnedOf) {
  const auto write_all = [&](char letter) {
    for (int i = 0; i < 80; ++i)
      ASSERT_TRUE(write_file(live() / "uploads" / ("letter" + std::to_string(i)),
                             view_of(std::to_string(i) + std::string(100, letter))));
  };
  auto request = drill_request();
  request.options.checks.clear();
  write_all('a');
  back_up_later();
  back_up_later();
  expect_found(request, Verdict::proven, "");
  write_all('b');
  back_up_later();
  expect_found(request, Verdict::proven, "all-rewritten");
}

TEST_F(FaultsTest, AnOlderBackupInWhichErasedPeopleComeBack) {
  auto request = drill_request();
  request.selector.snapshot = "first";
  expect_found(request, Verdict::proven, "");
  change("DELETE FROM orders WHERE id IN (7, 8)");
  back_up_later();
  expect_found(Verdict::proven, "");
  expect_found(request, Verdict::proven, "erased-come-back");
  const auto report = drill(request).report;
  const auto found = std::ranges::find(report.checks, "erased-since", &CheckResult::id);
  ASSERT_NE(found, report.checks.end());
  EXPECT_EQ(found->details,
            std::vector<std::string>{"db.tables.orders.rows: 500, in the newest 498"});
}

}  // namespace
}  // namespace lifeboat::drill
