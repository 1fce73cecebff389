#pragma once
// How much memory processes started here may still take: what the machine has, or less where a
// control group above this process allows less. Stateless.
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace lifeboat::sandbox {

struct MemoryRoom {
  std::uint64_t bytes = 0;
  std::string where;  // "this machine", "the control group /system.slice"
};

// `root` is where /proc and /sys are. `unavailable` when the kernel does not say.
Result<MemoryRoom> memory_room(const std::filesystem::path& root = "/");
// What this process holds now, and the most that it ever held. 0 when the kernel does not say.
std::uint64_t own_memory();
std::uint64_t own_memory_peak();

}  // namespace lifeboat::sandbox
