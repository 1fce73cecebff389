#pragma once
// Markers: rows or lines that Lifeboat itself writes into a source at an interval, numbered without
// a gap, so that a restore can say which writes it lost. One writer at a time for each source.
#include <optional>
#include <string>
#include <vector>

#include "base/run_context.h"
#include "engine/options.h"

namespace lifeboat::engine {

struct Marker {
  std::uint64_t number = 0;
  Time time;
};

// All that a restored source holds of them; old ones are taken away in time.
struct MarkerTrail {
  std::uint64_t count = 0;
  std::uint64_t first = 0;
  Marker newest;
  bool has_gap() const { return newest.number - first + 1 != count; }
};

constexpr std::uint64_t kKeptMarkers = 10'000;

// The next one: a row of the table or a document of the collection `name` of a database, which is
// made when it is not there, or a line of the file `name` of a folder. `usage` for a kind of source
// that takes none.
Result<Marker> write_marker(const SourceOptions& source, const std::string& name,
                            const RunContext& context);

// What a server must allow whoever writes them, as commands to paste; empty where none grants
// anything.
Result<std::string> marker_grants(const SourceOptions& source, const std::string& name);

struct MarkedPlace {
  std::string type;   // of the source
  std::string place;  // where it was restored to
  std::string name;
};
// Nothing when it holds none. `corrupt` when what is there was not written by write_marker().
Result<std::optional<MarkerTrail>> read_markers(const MarkedPlace& marked);

// One that a log brings, and the position from which on it is there.
struct LoggedMarker {
  std::uint64_t number = 0;
  std::uint64_t position = 0;
};
struct MarkedLog {
  std::string type;      // of the source
  std::string database;  // as the snapshot's position names it
  std::string name;
};
// Those that a piece of the log brings, in its order. `usage` for a kind of source without a log.
Result<std::vector<LoggedMarker>> markers_in_log(const MarkedLog& log, ByteView piece);

}  // namespace lifeboat::engine
