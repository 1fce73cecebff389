#include "engine/sqlite/query.h"

#include <strings.h>

#include <cmath>

#include "engine/sqlite/schema.h"

namespace lifeboat::engine::sqlite {
namespace {

// Functions of SQLite that reach outside of the values they are given.
constexpr std::string_view kRefusedFunctions[] = {"load_extension", "fts3_tokenizer", "readfile",
                                                  "writefile", "edit"};

bool is_refused_function(const char* name) {
  for (const auto refused : kRefusedFunctions)
    if (name != nullptr && ::strcasecmp(name, refused.data()) == 0) return true;
  return false;
}

int authorize_query(int action, const char* function) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return is_refused_function(function) ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

struct Watch {
  const RunContext& context;
  Duration until;
  bool expired = false;

  static int check(void* pointer) {
    auto& watch = *static_cast<Watch*>(pointer);
    watch.expired = watch.context.clock.steady() >= watch.until;
    return watch.expired || watch.context.stop.stop_requested() ? 1 : 0;
  }
};

Json number(double value) {
  if (std::isfinite(value)) return value;
  return value > 0 ? "Infinity" : "-Infinity";
}

Json value_of(const Statement& row, int column) {
  switch (row.type(column)) {
    case SQLITE_INTEGER:
      return row.integer(column);
    case SQLITE_FLOAT:
      return number(row.real(column));
    case SQLITE_TEXT:
      return json_name(row.text(column));
    case SQLITE_BLOB:
      return {{"blob", to_hex(row.bytes(column))}};
    default:
      return nullptr;
  }
}

Row read_row(const Statement& statement) {
  Row row;
  for (int column = 0; column < statement.columns(); ++column)
    row.push_back(value_of(statement, column));
  return row;
}

Result<void> read_rows(Statement& statement, const VisitRow& visit) {
  while (TRY(statement.step()))
    if (!TRY(visit(read_row(statement)))) break;
  return {};
}

Failure not_accepted(const std::string& why) {
  return Failure(Error(Code::usage, "the query is not accepted: " + why)
                     .with_hint("Exactly one SELECT over this database; nothing else is run."));
}

// SQLite declares a table-valued function the first time that it is used, which the authorizer
// would take for a change; so that happens before there is one.
Result<void> declare_json_tables(const Connection& connection) {
  for (const char* name : {"json_each", "json_tree"})
    TRY(connection.prepare("SELECT 1 FROM " + std::string(name)));
  return {};
}

// SQLite compiles up to the first semicolon; anything but space and comments after it is a second
// one.
Result<Statement> prepare_one(const Connection& connection, const std::string& sql) {
  const auto callback = [](void*, int action, const char*, const char* second, const char*,
                           const char*) { return authorize_query(action, second); };
  sqlite3_set_authorizer(connection.handle(), callback, nullptr);
  std::string_view rest;
  auto statement = connection.prepare(sql, &rest);
  if (!statement) return not_accepted(statement.error().message());
  const auto second = connection.prepare(rest);
  if (statement->handle() == nullptr || !second || second->handle() != nullptr)
    return not_accepted("it is not one statement");
  if (statement->columns() == 0 || sqlite3_stmt_readonly(statement->handle()) == 0)
    return not_accepted("it is not a SELECT");
  return statement;
}

}  // namespace

Result<void> run_query(const Connection& connection, const std::string& sql, const VisitRow& visit,
                       const RunContext& context) {
  TRY(declare_json_tables(connection));
  auto statement = TRY(prepare_one(connection, sql));
  Watch watch{context, context.clock.steady() + kQueryTime};
  sqlite3_progress_handler(connection.handle(), 20'000, &Watch::check, &watch);
  auto done = read_rows(statement, visit);
  sqlite3_progress_handler(connection.handle(), 0, nullptr, nullptr);
  if (!done && watch.expired)
    return fail(Code::timed_out, "the query took longer than " + describe_duration(kQueryTime));
  return done;
}

}  // namespace lifeboat::engine::sqlite
