#pragma once
// For this room's tests: a small application (a database whose rows point at files), backed up into
// a repository in memory and restored into a sandbox, so that a defect can be planted between
// restore and check.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>

#include "backup/backup.h"
#include "base/file.h"
#include "base/test_context.h"
#include "crypto/hash.h"
#include "drill/drill.h"
#include "drill/step.h"
#include "storage/open.h"

namespace lifeboat::drill {

// The diagnosis: its rules in the order of the report, "table-lost rows-lost"; "" for none.
inline std::string rules_of(const Report& report) {
  std::string rules;
  for (const auto& each : report.diagnoses) rules += (rules.empty() ? "" : " ") + each.rule;
  return rules;
}

inline bool has_rule(const Report& report, const std::string& rule) {
  return (" " + rules_of(report) + " ").find(" " + rule + " ") != std::string::npos;
}

inline const CheckResult& check(const Report& report, const std::string& id) {
  static const CheckResult kNone;
  for (const auto& each : report.checks)
    if (each.id == id) return each;
  ADD_FAILURE() << "no check " << id << "; " << report.reason;
  return kNone;
}

class ShopFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    make_application();
    open_repository();
    back_up();
  }

  void make_application() {
    ASSERT_TRUE(make_directories(live_ / "uploads" / "2026"));
    std::string rows;
    for (int i = 0; i < 20; ++i) rows += add_upload(i);
    made_by_ =
        "CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT, size INTEGER, sha256 TEXT);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER, created TEXT);"
        "CREATE TABLE notes (note TEXT CHECK (json_valid(note)));"
        "CREATE TABLE excluded (id INTEGER PRIMARY KEY); INSERT INTO excluded VALUES (1), (2);"
        "CREATE INDEX orders_total ON orders (total);"
        "CREATE TRIGGER no_delete BEFORE DELETE ON orders BEGIN SELECT 1; END;"
        "CREATE VIEW totals AS SELECT sum(total) AS total FROM orders;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
        " INSERT INTO orders SELECT i, i * 7, '2025-11-21 09:30:00' FROM n;" +
        rows;
    execute(live_ / "shop.db", made_by_);
  }

  std::string add_upload(int number) {
    const auto key = "2026/" + std::to_string(number) + ".png";
    const auto content = "image " + std::to_string(number) + std::string(1000, 'x');
    EXPECT_TRUE(write_file(live_ / "uploads" / key, view_of(content), 0644));
    return "INSERT INTO images (key, size, sha256) VALUES ('" + key + "'," +
           std::to_string(content.size()) + ",'" + crypto::sha256(view_of(content)).hex() + "');";
  }

  static void execute(const fs::path& file, const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
        << (message != nullptr ? message : "");
    sqlite3_free(message);
    sqlite3_close(database);
  }

  void open_repository() {
    auto backend = storage::open_backend({"memory:" + std::to_string(++repositories_), 0, 0, 0},
                                         storage::OpenMode::create, test_.clock, test_.random);
    ASSERT_TRUE(backend) << backend.error().describe();
    repository::Options options;
    options.cache = scratch_.path() / "cache";
    auto key = test_.random.array<32>();
    auto made = repository::Repository::create(
        std::move(*backend), repository::Credential(repository::KeyFile{Secret(key)}), options,
        test_.context);
    ASSERT_TRUE(made) << made.error().describe();
    repository_ = std::move(*made);
    auto store = storage::open_backend({"memory:" + std::to_string(repositories_), 0, 0, 0},
                                       storage::OpenMode::existing, test_.clock, test_.random);
    ASSERT_TRUE(store) << store.error().describe();
    store_ = std::move(*store);
  }

  std::vector<std::string> objects_in(const std::string& prefix) {
    std::vector<std::string> keys;
    EXPECT_TRUE(store_->list(prefix, [&](const auto& object) -> Result<void> {
      keys.push_back(object.key);
      return {};
    }));
    std::ranges::sort(keys);
    return keys;
  }

  void back_up() { ASSERT_TRUE(run_backup().snapshot.complete); }

  backup::Report run_backup() {
    engine::SourceOptions database;
    database.name = "db";
    database.type = "sqlite";
    database.path = (live_ / "shop.db").string();
    engine::SourceOptions uploads;
    uploads.name = "uploads";
    uploads.type = "files";
    uploads.path = (live_ / "uploads").string();
    return run_backup({uploads, database});
  }

  backup::Report run_backup(std::vector<engine::SourceOptions> sources) {
    backup::Request request;
    request.service = "shop";
    request.host = "test";
    request.version = "test";
    request.config = Json::object();
    request.cache = scratch_.path() / "cache";
    request.sources = std::move(sources);
    auto report = backup::run_backup(request, *repository_, test_.context);
    EXPECT_TRUE(report) << (report ? "" : report.error().describe());
    return report ? std::move(*report) : backup::Report();
  }

  Request drill_request() {
    Request request;
    request.service = "shop";
    request.options.name = "test";
    request.options.checks = {BlobsCheck{"db", "images", "", "key", "size", "sha256", "uploads"},
                              QueryCheck{"orders",
                                         "db",
                                         "SELECT count(*) FROM orders",
                                         {Relation::greater_or_equal, "100", ">= 100"}},
                              FreshnessCheck{"db", "orders", "created", std::chrono::hours(1)}};
    request.sandboxes = scratch_.path() / "sandboxes";
    request.reports = scratch_.path() / "reports";
    return request;
  }

  const fs::path& live() const { return live_; }

  std::string made_by_;                 // all of the database
  static inline int repositories_ = 0;  // a name for each one's memory
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  fs::path live_ = scratch_.path() / "live";
  TestContext test_;
  std::unique_ptr<repository::Repository> repository_;
  std::unique_ptr<storage::Backend> store_;  // where it lies, for whoever harms it there
};

}  // namespace lifeboat::drill
