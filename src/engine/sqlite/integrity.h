#pragma once
// SQLite's own structural checks of a restored database. They never replace counts and digests: an
// empty or an older database passes them.
#include <string>
#include <vector>

#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

// Complaints, at most a hundred of each kind; empty is good. `quick` leaves out indexes against
// tables. `source_unreadable` when only the application itself could tell: its own collation or
// function is missing here.
Result<std::vector<std::string>> check_integrity(const Connection& connection, bool quick);

}  // namespace lifeboat::engine::sqlite
