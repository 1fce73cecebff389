#include "engine/markers.h"

#include "engine/files/marker.h"
#include "engine/mongodb/grants.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/marker.h"
#include "engine/mongodb/object_names.h"
#include "engine/sqlite/marker.h"

namespace lifeboat::engine {
namespace {

Failure takes_none(const std::string& type) {
  return fail(Code::usage, "a source of type " + type + " takes no markers");
}

}  // namespace

Result<Marker> write_marker(const SourceOptions& source, const std::string& name,
                            const RunContext& context) {
  const auto now = context.clock.now();
  if (source.type == "sqlite") return sqlite::write_marker(source.path, name, now);
  if (source.type == "files") return files::write_marker(source.path, name, now);
  if (source.type == "mongodb") return mongodb::write_marker(source, name, now);
  return takes_none(source.type);
}

Result<std::string> marker_grants(const SourceOptions& source, const std::string& name) {
  if (source.type != "mongodb") return std::string();
  return mongodb::grants_for_markers(TRY(mongodb::database_of(source)), name);
}

Result<std::optional<MarkerTrail>> read_markers(const MarkedPlace& marked) {
  if (marked.type == "sqlite") return sqlite::read_markers(marked.place, marked.name);
  if (marked.type == "files") return files::read_markers(marked.place, marked.name);
  if (marked.type == "mongodb") return mongodb::read_markers(marked.place, marked.name);
  return takes_none(marked.type);
}

Result<std::vector<LoggedMarker>> markers_in_log(const MarkedLog& log, ByteView piece) {
  if (log.type != "mongodb") return takes_none(log.type);
  return mongodb::markers_in_log(piece, {TRY(mongodb::unescape_name(log.database)), log.name});
}

}  // namespace lifeboat::engine
