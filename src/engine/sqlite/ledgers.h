#pragma once
// Recognises the tables in which migration tools keep what they have applied, and reads their
// state: how many, the last one, failed ones, a held lock. Names of migrations are the only
// contents that leave a database here.
#include "base/json.h"
#include "engine/engine.h"
#include "engine/sqlite/schema.h"

namespace lifeboat::engine::sqlite {

// By the ledger's table: {tool, applied, last, failed, dirty, locked}; one that cannot be read has
// an "unreadable" reason instead of its state.
Result<Json> read_ledgers(const Connection& connection, const std::vector<Table>& tables);

// The same ledgers with the name of every migration; the first that cannot be read is an error.
Result<std::vector<Ledger>> list_ledgers(const Connection& connection,
                                         const std::vector<Table>& tables);

}  // namespace lifeboat::engine::sqlite
