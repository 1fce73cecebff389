#pragma once
// Databases for tests: written by plain SQLite, as an application would, and carried through the
// engine.
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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
  // A collation and a function that no other program has: "own" sorts backwards.
  void bring_own_functions() {
    const auto compare = [](void*, int one_size, const void* one, int other_size,
                            const void* other) {
      const std::string_view first(static_cast<const char*>(one),
                                   static_cast<std::size_t>(one_size));
      return -first.compare(
          {static_cast<const char*>(other), static_cast<std::size_t>(other_size)});
    };
    const auto size = [](sqlite3_context* call, int, sqlite3_value** values) {
      sqlite3_result_int(call, sqlite3_value_bytes(values[0]));
    };
    sqlite3_create_collation(database_, "own", SQLITE_UTF8, nullptr, compare);
    sqlite3_create_function(database_, "own", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, size,
                            nullptr, nullptr);
  }
  // As a killed program: nothing is checkpointed and the -wal stays.
  void die() {
    sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    close();
  }

 private:
  sqlite3* database_ = nullptr;
};

// Another program: a process with the database open, that runs what it is told and stays until
// destroyed. To be made before this process opens the database: SQLite does not survive a fork.
class OtherProgram {
 public:
  explicit OtherProgram(const fs::path& path) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    child_ = ::fork();
    if (child_ == 0) obey(path, ends[1]);
    ::close(ends[1]);
    orders_ = ends[0];
  }
  OtherProgram(const fs::path& path, const std::string& sql) : OtherProgram(path) { run(sql); }
  ~OtherProgram() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::close(orders_);
  }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;

  void run(const std::string& sql) const {
    EXPECT_EQ(::send(orders_, sql.data(), sql.size(), 0), static_cast<ssize_t>(sql.size()));
    char done = 0;
    EXPECT_EQ(::recv(orders_, &done, 1, 0), 1);
    EXPECT_EQ(done, '+') << sql;
  }

 private:
  [[noreturn]] static void obey(const fs::path& path, int orders) {
    sqlite3* database = nullptr;
    sqlite3_open(path.c_str(), &database);
    char sql[4096];
    for (;;) {
      const auto size = ::recv(orders, sql, sizeof sql - 1, 0);
      if (size <= 0) ::_exit(1);
      sql[size] = 0;
      const bool done = sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
      if (::send(orders, done ? "+" : "-", 1, 0) != 1) ::_exit(1);
    }
  }
  int orders_ = -1;
  pid_t child_ = -1;
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
