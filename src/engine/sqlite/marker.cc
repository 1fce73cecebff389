#include "engine/sqlite/marker.h"

#include <memory>

#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr int kPatienceMilliseconds = 10'000;

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, Close>;

// As the application itself would open it: only so do its journal and locks stay what they are.
Result<Database> open_beside(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code == SQLITE_CANTOPEN) return fail(Code::not_found, "there is no database " + path);
  if (code != SQLITE_OK) return failure_of(raw, code, path);
  sqlite3_busy_timeout(raw, kPatienceMilliseconds);
  return database;
}

Result<void> execute(sqlite3* database, const std::string& sql, const std::string& what) {
  const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure_of(database, code, what);
  return {};
}

// No trigger of the application's and no statement of it is involved: the table is ours.
std::string insertion(const std::string& table, Time now) {
  const auto kept = std::to_string(kKeptMarkers);
  return "BEGIN IMMEDIATE;"
         "CREATE TABLE IF NOT EXISTS " +
         table +
         " (number INTEGER PRIMARY KEY, time TEXT NOT NULL);"
         "INSERT INTO " +
         table + " SELECT coalesce(max(number), 0) + 1, '" + to_rfc3339(now) + "' FROM " + table +
         ";"
         "DELETE FROM " +
         table + " WHERE number <= (SELECT max(number) FROM " + table + ") - " + kept + "; COMMIT";
}

Result<bool> has_table(const Connection& connection, const std::string& table) {
  auto rows = TRY(
      connection.prepare("SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?1"));
  rows.bind(1, table);
  return rows.step();
}

}  // namespace

Result<Marker> write_marker(const std::string& path, const std::string& table, Time now) {
  const auto database = TRY(open_beside(path));
  const auto quoted = in_quotes(table);
  if (auto done = execute(database.get(), insertion(quoted, now), path); !done) {
    (void)execute(database.get(), "ROLLBACK", path);
    return fail(std::move(done).error());
  }
  return Marker{static_cast<std::uint64_t>(sqlite3_last_insert_rowid(database.get())), now};
}

Result<std::optional<MarkerTrail>> read_markers(const std::string& path, const std::string& table) {
  OpenOptions options;
  options.path = path;
  options.mode = OpenOptions::Mode::frozen;
  const auto connection = TRY(Connection::open(options));
  if (!TRY(has_table(connection, table))) return std::nullopt;
  auto rows = TRY(connection.prepare("SELECT count(*), min(number), max(number), max(time) FROM " +
                                     in_quotes(table)));
  if (!TRY(rows.step()) || rows.integer(0) <= 0) return std::nullopt;
  MarkerTrail trail;
  trail.count = static_cast<std::uint64_t>(rows.integer(0));
  if (rows.type(1) != SQLITE_INTEGER || rows.integer(1) < 1)
    return fail(Code::corrupt, "the table " + table + " is not one of markers");
  trail.first = static_cast<std::uint64_t>(rows.integer(1));
  trail.newest.number = static_cast<std::uint64_t>(rows.integer(2));
  trail.newest.time = TRY(parse_rfc3339(rows.text(3)));
  return trail;
}

}  // namespace lifeboat::engine::sqlite
