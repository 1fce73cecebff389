#include "engine/files/marker.h"

#include <charconv>
#include <vector>

#include "base/file.h"

namespace lifeboat::engine::files {
namespace {

constexpr std::size_t kMostBytes = 4U << 20U;
constexpr mode_t kMode = 0644;

Result<Marker> marker_of(const std::string& line) {
  Marker marker;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), marker.number);
  const auto read = static_cast<std::size_t>(end - line.data());
  if (error != std::errc{} || marker.number == 0 || read >= line.size() || line[read] != ' ')
    return fail(Code::corrupt, "a file of markers with a line that is none");
  marker.time = TRY(parse_rfc3339(line.substr(read + 1)));
  return marker;
}

Result<std::vector<std::string>> lines_of(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return std::vector<std::string>{};
  const auto text = to_text(TRY(read_file(file, kMostBytes)));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

Result<Marker> write_marker(const std::string& folder, const std::string& name, Time now) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return fail(Code::not_found, "there is no folder " + folder);
  const auto file = fs::path(folder) / name;
  auto lines = TRY(lines_of(file));
  Marker next{1, now};
  if (!lines.empty()) next.number = TRY(marker_of(lines.back())).number + 1;
  lines.push_back(std::to_string(next.number) + " " + to_rfc3339(now));
  std::string text;
  const auto dropped = lines.size() > kKeptMarkers ? lines.size() - kKeptMarkers : 0;
  for (auto i = dropped; i < lines.size(); ++i) text += lines[i] + "\n";
  TRY(write_file(file, view_of(text), kMode));
  return next;
}

Result<std::optional<MarkerTrail>> read_markers(const std::string& folder,
                                                const std::string& name) {
  const auto lines = TRY(lines_of(fs::path(folder) / name));
  if (lines.empty()) return std::nullopt;
  MarkerTrail trail;
  trail.count = lines.size();
  trail.first = TRY(marker_of(lines.front())).number;
  trail.newest = TRY(marker_of(lines.back()));
  if (trail.newest.number < trail.first)
    return fail(Code::corrupt, "a file of markers that is not in order");
  return trail;
}

}  // namespace lifeboat::engine::files
