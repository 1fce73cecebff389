#include "engine/sqlite/connection.h"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "base/text.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr int kInstructionsPerCheck = 20'000;
constexpr auto kBusyPause = std::chrono::milliseconds(10);

constexpr std::string_view kLockHint =
    "Another program keeps the database locked. Run the backup when it is idle, or switch the "
    "database to WAL mode, where readers and writers do not wait for each other.";
constexpr std::string_view kHotJournalHint =
    "A program died while it wrote, and its -journal is needed to undo the half change. Start the "
    "application, or open the database once with `sqlite3` as its owner, then run this again.";
constexpr std::string_view kSharedMemoryHint =
    "A database in WAL mode needs its -shm file: run as a user that may write beside the database, "
    "or start the application that owns it.";

struct Meaning {
  int sqlite_code;  // extended, or primary when no extended one is in the table
  Code code;
  std::string_view hint;
};

constexpr std::array kMeanings{
    Meaning{SQLITE_READONLY_ROLLBACK, Code::source_unreadable, kHotJournalHint},
    Meaning{SQLITE_READONLY_RECOVERY, Code::source_unreadable, kSharedMemoryHint},
    Meaning{SQLITE_READONLY_CANTINIT, Code::source_unreadable, kSharedMemoryHint},
    Meaning{SQLITE_READONLY_CANTLOCK, Code::source_unreadable, kSharedMemoryHint},
    Meaning{SQLITE_BUSY, Code::busy, kLockHint},
    Meaning{SQLITE_LOCKED, Code::busy, kLockHint},
    Meaning{SQLITE_CORRUPT, Code::damage_found, ""},
    Meaning{SQLITE_NOTADB, Code::source_unreadable,
            "The file is not a SQLite database, or it is an encrypted one."},
    Meaning{SQLITE_FULL, Code::no_space, ""},
    Meaning{SQLITE_IOERR, Code::io_error, ""},
    Meaning{SQLITE_CANTOPEN, Code::source_unreadable, kSharedMemoryHint},
    Meaning{SQLITE_PERM, Code::permission_denied, ""},
    Meaning{SQLITE_AUTH, Code::permission_denied, ""},
    Meaning{SQLITE_READONLY, Code::permission_denied, ""},
    Meaning{SQLITE_INTERRUPT, Code::interrupted, ""},
    Meaning{SQLITE_TOOBIG, Code::source_unreadable, ""},
    Meaning{SQLITE_NOMEM, Code::no_space, ""},
};

Meaning meaning_of(int code) {
  for (const int wanted : {code, code & 0xff}) {
    const auto found = std::ranges::find(kMeanings, wanted, &Meaning::sqlite_code);
    if (found != kMeanings.end()) return *found;
  }
  return {code, Code::source_unreadable, ""};
}

std::string frozen_uri(const std::string& path) {
  return "file:" + percent_encoded(path, "/") + "?mode=ro&immutable=1";
}

int flags_of(OpenOptions::Mode mode) {
  switch (mode) {
    case OpenOptions::Mode::live:
      return SQLITE_OPEN_READONLY;
    case OpenOptions::Mode::frozen:
      return SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    case OpenOptions::Mode::last:
      return SQLITE_OPEN_READWRITE;
    case OpenOptions::Mode::create:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return SQLITE_OPEN_READONLY;
}

// Nothing of the database's own runs: no triggers, views, extensions or virtual tables. Its
// expressions may use the functions that SQLite brings along, which have no effects, and no others
// are there; with TRUSTED_SCHEMA off it would not even open a database with an index on
// json_extract().
void disarm(sqlite3* database, const OpenOptions& options) {
  const std::pair<int, int> settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1},
      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
      {SQLITE_DBCONFIG_ENABLE_VIEW, options.for_query ? 1 : 0},
      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
      {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, options.mode == OpenOptions::Mode::last ? 0 : 1},
  };
  for (const auto& [setting, value] : settings)
    sqlite3_db_config(database, setting, value, nullptr);
  const char* kept[] = {"json_each", "json_tree", nullptr};
  sqlite3_drop_modules(database, options.for_query ? kept : nullptr);
  sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, 16'000'000);
  sqlite3_limit(database, SQLITE_LIMIT_WORKER_THREADS, 0);
}

}  // namespace

