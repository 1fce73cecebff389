#pragma once
// The ways in which backups of MongoDB databases are bad, done to a restored copy. Writes to the
// database it is given; one thread for each.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

std::vector<Defect> mongodb_defects();
Result<std::optional<std::string>> plant_defect(const std::string& defect,
                                                const std::string& place);

}  // namespace lifeboat::engine::mongodb
