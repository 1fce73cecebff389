#include "engine/sqlite/extract.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/sqlite/connection.h"
#include "engine/sqlite/database_file.h"
#include "engine/sqlite/schema.h"
#include "engine/sqlite/sink.h"
#include "engine/sqlite/table_scan.h"

namespace lifeboat::engine::sqlite {
namespace {

// What is taken out, as the restored database declares it.
struct Extract {
  Table table;
  std::string create;
  std::vector<std::string> followers;  // the SQL of its indexes and triggers
  std::optional<std::int64_t> sequence;
  std::vector<std::string> pragmas;
};

bool is_users(const SchemaObject& object) {
  return has_rows(object) && !object.name.starts_with("sqlite_");
}

Failure no_such_table(const std::string& table, const std::vector<SchemaObject>& objects) {
  std::string names;
  for (const auto& object : objects)
    if (object.is_virtual && same_name(object.name, table))
      return Failure(
          Error(Code::usage, table + " is a virtual table: its rows lie in tables of its module")
              .with_hint("Restore the whole database."));
  for (const auto& object : objects)
    if (is_users(object)) names += (names.empty() ? "" : ", ") + object.name;
  return Failure(Error(Code::not_found, "there is no table \"" + table + "\" in the database")
                     .with_hint(names.empty() ? "It has no tables." : "Its tables are: " + names));
}

Result<std::optional<std::int64_t>> read_sequence(const Connection& from,
                                                  const std::vector<SchemaObject>& objects,
                                                  const std::string& table) {
  const auto has = std::ranges::find(objects, "sqlite_sequence", &SchemaObject::name);
  if (has == objects.end()) return std::nullopt;
  auto row = TRY(from.prepare("SELECT seq FROM main.sqlite_sequence WHERE name = ?1"));
  row.bind(1, table);
  if (!TRY(row.step())) return std::nullopt;
  return row.integer(0);
}

Result<std::vector<std::string>> read_pragmas(const Connection& from) {
  std::vector<std::string> pragmas;
  for (const char* name : {"page_size", "auto_vacuum", "user_version", "application_id"})
    pragmas.push_back(std::string(name) + "=" +
                      std::to_string(TRY(from.number("PRAGMA main." + std::string(name)))));
  pragmas.push_back("encoding='" + TRY(from.text("PRAGMA main.encoding")) + "'");
  return pragmas;
}

Result<Extract> plan_extract(const Connection& from, const std::string& name) {
  const auto objects = TRY(read_schema(from));
  const auto found = std::ranges::find_if(objects, [&](const SchemaObject& object) {
    return is_users(object) && same_name(object.name, name) && object.sql;
  });
  if (found == objects.end()) return no_such_table(name, objects);
  Extract extract;
  extract.table = TRY(read_table(from, found->name));
  extract.create = *found->sql;
  // A trigger names its table as its author wrote it.
  for (const char* type : {"index", "trigger"})
    for (const auto& object : objects)
      if (object.type == type && same_name(object.table, name) && object.sql)
        extract.followers.push_back(*object.sql);
  extract.sequence = TRY(read_sequence(from, objects, found->name));
  extract.pragmas = TRY(read_pragmas(from));
  return extract;
}

// The restored schema's SQL is run here, so it may only make what it is for, and call nothing.
int authorize_schema(int action, const char* function) {
  const std::string_view name = function == nullptr ? "" : function;
  switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_CREATE_VTABLE:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DROP_TABLE:
      return SQLITE_DENY;
    case SQLITE_PRAGMA:
      return SQLITE_DENY;
    case SQLITE_FUNCTION:
      return name == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_OK;
  }
}

// Generated columns are left out: they are computed again.
std::string column_list(const Table& table) {
  std::string list = table.rowid;
  for (const auto& column : table.columns)
    if (!column.generated) list += (list.empty() ? "" : ", ") + in_quotes(column.name);
  return list;
}

void bind_row(const Statement& from, const Statement& into) {
  for (int i = 0; i < from.columns(); ++i)
    sqlite3_bind_value(into.handle(), i + 1, sqlite3_column_value(from.handle(), i));
}

Result<void> copy_rows(const Connection& from, const Connection& to, const Table& table) {
  const auto columns = column_list(table);
  auto rows = TRY(
      from.prepare("SELECT " + columns + " FROM main." + in_quotes(table.name) + " NOT INDEXED"));
  std::string places;
  for (int i = 0; i < rows.columns(); ++i) places += i == 0 ? "?" : ", ?";
  auto insert = TRY(to.prepare("INSERT INTO main." + in_quotes(table.name) + "(" + columns +
                               ") VALUES (" + places + ")"));
  while (TRY(rows.step())) {
    bind_row(rows, insert);
    TRY(insert.step());
    insert.reset();
  }
  return {};
}

Result<void> set_sequence(const Connection& to, const Extract& extract) {
  if (!extract.sequence) return {};
  auto update =
      TRY(to.prepare("UPDATE main.sqlite_sequence SET seq = " + std::to_string(*extract.sequence) +
                     " WHERE name = ?1"));
  update.bind(1, extract.table.name);
  TRY(update.step());
  if (sqlite3_changes(to.handle()) > 0) return {};
  auto insert = TRY(to.prepare("INSERT INTO main.sqlite_sequence VALUES (?1, " +
                               std::to_string(*extract.sequence) + ")"));
  insert.bind(1, extract.table.name);
  TRY(insert.step());
  return {};
}

Result<void> fill(const Connection& from, const Connection& to, const Extract& extract) {
  for (const auto& pragma : extract.pragmas) TRY(to.execute("PRAGMA main." + pragma));
  for (const char* setting : {"journal_mode=MEMORY", "synchronous=OFF", "foreign_keys=OFF",
                              "ignore_check_constraints=ON"})
    TRY(to.execute("PRAGMA " + std::string(setting)));
  const auto callback = [](void*, int action, const char*, const char* second, const char*,
                           const char*) { return authorize_schema(action, second); };
  sqlite3_set_authorizer(to.handle(), callback, nullptr);
  TRY(to.execute("BEGIN"));
  TRY_CONTEXT("table " + extract.table.name, to.execute(extract.create));
  TRY_CONTEXT("table " + extract.table.name, copy_rows(from, to, extract.table));
  TRY(set_sequence(to, extract));
  for (const auto& sql : extract.followers) TRY_CONTEXT(sql, to.execute(sql));
  TRY(to.execute("COMMIT"));
  sqlite3_set_authorizer(to.handle(), nullptr, nullptr);
  return {};
}

// Its declaration may have been changed since rows were written, and then converts or refuses what
// it holds: what comes out must be what was in it.
Result<void> compare_rows(const Connection& from, const Connection& to, const Table& table) {
  const auto expected = TRY(scan_tables({&from}, {table}));
  const auto copied = TRY(scan_tables({&to}, {TRY(read_table(to, table.name))}));
  if (expected[0].rows == copied[0].rows && expected[0].words == copied[0].words) return {};
  return Failure(
      Error(Code::damage_found, "table " + table.name + ": its rows do not fit its declaration")
          .with_hint("Taken out alone they would change. Restore the whole database."));
}

Result<void> refuse_existing(const std::string& target) {
  auto paths = sidecars_of(target);
  paths.push_back(target);
  for (const auto& path : paths)
    if (TRY(state_of(path)))
      return fail(Error(Code::exists, path + " is there already")
                      .with_hint("Name a file that is not there yet."));
  return {};
}

Result<void> make_durable(const std::string& partial, const std::string& target) {
  const auto file = TRY(lifeboat::open_file(partial, O_RDONLY));
  TRY(sync_descriptor(file.get()));
  if (::rename(partial.c_str(), target.c_str()) != 0)
    return fail_errno(errno, "cannot move the table's database to " + target);
  return sync_directory(fs::path(target).parent_path());
}

Result<void> build(const Connection& from, const Extract& extract, const std::string& partial) {
  // SQLite itself would make it readable for everybody.
  TRY(lifeboat::open_file(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
  OpenOptions options;
  options.path = partial;
  options.mode = OpenOptions::Mode::create;
  const auto to = TRY(Connection::open(options));
  TRY(fill(from, to, extract));
  return compare_rows(from, to, extract.table);
}

}  // namespace

Result<void> extract_table(const std::string& restored, const std::string& table,
                           const std::string& target) {
  OpenOptions options;
  options.path = fs::absolute(restored).lexically_normal().string();
  options.mode = OpenOptions::Mode::frozen;
  const auto from = TRY(Connection::open(options));
  const auto extract = TRY(plan_extract(from, table));
  const auto place = fs::absolute(target).lexically_normal().string();
  TRY(refuse_existing(place));
  const auto partial = place + std::string(kPartialSuffix);
  ::unlink(partial.c_str());
  if (auto built = build(from, extract, partial); !built) {
    ::unlink(partial.c_str());
    return built;
  }
  return make_durable(partial, place);
}

}  // namespace lifeboat::engine::sqlite
