#pragma once
// Time series that were restored from documents: what was put in is read back, for a server keeps
// it in another form, and facts are of what it keeps.
#include <map>

#include "engine/mongodb/facts.h"
#include "engine/mongodb/location.h"

namespace lifeboat::engine::mongodb {

// What must be true of the place: `recorded` with the facts of these series as its server keeps
// them; each by its name there, with the one that the recorded facts have. `check_failed` when
// their documents are not the recorded ones.
Result<Json> facts_of_series(const Location& location,
                             const std::map<std::string, std::string>& series, Json recorded,
                             const RunContext& context);

}  // namespace lifeboat::engine::mongodb
