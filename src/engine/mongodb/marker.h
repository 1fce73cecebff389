#pragma once
// Markers in a database: documents {_id: number, time} of a collection of their own.
#include <vector>

#include "engine/markers.h"
#include "engine/mongodb/oplog_entry.h"

namespace lifeboat::engine::mongodb {

Result<Marker> write_marker(const SourceOptions& source, const std::string& collection, Time now);
Result<std::optional<MarkerTrail>> read_markers(const std::string& place,
                                                const std::string& collection);
Result<std::vector<LoggedMarker>> markers_in_log(ByteView entries, const Namespace& where);

}  // namespace lifeboat::engine::mongodb