Failure failure_of(sqlite3* database, int code, const std::string& what,
                   std::source_location where) {
  const auto meaning = meaning_of(code);
  const char* words = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  Error error(meaning.code, what + ": " + words, where);
  if (!meaning.hint.empty()) error.with_hint(std::string(meaning.hint));
  return Failure(meaning.code == Code::busy ? std::move(error).as_retryable() : std::move(error));
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* database = sqlite3_db_handle(statement_.get());
  return failure_of(database, sqlite3_extended_errcode(database), what_);
}

void Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return text == nullptr ? std::string() : to_text(ByteView(text, size));
}

ByteView Statement::bytes(int column) const {
  const auto* bytes =
      static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Connection> Connection::open(const OpenOptions& options) {
  auto state = std::make_unique<State>();
  state->path = options.path;
  state->stop = options.stop;
  state->patience = options.patience;
  const bool frozen = options.mode == OpenOptions::Mode::frozen;
  const auto name = frozen ? frozen_uri(options.path) : options.path;
  // Without SQLite's own mutex: a connection here belongs to one thread at a time.
  const int flags = flags_of(options.mode) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(name.c_str(), &state->database, flags, options.vfs);
  if (code != SQLITE_OK) return failure_of(state->database, code, options.path);
  TRY(harden(*state, options));
  return Connection(std::move(state));
}

Result<void> Connection::harden(State& state, const OpenOptions& options) {
  disarm(state.database, options);
  sqlite3_limit(state.database, SQLITE_LIMIT_LENGTH, static_cast<int>(options.largest_value));
  sqlite3_progress_handler(state.database, kInstructionsPerCheck, &Connection::on_progress, &state);
  sqlite3_busy_handler(state.database, &Connection::on_busy, &state);
  const bool only_scans = !options.for_query && options.mode != OpenOptions::Mode::create;
  if (only_scans) sqlite3_collation_needed(state.database, &state, &Connection::on_collation);
  const int code = sqlite3_exec(state.database, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0",
                                nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure_of(state.database, code, state.path);
  return {};
}

Result<Statement> Connection::prepare(std::string_view sql, std::string_view* rest) const {
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(state_->database, sql.data(), static_cast<int>(sql.size()), 0,
                                      &statement, &tail);
  if (code != SQLITE_OK) return failure_of(state_->database, code, state_->path);
  if (rest != nullptr) *rest = sql.substr(static_cast<std::size_t>(tail - sql.data()));
  return Statement(statement, state_->path);
}

Result<void> Connection::execute(std::string_view sql) const {
  auto statement = TRY(prepare(sql));
  while (TRY(statement.step())) {
  }
  return {};
}

Result<std::int64_t> Connection::number(std::string_view sql) const {
  auto statement = TRY(prepare(sql));
  if (!TRY(statement.step())) return fail(Code::internal, "no row from " + std::string(sql));
  return statement.integer(0);
}

Result<std::string> Connection::text(std::string_view sql) const {
  auto statement = TRY(prepare(sql));
  if (!TRY(statement.step())) return fail(Code::internal, "no row from " + std::string(sql));
  return statement.text(0);
}

int Connection::on_progress(void* state) {
  return static_cast<State*>(state)->stop.stop_requested() ? 1 : 0;
}

// Without this SQLite would not even read all rows of a table that is sorted by such a collation.
void Connection::on_collation(void* pointer, sqlite3* database, int encoding, const char* name) {
  static_cast<State*>(pointer)->lacks_collation = true;
  const auto compare = [](void*, int one_size, const void* one, int other_size, const void* other) {
    const auto* first = static_cast<const std::uint8_t*>(one);
    const auto* second = static_cast<const std::uint8_t*>(other);
    const auto order = std::lexicographical_compare_three_way(first, first + one_size, second,
                                                              second + other_size);
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  };
  sqlite3_create_collation_v2(database, name, encoding, nullptr, compare, nullptr);
}

int Connection::on_busy(void* pointer, int attempts) {
  auto& state = *static_cast<State*>(pointer);
  const auto now = std::chrono::steady_clock::now();
  if (attempts == 0) state.waiting_since = now;
  if (state.stop.stop_requested() || now - state.waiting_since >= state.patience) return 0;
  std::this_thread::sleep_for(kBusyPause);
  return 1;
}

std::string in_quotes(std::string_view identifier) {
  std::string text = "\"";
  for (const char c : identifier) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

}  // namespace lifeboat::engine::sqlite
