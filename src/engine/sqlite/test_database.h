#pragma once
// Databases for tests: written by plain SQLite, as an application would, and carried through the
// engine.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "base/file.h"
#include "base/test_context.h"
#include "contract/engine_contract.h"
#include "engine/sqlite/engine.h"

namespace lifeboat::engine::sqlite::testing {

// An application's own connection: reads, writes, checkpoints, closes.
class Application {
 public:
  explicit Application(const fs::path& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK);
    sqlite3_busy_timeout(database_, 5000);
  }
  ~Application() { close(); }
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  void run(const std::string& sql) {
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << sql << ": " << (error == nullptr ? "" : error);
    sqlite3_free(error);
  }
  int try_to_run(const std::string& sql) {
    return sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  std::string value(const std::string& sql) {
    std::string result;
    const auto keep = [](void* into, int, char** values, char**) {
      *static_cast<std::string*>(into) = values[0] == nullptr ? "NULL" : values[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database_, sql.c_str(), keep, &result, nullptr), SQLITE_OK) << sql;
    return result;
  }
  void close() {
    sqlite3_close(database_);
    database_ = nullptr;
  }
  // As a killed program: nothing is checkpointed and the -wal stays.
  void die() {
    sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    close();
  }

 private:
  sqlite3* database_ = nullptr;
};

// A table of `rows` rows of about `size` bytes each.
inline std::string many_rows(const std::string& table, int rows, int size = 100) {
  return "CREATE TABLE " + table + "(id INTEGER PRIMARY KEY, name TEXT, body BLOB);" +
         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
         std::to_string(rows) + ") INSERT INTO " + table + " SELECT i, 'name ' || i, randomblob(" +
         std::to_string(size) + ") FROM n;";
}

// A folder with one database in it, and what the engine says and makes of it.
class DatabaseTest : public ::testing::Test {
 protected:
  fs::path live() const { return folder_.path() / "live.db"; }
  fs::path restored() const { return folder_.path() / "restored.db"; }
  void make(const std::string& sql) { Application(live()).run(sql); }

  Result<contract::Capture> capture() {
    return contract::capture(sqlite_engine(), source_options(), context());
  }
  Result<std::size_t> rebuild(const contract::Capture& of, bool overwrite = false) {
    return contract::rebuild(sqlite_engine(), of, target_options(overwrite), context());
  }
  Result<Json> facts_of(const fs::path& path) {
    return contract::facts_of(sqlite_engine(), path.string(), context());
  }
  // The live database's facts, as any inspector sees them; it must be at rest.
  Json facts_now() { return facts_of(live()).value(); }
  std::unique_ptr<Inspector> inspect(const fs::path& path) {
    return sqlite_engine().open_inspector(path.string()).value();
  }
  SourceOptions source_options() const {
    SourceOptions options;
    options.name = "db";
    options.type = "sqlite";
    options.path = live();
    return options;
  }
  TargetOptions target_options(bool overwrite = false) const {
    TargetOptions options;
    options.name = "db";
    options.type = "sqlite";
    options.place = restored();
    options.overwrite = overwrite;
    return options;
  }
  const RunContext& context() { return test_.context; }

  TestContext test_;
  ScratchDirectory folder_ = ScratchDirectory::make().value();
};

}  // namespace lifeboat::engine::sqlite::testing
