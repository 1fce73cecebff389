#pragma once
// What is true of a database at one moment: its settings, its schema, the exact number and the
// digest of the rows of every table, and its migrations. The same function looks at a source and at
// what was restored, so that equal states give equal facts. No contents of rows but names of
// migrations.
#include <vector>

#include "base/json.h"
#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

// Below this a second connection costs more than it brings.
inline constexpr std::uint64_t kLargeDatabase = 64U << 20U;

// All `connections` (at least one) must see the same state, in a transaction or in a frozen file;
// more than one lets more than one thread work. `wal`: the journal mode that the file itself keeps.
// The members, and which of them a drill compares, are in docs/format-engines.md: all but
// "about".
Result<Json> collect_facts(const std::vector<const Connection*>& connections, bool wal);

}  // namespace lifeboat::engine::sqlite
