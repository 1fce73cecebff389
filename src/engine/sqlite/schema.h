#pragma once
// What a database declares: its tables with their stored columns, and every object with the hash of
// its SQL. Read through plain queries only, so that nothing declared is run. Values and functions;
// thread-safe as the connection is.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

struct SchemaObject {
  std::string type;  // "table" "index" "view" "trigger"
  std::string name;
  std::string table;               // the table it belongs to
  std::optional<std::string> sql;  // none for the indexes that constraints make
  bool is_virtual = false;
};

struct Column {
  std::string name;
  bool generated = false;  // stored, but computed
};

struct Table {
  std::string name;
  std::vector<Column>
      columns;        // the stored ones, in declared order; virtual generated ones are not data
  std::string rowid;  // a name by which its rowid can be read; empty when there is none
};

// Ordered by type and name, so that equal schemas give equal lists.
Result<std::vector<SchemaObject>> read_schema(const Connection& connection);
Result<Table> read_table(const Connection& connection, const std::string& name);
// Every ordinary table with rows of its own, also SQLite's and the shadow tables of virtual ones.
bool has_rows(const SchemaObject& object);
// All of those.
Result<std::vector<Table>> read_tables(const Connection& connection,
                                       const std::vector<SchemaObject>& objects);

// "SELECT rowid, a, b FROM main.t NOT INDEXED": from the table itself, never from an index that has
// all columns.
std::string select_all(const Table& table);

// As SQLite compares names: without regard to the case of ASCII letters.
bool same_name(std::string_view one, std::string_view other);

// A name as JSON can carry it: itself when it is UTF-8, else its bytes in hex.
std::string json_name(const std::string& name);

}  // namespace lifeboat::engine::sqlite
