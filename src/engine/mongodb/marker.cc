#include "engine/mongodb/marker.h"

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/log_slice.h"

namespace lifeboat::engine::mongodb {
namespace {

enum class MarkerEnd : std::int8_t { oldest = 1, newest = -1 };

Failure no_marker(const std::string& collection) {
  return fail(Code::corrupt, "the collection " + collection + " is not one of markers");
}

Result<std::uint64_t> number_of(DocumentView document, const std::string& collection) {
  const auto id = document.find("_id");
  const auto number = id ? id->integer() : std::nullopt;
  if (!number || *number < 1) return no_marker(collection);
  return static_cast<std::uint64_t>(*number);
}

Result<std::optional<Marker>> marker_at(const Location& location, const std::string& collection,
                                        MarkerEnd end) {
  const auto connection = location.server->connect();
  const auto order = DocumentBuilder().int32("_id", static_cast<std::int32_t>(end)).take();
  const auto command =
      DocumentBuilder().text("find", collection).document("sort", order).int32("limit", 1).take();
  auto cursor = TRY(connection.open_cursor(location.database, command, 1));
  const auto found = TRY(cursor.next());
  if (found.empty()) return std::nullopt;
  const auto document = TRY(DocumentView::check(found));
  const auto time = document.text_at("time");
  if (!time) return no_marker(collection);
  return Marker{TRY(number_of(document, collection)), TRY(parse_rfc3339(std::string(*time)))};
}

Result<std::uint64_t> number_of_markers(const Location& location, const std::string& collection) {
  const auto reply = TRY(location.server->connect().command(
      location.database, DocumentBuilder().text("count", collection).take()));
  const auto count = TRY(DocumentView::check(reply)).find("n");
  return static_cast<std::uint64_t>(count ? count->integer().value_or(0) : 0);
}

// Old ones, so that the collection does not grow for ever.
Result<void> let_go(const Location& location, const std::string& collection, std::uint64_t newest) {
  if (newest <= kKeptMarkers) return {};
  const auto last = static_cast<std::int64_t>(newest - kKeptMarkers);
  const auto old =
      DocumentBuilder().document("_id", DocumentBuilder().int64("$lte", last).take()).take();
  ArrayBuilder deletes;
  deletes.document(DocumentBuilder().document("q", old).int32("limit", 0).take());
  TRY(location.server->connect().command(
      location.database,
      DocumentBuilder().text("delete", collection).array("deletes", deletes.take()).take()));
  return {};
}

}  // namespace

Result<Marker> write_marker(const SourceOptions& source, const std::string& collection, Time now) {
  const auto location = TRY(locate(source));
  const auto newest = TRY(marker_at(location, collection, MarkerEnd::newest));
  const Marker marker{newest ? newest->number + 1 : 1, now};
  const auto document = DocumentBuilder()
                            .int64("_id", static_cast<std::int64_t>(marker.number))
                            .text("time", to_rfc3339(now))
                            .take();
  auto written = location.server->connect().insert(location.database, collection, {document});
  if (!written)
    return fail(std::move(written).error().with_hint(
        "Markers need a user who may write them: markers: {uri: \"${MARKER_URI}\"}."));
  TRY(let_go(location, collection, marker.number));
  return marker;
}

Result<std::optional<MarkerTrail>> read_markers(const std::string& place,
                                                const std::string& collection) {
  const auto location = TRY(locate(place));
  const auto newest = TRY(marker_at(location, collection, MarkerEnd::newest));
  const auto oldest = TRY(marker_at(location, collection, MarkerEnd::oldest));
  if (!newest || !oldest) return std::nullopt;
  return MarkerTrail{TRY(number_of_markers(location, collection)), oldest->number, *newest};
}

Result<std::vector<LoggedMarker>> markers_in_log(ByteView entries, const Namespace& where) {
  std::vector<LoggedMarker> markers;
  const auto name = where.text();
  BsonReader reader;
  TRY(reader.feed(entries, [&](DocumentView document) -> Result<void> {
    const auto entry = TRY(parse_entry(document));
    if (entry.operation != Operation::insert || entry.ns != name) return {};
    markers.push_back({TRY(number_of(entry.object, where.collection)), position_of(entry.at.ts)});
    return {};
  }));
  TRY(reader.finish());
  return markers;
}

}  // namespace lifeboat::engine::mongodb
