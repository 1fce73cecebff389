#pragma once
// Markers as lines "NUMBER TIME" of one file in the folder. Stateless.
#include "engine/markers.h"

namespace lifeboat::engine::files {

// The file is replaced whole each time, so a backup never reads half a line. `not_found` when there
// is no folder.
Result<Marker> write_marker(const std::string& folder, const std::string& name, Time now);
Result<std::optional<MarkerTrail>> read_markers(const std::string& folder, const std::string& name);

}  // namespace lifeboat::engine::files
