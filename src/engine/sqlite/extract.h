#pragma once
// Takes one table out of a restored database: a new file with that table, its indexes, triggers and
// rows. Thread-safe.
#include <string>

#include "base/result.h"

namespace lifeboat::engine::sqlite {

// Page size, encoding, user_version and rowids are the original's. `not_found` names the tables
// there are; `exists` when something lies at the target already.
Result<void> extract_table(const std::string& restored, const std::string& table,
                           const std::string& target);

}  // namespace lifeboat::engine::sqlite
