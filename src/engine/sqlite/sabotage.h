#pragma once
// The ways in which backups of SQLite databases are bad, done to a restored copy. Writes to the
// file it is given; one thread for each.
#include "engine/engine.h"

namespace lifeboat::engine::sqlite {

std::vector<Defect> sqlite_defects();
Result<std::optional<std::string>> plant_defect(const std::string& defect,
                                                const std::string& place);

}  // namespace lifeboat::engine::sqlite
