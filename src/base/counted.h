#pragma once
// Numbers of things as people read them. Pure.
#include <cstdint>
#include <string>
#include <string_view>

namespace lifeboat {

// "1 file", "2 files"; "no files" is said as "0 files".
inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace lifeboat
