#include "engine/sqlite/schema.h"

#include <strings.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/json_value.h"

namespace lifeboat::engine::sqlite {
namespace {

// Of PRAGMA table_xinfo's `hidden`.
enum Hidden : std::int64_t { kPlain = 0, kStoredGenerated = 3 };

// All columns, also those that are not stored: any of them hides a rowid of that name.
Result<std::vector<std::string>> read_columns(const Connection& connection, Table& table) {
  auto rows = TRY(connection.prepare("PRAGMA main.table_xinfo(" + in_quotes(table.name) + ")"));
  std::vector<std::string> names;
  while (TRY(rows.step())) {
    names.push_back(rows.text(1));
    const auto hidden = rows.integer(6);
    if (hidden == kPlain || hidden == kStoredGenerated)
      table.columns.push_back({names.back(), hidden == kStoredGenerated});
  }
  return names;
}

std::string find_rowid(const Connection& connection, const std::string& table,
                       const std::vector<std::string>& columns) {
  for (const char* candidate : {"rowid", "_rowid_", "oid"}) {
    const auto hides = [&](const std::string& column) { return same_name(column, candidate); };
    if (std::ranges::any_of(columns, hides)) continue;
    const int code =
        sqlite3_table_column_metadata(connection.handle(), "main", table.c_str(), candidate,
                                      nullptr, nullptr, nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? candidate : "";
  }
  return "";
}

}  // namespace

Result<std::vector<SchemaObject>> read_schema(const Connection& connection) {
  auto rows =
      TRY(connection.prepare("SELECT type, name, tbl_name, sql, rootpage "
                             "FROM main.sqlite_schema"));
  std::vector<SchemaObject> objects;
  while (TRY(rows.step())) {
    SchemaObject object{rows.text(0), rows.text(1), rows.text(2), std::nullopt, false};
    if (rows.type(3) != SQLITE_NULL) object.sql = rows.text(3);
    object.is_virtual = object.type == "table" && rows.integer(4) == 0;
    objects.push_back(std::move(object));
  }
  std::ranges::sort(objects, {}, [](const SchemaObject& object) {
    return std::tie(object.type, object.name, object.table);
  });
  return objects;
}

Result<Table> read_table(const Connection& connection, const std::string& name) {
  Table table;
  table.name = name;
  const auto columns = TRY_CONTEXT("table " + name, read_columns(connection, table));
  table.rowid = find_rowid(connection, name, columns);
  return table;
}

bool has_rows(const SchemaObject& object) { return object.type == "table" && !object.is_virtual; }

std::string select_all(const Table& table) {
  std::string list = table.rowid;
  for (const auto& column : table.columns)
    list += (list.empty() ? "" : ", ") + in_quotes(column.name);
  if (list.empty()) list = "NULL";
  return "SELECT " + list + " FROM main." + in_quotes(table.name) + " NOT INDEXED";
}

Result<std::vector<Table>> read_tables(const Connection& connection,
                                       const std::vector<SchemaObject>& objects) {
  std::vector<Table> tables;
  for (const auto& object : objects)
    if (has_rows(object)) tables.push_back(TRY(read_table(connection, object.name)));
  return tables;
}

bool same_name(std::string_view one, std::string_view other) {
  return one.size() == other.size() && ::strncasecmp(one.data(), other.data(), one.size()) == 0;
}

std::string json_name(const std::string& name) {
  try {
    static_cast<void>(Json(name).dump());
    return name;
  } catch (const Json::exception&) {
    return "bytes:" + to_hex(view_of(name));
  }
}

}  // namespace lifeboat::engine::sqlite
