#include "engine/sqlite/ledgers.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/json_value.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::size_t kLongestMigration = 200;
constexpr int kMostFailed = 100;
constexpr int kMostListed = 100'000;

// A ledger is known by its table's name and columns, for several tools use the same names. The rest
// are pieces of SQL over that table. The first rule that fits a table wins.
struct Rule {
  std::string_view tool;
  std::string_view table;
  std::array<std::string_view, 5> columns;
  std::string_view name;   // what one migration is called
  std::string_view order;  // the last one is the highest by this
  std::string_view applied = "1";
  std::string_view failed = "0";
  std::string_view locked = {};  // a condition over the ledger itself
  std::string_view lock_table = {};
  std::string_view lock_column = {};
  std::string_view beside = {};  // a table that must exist too
  std::string_view checksum = {};
};

// clang-format off
constexpr Rule kRules[] = {
    {.tool = "prisma", .table = "_prisma_migrations",
     .columns = {"migration_name", "started_at", "finished_at", "rolled_back_at"},
     .name = "migration_name", .order = "started_at",
     .applied = "finished_at IS NOT NULL AND rolled_back_at IS NULL",
     .failed = "finished_at IS NULL AND rolled_back_at IS NULL", .checksum = "checksum"},
    {.tool = "flyway", .table = "flyway_schema_history",
     .columns = {"installed_rank", "version", "script", "success"},
     .name = "script", .order = "installed_rank", .applied = "success", .failed = "NOT success"},
    {.tool = "flyway", .table = "schema_version",
     .columns = {"installed_rank", "version", "script", "success"},
     .name = "script", .order = "installed_rank", .applied = "success", .failed = "NOT success"},
    {.tool = "alembic", .table = "alembic_version", .columns = {"version_num"},
     .name = "version_num", .order = "version_num"},
    {.tool = "django", .table = "django_migrations", .columns = {"id", "app", "name", "applied"},
     .name = "app || '.' || name", .order = "id"},
    {.tool = "golang-migrate", .table = "schema_migrations", .columns = {"version", "dirty"},
     .name = "version", .order = "version", .applied = "NOT dirty", .failed = "dirty"},
    {.tool = "ecto", .table = "schema_migrations", .columns = {"version", "inserted_at"},
     .name = "version", .order = "version"},
    {.tool = "rails", .table = "schema_migrations", .columns = {"version"},
     .name = "version", .order = "version", .beside = "ar_internal_metadata"},
    {.tool = "dbmate", .table = "schema_migrations", .columns = {"version"},
     .name = "version", .order = "version"},
    {.tool = "liquibase", .table = "databasechangelog",
     .columns = {"id", "author", "filename", "exectype", "orderexecuted"},
     .name = "id", .order = "orderexecuted",
     .applied = "exectype <> 'FAILED'", .failed = "exectype = 'FAILED'",
     .lock_table = "databasechangeloglock", .lock_column = "locked"},
    {.tool = "knex", .table = "knex_migrations", .columns = {"id", "name", "batch"},
     .name = "name", .order = "id",
     .lock_table = "knex_migrations_lock", .lock_column = "is_locked"},
    {.tool = "typeorm", .table = "migrations", .columns = {"id", "timestamp", "name"},
     .name = "name", .order = "timestamp"},
    {.tool = "laravel", .table = "migrations", .columns = {"id", "migration", "batch"},
     .name = "migration", .order = "id"},
    {.tool = "sequelize", .table = "SequelizeMeta", .columns = {"name"},
     .name = "name", .order = "name"},
    {.tool = "ef", .table = "__EFMigrationsHistory", .columns = {"MigrationId"},
     .name = "MigrationId", .order = "MigrationId"},
    {.tool = "goose", .table = "goose_db_version", .columns = {"id", "version_id", "is_applied"},
     .name = "version_id", .order = "id", .applied = "is_applied AND version_id > 0"},
    {.tool = "sqlx", .table = "_sqlx_migrations", .columns = {"version", "success"},
     .name = "version", .order = "version", .applied = "success", .failed = "NOT success"},
    {.tool = "drizzle", .table = "__drizzle_migrations", .columns = {"hash", "created_at"},
     .name = "hash", .order = "created_at"},
    {.tool = "diesel", .table = "__diesel_schema_migrations", .columns = {"version"},
     .name = "version", .order = "version"},
    {.tool = "davepi", .table = "_migrations", .columns = {"name", "status"},
     .name = "name", .order = "name",
     .applied = "name <> '__lock' AND status = 'succeeded'",
     .failed = "name <> '__lock' AND status <> 'succeeded'", .locked = "name = '__lock'"},
    {.tool = "davepi", .table = "_migrations", .columns = {"name"},
     .name = "name", .order = "name", .applied = "name <> '__lock'", .locked = "name = '__lock'"},
};
// clang-format on

const Table* find_table(const std::vector<Table>& tables, std::string_view name) {
  const auto found =
      std::ranges::find_if(tables, [&](const Table& table) { return same_name(table.name, name); });
  return found == tables.end() ? nullptr : &*found;
}

