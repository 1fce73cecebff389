#include "engine/sqlite/sabotage.h"

#include <algorithm>
#include <array>

#include "base/file.h"
#include "engine/sqlite/ledgers.h"
#include "engine/sqlite/schema.h"

namespace lifeboat::engine::sqlite {
namespace {

using Planted = Result<std::optional<std::string>>;
const std::optional<std::string> kNothing;

// The database as a saboteur sees it: its schema, and a connection that runs no triggers.
class Victim {
 public:
  static Result<Victim> open(const std::string& place) {
    OpenOptions options;
    options.path = fs::absolute(place).lexically_normal().string();
    options.mode = OpenOptions::Mode::last;
    auto connection = TRY(Connection::open(options));
    TRY(connection.execute("PRAGMA foreign_keys = OFF"));
    TRY(connection.execute("PRAGMA ignore_check_constraints = ON"));
    auto objects = TRY(read_schema(connection));
    return Victim(std::move(connection), std::move(objects));
  }

  Planted drop(const std::string& type) const {
    const auto found = std::ranges::find_if(objects_, [&](const SchemaObject& object) {
      return object.type == type && object.sql && !object.name.starts_with("sqlite_");
    });
    if (found == objects_.end()) return kNothing;
    TRY(connection_.execute("DROP " + type + " main." + in_quotes(found->name)));
    return "dropped the " + type + " " + found->name;
  }

  Planted drop_table() const {
    const auto table = TRY(largest_table());
    if (!table) return kNothing;
    TRY(connection_.execute("DROP TABLE main." + in_quotes(table->name)));
    return "dropped the table " + table->name;
  }

  Planted empty_table() const {
    const auto table = TRY(largest_table());
    if (!table) return kNothing;
    TRY(connection_.execute("DELETE FROM main." + in_quotes(table->name)));
    return "emptied " + table->name;
  }

  Planted lose_row() const {
    const auto table = TRY(largest_table(true));
    if (!table) return kNothing;
    TRY(connection_.execute("DELETE FROM main." + in_quotes(table->name) + " WHERE " +
                            table->rowid + " = (SELECT max(" + table->rowid + ") FROM main." +
                            in_quotes(table->name) + ")"));
    return "deleted the last row of " + table->name;
  }

  // The first column that takes another value: keys and unique ones do not always.
  Planted change_value() const {
    const auto table = TRY(largest_table(true));
    if (!table) return kNothing;
    for (auto column = table->columns.rbegin(); column != table->columns.rend(); ++column) {
      if (column->generated) continue;
      const auto name = in_quotes(column->name);
      const auto changed = connection_.execute("UPDATE main." + in_quotes(table->name) + " SET " +
                                               name + " = ifnull(" + name + ", '') || '!' WHERE " +
                                               table->rowid + " = (SELECT max(" + table->rowid +
                                               ") FROM main." + in_quotes(table->name) + ")");
      if (changed) return "changed " + column->name + " in the last row of " + table->name;
    }
    return kNothing;
  }

  Planted lose_migration() const {
    const auto tables = TRY(read_tables(connection_, objects_));
    const auto ledgers = TRY(list_ledgers(connection_, tables));
    const auto found =
        std::ranges::find_if(ledgers, [](const Ledger& ledger) { return !ledger.applied.empty(); });
    if (found == ledgers.end()) return kNothing;
    const auto table = in_quotes(found->table);
    TRY(connection_.execute("DELETE FROM main." + table +
                            " WHERE rowid = (SELECT max(rowid) FROM main." + table + ")"));
    return "deleted the last migration of " + found->table;
  }

  Planted change_version() const {
    const auto version = TRY(connection_.number("PRAGMA main.user_version"));
    TRY(connection_.execute("PRAGMA main.user_version = " +
                            std::to_string(version == 0 ? 1 : version - 1)));
    return std::string("changed user_version");
  }

 private:
  Victim(Connection connection, std::vector<SchemaObject> objects)
      : connection_(std::move(connection)), objects_(std::move(objects)) {}

  Result<std::optional<Table>> largest_table(bool with_rowid = false) const {
    std::optional<Table> largest;
    std::int64_t most = 0;
    for (const auto& table : TRY(read_tables(connection_, objects_))) {
      if (table.name.starts_with("sqlite_") || (with_rowid && table.rowid.empty())) continue;
      const auto rows =
          TRY(connection_.number("SELECT count(*) FROM main." + in_quotes(table.name)));
      if (rows <= most) continue;
      most = rows;
      largest = table;
    }
    return largest;
  }

  Connection connection_;
  std::vector<SchemaObject> objects_;
};

Planted cut_file(const std::string& place) {
  std::error_code error;
  const auto size = fs::file_size(place, error);
  if (!error) fs::resize_file(place, size / 2, error);
  if (error) return fail_errno(error.value(), "cannot cut " + place);
  return std::string("cut the file in half");
}

using Plant = Planted (*)(const Victim& victim);

struct Way {
  const char* name;
  const char* caught_by;
  const char* explained_by;
  Plant plant;
};

constexpr std::array<Way, 9> kWays{{
    {"table-dropped", "catalog", "table-lost",
     [](const Victim& victim) { return victim.drop_table(); }},
    {"table-emptied", "counts", "rows-lost",
     [](const Victim& victim) { return victim.empty_table(); }},
    {"row-lost", "counts", "rows-lost", [](const Victim& victim) { return victim.lose_row(); }},
    {"value-changed", "digests", "values-changed",
     [](const Victim& victim) { return victim.change_value(); }},
    {"index-missing", "catalog", "index-lost",
     [](const Victim& victim) { return victim.drop("index"); }},
    {"trigger-missing", "catalog", "trigger-lost",
     [](const Victim& victim) { return victim.drop("trigger"); }},
    {"view-missing", "catalog", "view-lost",
     [](const Victim& victim) { return victim.drop("view"); }},
    {"migration-lost", "catalog", "ledger-changed",
     [](const Victim& victim) { return victim.lose_migration(); }},
    {"version-changed", "catalog", "version-changed",
     [](const Victim& victim) { return victim.change_version(); }},
}};
constexpr const char* kCut = "file-cut";

}  // namespace

std::vector<Defect> sqlite_defects() {
  std::vector<Defect> defects{{kCut, {}, {"restored-unreadable", "data-unreadable"}}};
  for (const auto& way : kWays) defects.push_back({way.name, {way.caught_by}, {way.explained_by}});
  return defects;
}

Result<std::optional<std::string>> plant_defect(const std::string& defect,
                                                const std::string& place) {
  if (defect == kCut) return cut_file(place);
  const auto* way =
      std::ranges::find(kWays, defect, [](const Way& each) { return std::string_view(each.name); });
  if (way == kWays.end()) return fail(Code::usage, "no defect is called " + defect);
  return way->plant(TRY(Victim::open(place)));
}

}  // namespace lifeboat::engine::sqlite
