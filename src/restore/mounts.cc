#include "restore/mounts.h"

#include <fstream>
#include <sstream>

namespace lifeboat::restore {
namespace {

namespace fs = std::filesystem;

// The kernel writes spaces, tabs, line ends and backslashes as three octal digits.
std::string unescape(const std::string& written) {
  std::string text;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto digits = written[i] == '\\' ? written.substr(i + 1, 3) : "";
    const bool is_escape =
        digits.size() == 3 && digits.find_first_not_of("01234567") == std::string::npos;
    text += is_escape ? static_cast<char>(std::stoi(digits, nullptr, 8)) : written[i];
    if (is_escape) i += 3;
  }
  return text;
}

}  // namespace

std::optional<DevicePlace> device_place(const fs::path& place, std::istream& mounts) {
  std::optional<DevicePlace> found;
  std::size_t longest = 0;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string number, parent, device, root, point;
    if (!(words >> number >> parent >> device >> root >> point)) continue;
    point = unescape(point);
    const auto inside = place.lexically_relative(point);
    // What is mounted later hides what was there.
    if (inside.empty() || *inside.begin() == ".." || point.size() < longest) continue;
    longest = point.size();
    const auto path = inside == "." ? fs::path(unescape(root)) : fs::path(unescape(root)) / inside;
    found = {device, path.string()};
  }
  return found;
}

std::optional<DevicePlace> device_place(const fs::path& place) {
  std::ifstream mounts("/proc/self/mountinfo");
  return device_place(place, mounts);
}

}  // namespace lifeboat::restore
