#include "sandbox/memory_room.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

namespace lifeboat::sandbox {
namespace {

namespace fs = std::filesystem;

// Of a table of "name value" lines, with or without a colon.
std::optional<std::uint64_t> value_in(const fs::path& table, const std::string& name) {
  std::ifstream file(table);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string key;
    std::uint64_t value = 0;
    if (words >> key >> value && key == name) return value;
  }
  return std::nullopt;
}

// "max" is no number, and no limit.
std::optional<std::uint64_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  if (!(file >> value)) return std::nullopt;
  return value;
}

// What a hierarchy of control groups calls its files.
struct Names {
  const char* limit;
  const char* usage;
  const char* reclaimable;  // in memory.stat: pages of files that give way at once
};
constexpr Names kSecond{"memory.max", "memory.current", "inactive_file"};
constexpr Names kFirst{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};

std::optional<std::uint64_t> room_in(const fs::path& group, const Names& names) {
  const auto limit = number_in(group / names.limit);
  const auto usage = number_in(group / names.usage);
  if (!limit || !usage) return std::nullopt;
  const auto reclaimable = value_in(group / "memory.stat", names.reclaimable).value_or(0);
  const auto used = *usage - std::min(*usage, reclaimable);
  return *limit - std::min(*limit, used);
}

// Every group above counts, also those that a container cannot see by their name.
void ask_groups(const fs::path& mount, const fs::path& group, const Names& names,
                MemoryRoom& least) {
  for (auto each = group.relative_path();; each = each.parent_path()) {
    const auto room = room_in(mount / each, names);
    if (room && *room < least.bytes) least = {*room, "the control group /" + each.string()};
    if (each.empty()) return;
  }
}

// Lines of /proc/self/cgroup: "0::/a/b" of the second version, "4:memory:/a/b" of the first.
void ask_all_groups(const fs::path& root, MemoryRoom& least) {
  std::ifstream file(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto kind = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (kind.empty()) ask_groups(root / "sys/fs/cgroup", group, kSecond, least);
    if (kind == "memory") ask_groups(root / "sys/fs/cgroup/memory", group, kFirst, least);
  }
}

}  // namespace

Result<MemoryRoom> memory_room(const fs::path& root) {
  constexpr std::uint64_t kKilo = 1024;
  const auto available = value_in(root / "proc/meminfo", "MemAvailable:");
  if (!available)
    return fail(Code::unavailable, "the kernel does not say how much memory is available");
  MemoryRoom least{*available * kKilo, "this machine"};
  ask_all_groups(root, least);
  return least;
}

std::uint64_t own_memory() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(getpagesize());
}

std::uint64_t own_memory_peak() {
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) != 0) return 0;
  return static_cast<std::uint64_t>(used.ru_maxrss) * 1024U;
}

}  // namespace lifeboat::sandbox
