#pragma once
// Counts and digests the rows of many tables, with as many threads as there are connections that
// see the same state. Each connection is used by one thread; the call returns when all are done.
#include <functional>
#include <vector>

#include "engine/sqlite/row_digest.h"
#include "engine/sqlite/schema.h"

namespace lifeboat::engine::sqlite {

// One sum for each table, in their order. An error names its table. Every one of the `connections`,
// at least one, must see the same state.
Result<std::vector<RowSum>> scan_tables(const std::vector<const Connection*>& connections,
                                        const std::vector<Table>& tables);

}  // namespace lifeboat::engine::sqlite