bool has_columns(const Table& table, std::span<const std::string_view> wanted) {
  return std::ranges::all_of(wanted, [&](std::string_view name) {
    return name.empty() || std::ranges::any_of(table.columns, [&](const Column& column) {
             return same_name(column.name, name);
           });
  });
}

const Rule* rule_for(const Table& table, const std::vector<Table>& tables) {
  const auto fits = [&](const Rule& rule) {
    return same_name(rule.table, table.name) && has_columns(table, rule.columns) &&
           (rule.beside.empty() || find_table(tables, rule.beside) != nullptr);
  };
  const auto found = std::ranges::find_if(kRules, fits);
  return found == std::end(kRules) ? nullptr : found;
}

std::string query(std::string_view what, const Table& table, std::string_view condition) {
  return "SELECT " + std::string(what) + " FROM main." + in_quotes(table.name) +
         " NOT INDEXED WHERE " + std::string(condition);
}

std::string shown(std::string name) {
  if (name.size() > kLongestMigration) name.resize(kLongestMigration);
  return json_name(name);
}

Result<Json> names(const Connection& connection, const std::string& sql) {
  auto rows = TRY(connection.prepare(sql));
  Json list = Json::array();
  while (TRY(rows.step())) list.push_back(shown(rows.text(0)));
  return list;
}

Result<bool> is_locked(const Connection& connection, const Rule& rule, const Table& table,
                       const std::vector<Table>& tables) {
  if (!rule.locked.empty())
    return TRY(connection.number(query("count(*)", table, rule.locked))) > 0;
  const std::string_view columns[] = {rule.lock_column};
  const Table* lock = rule.lock_table.empty() ? nullptr : find_table(tables, rule.lock_table);
  if (lock == nullptr || !has_columns(*lock, columns)) return false;
  const auto held = std::string(rule.lock_column) + " IN (1, '1', 'true', 'TRUE')";
  return TRY(connection.number(query("count(*)", *lock, held))) > 0;
}

Result<void> read_state(const Connection& connection, const Rule& rule, const Table& table,
                        Json& ledger) {
  ledger["applied"] = TRY(connection.number(query("count(*)", table, rule.applied)));
  const auto last = TRY(names(connection, query(rule.name, table, rule.applied) + " ORDER BY " +
                                              std::string(rule.order) + " DESC LIMIT 1"));
  ledger["last"] = last.empty() ? Json() : last.front();
  ledger["failed"] = TRY(names(
      connection, query(rule.name, table, rule.failed) + " LIMIT " + std::to_string(kMostFailed)));
  ledger["dirty"] = !ledger["failed"].empty();
  return {};
}

Result<Json> read_ledger(const Connection& connection, const Rule& rule, const Table& table,
                         const std::vector<Table>& tables) {
  Json ledger{{"tool", rule.tool}};
  TRY(read_state(connection, rule, table, ledger));
  ledger["locked"] = TRY(is_locked(connection, rule, table, tables));
  return ledger;
}

bool has_column(const Table& table, std::string_view name) {
  const std::string_view columns[] = {name};
  return !name.empty() && has_columns(table, columns);
}

Result<Ledger> list_ledger(const Connection& connection, const Rule& rule, const Table& table,
                           const std::vector<Table>& tables) {
  Ledger ledger;
  ledger.table = table.name;
  ledger.tool = rule.tool;
  const auto checksum = has_column(table, rule.checksum) ? std::string(rule.checksum) : "NULL";
  auto rows = TRY(connection.prepare(
      query(std::string(rule.name) + ", " + checksum, table, rule.applied) + " ORDER BY " +
      std::string(rule.order) + " LIMIT " + std::to_string(kMostListed)));
  while (TRY(rows.step())) ledger.applied.push_back({shown(rows.text(0)), rows.text(1)});
  for (const auto& name : TRY(names(connection, query(rule.name, table, rule.failed) + " LIMIT " +
                                                    std::to_string(kMostFailed))))
    ledger.failed.push_back(name.get<std::string>());
  ledger.locked = TRY(is_locked(connection, rule, table, tables));
  return ledger;
}

}  // namespace

Result<std::vector<Ledger>> list_ledgers(const Connection& connection,
                                         const std::vector<Table>& tables) {
  std::vector<Ledger> ledgers;
  for (const auto& table : tables)
    if (const Rule* rule = rule_for(table, tables))
      ledgers.push_back(TRY_CONTEXT("the ledger " + json_name(table.name),
                                    list_ledger(connection, *rule, table, tables)));
  return ledgers;
}

Result<Json> read_ledgers(const Connection& connection, const std::vector<Table>& tables) {
  Json ledgers = Json::object();
  for (const auto& table : tables) {
    const Rule* rule = rule_for(table, tables);
    if (rule == nullptr) continue;
    auto ledger = read_ledger(connection, *rule, table, tables);
    if (!ledger && ledger.error().code() == Code::interrupted)
      return fail(std::move(ledger).error());
    ledgers[json_name(table.name)] =
        ledger ? std::move(*ledger)
               : Json{{"tool", rule->tool}, {"unreadable", ledger.error().message()}};
  }
  return ledgers;
}

}  // namespace lifeboat::engine::sqlite
