#pragma once
// How much an application in a cell may use. Values only.
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace lifeboat::sandbox {

// Where the restored data is, inside.
inline constexpr const char* kDataInside = "/data";

// Where something inside may connect to, by the name it uses.
struct Destination {
  std::string host;
  std::uint16_t port = 0;
  std::string socket{};  // of this machine, which it leads to instead: a server of the sandbox
  std::string text() const { return host + ":" + std::to_string(port); }
};

struct Limits {
  std::uint64_t memory = 2ULL << 30U;  // bytes, of all processes together
  unsigned processes = 256;
  unsigned open_files = 4096;                 // of each process
  std::uint64_t file_size = 4ULL << 30U;      // bytes, of each file that is written
  std::uint64_t temporary = 256ULL << 20U;    // bytes of /tmp
  std::uint64_t disk_reserve = 64ULL << 20U;  // bytes that must stay free beside the data
};

}  // namespace lifeboat::sandbox
