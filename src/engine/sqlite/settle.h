#pragma once
// Makes a copy of a database that somebody else took, and that lies in a place of ours, what the
// next program that opens it would see. Stateless.
#include <string>

#include "base/result.h"

namespace lifeboat::engine::sqlite {

// Folds a -wal or -journal beside it into the database at `path`, which nobody else has open; true
// when there was one: then the copy was made of a database in use. `damage_found` for what is no
// whole database.
Result<bool> settle(const std::string& path);

}  // namespace lifeboat::engine::sqlite
