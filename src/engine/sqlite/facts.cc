#include "engine/sqlite/facts.h"

#include "base/json_value.h"
#include "crypto/hash.h"
#include "engine/sqlite/ledgers.h"
#include "engine/sqlite/schema.h"
#include "engine/sqlite/table_scan.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr const char* kNumbers[] = {"page_size",   "page_count",   "freelist_count",
                                    "auto_vacuum", "user_version", "application_id"};

Result<Json> read_settings(const Connection& connection, bool wal) {
  Json facts{{"engine", "sqlite"}};
  for (const char* name : kNumbers)
    facts[name] = TRY(connection.number("PRAGMA main." + std::string(name)));
  facts["encoding"] = TRY(connection.text("PRAGMA main.encoding"));
  facts["about"] = {{"sqlite_version", sqlite3_libversion()},
                    {"journal_mode", wal ? "wal" : "rollback"}};
  return facts;
}

// Every part with its length before it, a missing SQL other than an empty one.
std::string fingerprint(const std::vector<SchemaObject>& objects) {
  ByteWriter writer;
  for (const auto& object : objects) {
    writer.sized(object.type).sized(object.name).sized(object.table);
    writer.u8(object.sql ? 1 : 0).sized(object.sql.value_or(""));
  }
  return crypto::sha256(writer.bytes()).hex();
}

// By type and name, so that a comparison can name the one that is missing or different.
Json describe_objects(const std::vector<SchemaObject>& objects) {
  Json described = Json::object();
  for (const auto& object : objects) {
    auto& entry = described[json_name(object.type + " " + object.name)];
    entry["table"] = json_name(object.table);
    entry["sql_sha256"] = object.sql ? Json(crypto::sha256(view_of(*object.sql)).hex()) : Json();
    if (object.is_virtual) entry["virtual"] = true;
  }
  return described;
}

Json describe_table(const Table& table, const RowSum& sum) {
  Json columns = Json::array();
  for (const auto& column : table.columns) columns.push_back(json_name(column.name));
  return {{"rows", sum.rows},
          {"digest", sum.hex()},
          {"columns", std::move(columns)},
          {"without_rowid", table.rowid.empty()}};
}

}  // namespace

Result<Json> collect_facts(const std::vector<const Connection*>& connections, bool wal) {
  const Connection& connection = *connections.front();
  auto facts = TRY(read_settings(connection, wal));
  const auto objects = TRY_CONTEXT("the schema", read_schema(connection));
  facts["schema_fingerprint"] = fingerprint(objects);
  facts["objects"] = describe_objects(objects);
  const auto tables = TRY(read_tables(connection, objects));
  const auto sums = TRY(scan_tables(connections, tables));
  facts["tables"] = Json::object();
  for (std::size_t i = 0; i < tables.size(); ++i)
    facts["tables"][json_name(tables[i].name)] = describe_table(tables[i], sums[i]);
  facts["migrations"] = TRY(read_ledgers(connection, tables));
  return facts;
}

}  // namespace lifeboat::engine::sqlite
