#include "engine/sqlite/table_scan.h"

#include <atomic>
#include <optional>
#include <thread>

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::uint64_t kParts = 32;
constexpr std::uint64_t kSmallSpan = 50'000;

// One table, or those of its rows whose rowid lies in a range.
struct Part {
  std::size_t table = 0;
  std::optional<std::pair<std::int64_t, std::int64_t>> rowids;
};

Result<std::optional<std::int64_t>> outermost(const Connection& connection, const Table& table,
                                              const std::string& function) {
  auto row = TRY(connection.prepare("SELECT " + function + "(" + table.rowid + ") FROM main." +
                                    in_quotes(table.name) + " NOT INDEXED"));
  if (!TRY(row.step()) || row.type(0) == SQLITE_NULL) return std::nullopt;
  return row.integer(0);
}

// Rowids are signed and may be anywhere, so spans are counted without a sign.
Result<void> split(const Connection& connection, const Table& table, std::vector<Part>& parts) {
  const auto number = parts.back().table;
  const auto lowest = TRY(outermost(connection, table, "min"));
  const auto highest = TRY(outermost(connection, table, "max"));
  if (!lowest || !highest) return {};
  const auto span = static_cast<std::uint64_t>(*highest) - static_cast<std::uint64_t>(*lowest);
  if (span < kSmallSpan) return {};
  parts.pop_back();
  const auto step = span / kParts;
  auto from = static_cast<std::uint64_t>(*lowest);
  for (std::uint64_t i = 0; i < kParts; ++i, from += step + 1) {
    const auto to = i + 1 == kParts ? static_cast<std::uint64_t>(*highest) : from + step;
    parts.push_back(
        {number, std::pair(static_cast<std::int64_t>(from), static_cast<std::int64_t>(to))});
  }
  return {};
}

Result<std::vector<Part>> plan_parts(const Connection& connection, const std::vector<Table>& tables,
                                     bool divide) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    parts.push_back({i, std::nullopt});
    if (divide && !tables[i].rowid.empty())
      TRY_CONTEXT("table " + tables[i].name, split(connection, tables[i], parts));
  }
  return parts;
}

std::string select_part(const Table& table, const Part& part) {
  auto sql = select_all(table);
  if (part.rowids)
    sql += " WHERE " + table.rowid + " BETWEEN " + std::to_string(part.rowids->first) + " AND " +
           std::to_string(part.rowids->second);
  return sql;
}

Result<void> scan_part(const Connection& connection, const std::string& sql, RowHasher& hasher,
                       RowSum& sum) {
  auto rows = TRY(connection.prepare(sql));
  while (TRY(rows.step())) sum.add(hasher.digest(rows));
  return {};
}

// What the threads share: the next part to take, and the first error.
struct Work {
  const std::vector<Table>& tables;
  const std::vector<Part>& parts;
  std::vector<RowSum> sums;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::vector<std::optional<Error>> errors;  // one a thread

  void run(const Connection& connection, std::size_t thread) {
    RowHasher hasher;
    for (auto i = next++; i < parts.size() && !failed; i = next++) {
      const auto& table = tables[parts[i].table];
      auto scanned = scan_part(connection, select_part(table, parts[i]), hasher, sums[i]);
      if (scanned) continue;
      errors[thread] = std::move(scanned).error().add_context("table " + table.name);
      failed = true;
    }
  }
};

}  // namespace

Result<std::vector<RowSum>> scan_tables(const std::vector<const Connection*>& connections,
                                        const std::vector<Table>& tables) {
  const auto parts = TRY(plan_parts(*connections.front(), tables, connections.size() > 1));
  Work work{tables, parts, std::vector<RowSum>(parts.size()), {}, {}, {}};
  work.errors.resize(connections.size());
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < connections.size(); ++i)
      others.emplace_back([&, i] { work.run(*connections[i], i); });
    work.run(*connections.front(), 0);
  }
  for (auto& error : work.errors)
    if (error) return fail(std::move(*error));
  std::vector<RowSum> sums(tables.size());
  for (std::size_t i = 0; i < parts.size(); ++i) sums[parts[i].table].add(work.sums[i]);
  return sums;
}

}  // namespace lifeboat::engine::sqlite
