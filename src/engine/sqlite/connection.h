#pragma once
// One defensive connection to a database file, and its statements. Whatever the file holds, reading
// it runs no code that the file brings along. A connection and its statements belong to one thread
// at a time.
#include <sqlite3.h>

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace lifeboat::engine::sqlite {

// What SQLite says of `code`, as an Error: `busy`, `damage_found`, `permission_denied`, `no_space`,
// `interrupted`, `source_unreadable` … `what` names the file or the table.
Failure failure_of(sqlite3* database, int code, const std::string& what,
                   std::source_location where = std::source_location::current());

class Statement {
 public:
  // True while there is a row.
  Result<bool> step();
  void reset() { sqlite3_reset(statement_.get()); }
  void bind(int parameter, std::string_view text);
  int columns() const { return sqlite3_column_count(statement_.get()); }
  int type(int column) const { return sqlite3_column_type(statement_.get(), column); }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  // UTF-8; empty for NULL. Valid until the next step.
  std::string text(int column) const;
  // A text or blob as it is stored, in the encoding of the database. Valid until the next step.
  ByteView bytes(int column) const;
  sqlite3_stmt* handle() const { return statement_.get(); }

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(sqlite3_stmt* statement, std::string what)
      : statement_(statement), what_(std::move(what)) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string what_;
};

struct OpenOptions {
  std::string path;  // absolute
  enum class Mode : std::uint8_t {
    live,    // read-only, with locks, beside the application that owns it
    frozen,  // read-only; nobody writes it: no locks, and a -wal beside it is not looked at
    create,  // a new file of ours
    last,    // closes a WAL database as its last user does: the -wal goes
  } mode = Mode::live;
  const char* vfs = nullptr;  // the default one when null
  bool for_query = false;     // a person's query may use views and JSON tables; ours never do
  std::int64_t largest_value = 1'000'000'000;
  std::stop_token stop;
  Duration patience = std::chrono::seconds(10);  // with another program's lock
};

class Connection {
 public:
  static Result<Connection> open(const OpenOptions& options);

  // Compiles the first statement; `rest` becomes what follows it.
  Result<Statement> prepare(std::string_view sql, std::string_view* rest = nullptr) const;
  Result<void> execute(std::string_view sql) const;
  // The first column of the first row.
  Result<std::int64_t> number(std::string_view sql) const;
  Result<std::string> text(std::string_view sql) const;
  sqlite3* handle() const { return state_->database; }
  const std::string& path() const { return state_->path; }
  // Whether something is sorted by a collation that only its application has. Reading whole tables
  // needs none; whoever compares by it is told a wrong order.
  bool lacks_collation() const { return state_->lacks_collation; }

 private:
  // Callbacks hold its address, so it stays where it is.
  struct State {
    ~State() { sqlite3_close(database); }
    sqlite3* database = nullptr;
    std::string path;
    std::stop_token stop;
    Duration patience{0};
    std::chrono::steady_clock::time_point waiting_since;
    bool lacks_collation = false;
  };
  explicit Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
  static Result<void> harden(State& state, const OpenOptions& options);
  static int on_progress(void* state);
  static void on_collation(void* state, sqlite3* database, int encoding, const char* name);
  static int on_busy(void* state, int attempts);

  std::unique_ptr<State> state_;
};

// An SQL identifier in double quotes, whatever it holds.
std::string in_quotes(std::string_view identifier);

}  // namespace lifeboat::engine::sqlite
