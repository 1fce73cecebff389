#include "engine/sqlite/integrity.h"

#include "engine/sqlite/database_file.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr int kMost = 100;

// Damage can be so bad that the check itself ends with an error: that is a complaint like the
// others.
Result<bool> next(Statement& rows, std::vector<std::string>& complaints) {
  auto more = rows.step();
  if (more || more.error().code() != Code::damage_found) return more;
  complaints.push_back(more.error().message());
  return false;
}

Result<void> check_structure(const Connection& connection, bool quick,
                             std::vector<std::string>& complaints) {
  const std::string pragma = quick ? "quick_check" : "integrity_check";
  auto rows = TRY(connection.prepare("PRAGMA main." + pragma + "(" + std::to_string(kMost) + ")"));
  while (TRY(next(rows, complaints)))
    if (const auto line = rows.text(0); line != "ok") complaints.push_back(line);
  return {};
}

Result<void> check_references(const Connection& connection, std::vector<std::string>& complaints) {
  auto rows = TRY(connection.prepare("PRAGMA main.foreign_key_check"));
  for (int count = 0; count < kMost && TRY(next(rows, complaints)); ++count)
    complaints.push_back("table " + rows.text(0) + ": row " + rows.text(1) +
                         " refers to a row of " + rows.text(2) + " that is not there");
  return {};
}

Result<void> complain_of_size(const Connection& connection, std::vector<std::string>& complaints) {
  const auto pages = TRY(connection.number("PRAGMA main.page_count"));
  const auto page_size = TRY(connection.number("PRAGMA main.page_size"));
  const auto state = TRY(state_of(connection.path()));
  const auto expected = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size);
  if (state && state->stamp.size != expected)
    complaints.push_back("the file has " + std::to_string(state->stamp.size) +
                         " bytes where its pages are " + std::to_string(expected));
  return {};
}

// The first statement reads the schema, so it is the one that meets a broken one.
Result<void> check_all(const Connection& connection, bool quick,
                       std::vector<std::string>& complaints) {
  TRY(check_structure(connection, quick, complaints));
  TRY(check_references(connection, complaints));
  return complain_of_size(connection, complaints);
}

// Others say that the check could not be made: a function that only the application has, a stop.
bool is_complaint(const Connection& connection, const Error& error) {
  return error.code() == Code::damage_found ||
         sqlite3_errcode(connection.handle()) == SQLITE_NOTADB;
}

Failure undecided(const Connection& connection) {
  return Failure(
      Error(Code::source_unreadable,
            connection.path() + " is sorted by a collation that only its application has")
          .with_hint("Its structure can only be checked there; the digests of its rows "
                     "do not need it."));
}

}  // namespace

Result<std::vector<std::string>> check_integrity(const Connection& connection, bool quick) {
  std::vector<std::string> complaints;
  const auto checked = check_all(connection, quick, complaints);
  if (!checked && !is_complaint(connection, checked.error())) return fail(checked.error());
  if (!checked) complaints.push_back(checked.error().message());
  if (connection.lacks_collation() && !complaints.empty()) return undecided(connection);
  return complaints;
}

}  // namespace lifeboat::engine::sqlite
