#pragma once
// Markers as rows of a table of their own in the application's database. Stateless.
#include "engine/markers.h"

namespace lifeboat::engine::sqlite {

// Waits up to ten seconds for the application's lock. `not_found` when there is no database.
Result<Marker> write_marker(const std::string& path, const std::string& table, Time now);
Result<std::optional<MarkerTrail>> read_markers(const std::string& path, const std::string& table);

}  // namespace lifeboat::engine::sqlite
