#pragma once
// The ways in which backups of files are bad, done to a restored tree. Writes below the folder it
// is given; one thread for each.
#include "engine/engine.h"

namespace lifeboat::engine::files {

std::vector<Defect> files_defects();
Result<std::optional<std::string>> plant_defect(const std::string& defect,
                                                const std::string& place);

}  // namespace lifeboat::engine::files
