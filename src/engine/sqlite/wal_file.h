#pragma once
// Reads just enough of a -wal file to tell whether it can belong to the database beside it
// (https://www.sqlite.org/fileformat2.html, 4). Thread-safe.
#include "engine/sqlite/database_file.h"

namespace lifeboat::engine::sqlite {

// Signed, as offsets of SQLite are.
inline constexpr std::int64_t kWalHeaderSize = 32;
inline constexpr std::int64_t kFrameHeaderSize = 24;

// `source_unreadable` when the -wal provably belongs to another database or to an older state of
// this one: opening the two together would mix their pages. A foreign -wal whose page size and
// counters happen to fit cannot be told from the right one.
Result<void> check_wal(const std::string& wal_path, const Header& database);

}  // namespace lifeboat::engine::sqlite
