#pragma once
// Where a place lies whatever it is mounted under: a bind mount gives a folder another name, also a
// folder that is only a part of something. Stateless.
#include <filesystem>
#include <istream>
#include <optional>
#include <string>

namespace lifeboat::restore {

struct DevicePlace {
  std::string device;  // "8:1"
  std::string path;    // on the file system of that device
};

// Of an absolute place without links, by the lines of /proc/self/mountinfo; nothing when no mount
// holds it.
std::optional<DevicePlace> device_place(const std::filesystem::path& place, std::istream& mounts);
// By those of this process.
std::optional<DevicePlace> device_place(const std::filesystem::path& place);

}  // namespace lifeboat::restore
