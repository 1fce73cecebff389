#include "sandbox/group.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file.h"

namespace lifeboat::sandbox {
namespace {

constexpr std::string_view kGroupPrefix = "lifeboat-";
constexpr int kMostGroups = 100;  // of one process at a time
constexpr std::uint64_t kThreadsOfAProcess = 16;
constexpr std::uint64_t kAgentMemory = 64ULL << 20U;

// Of this process, relative to the mount; nothing where only the first version is in use.
std::optional<fs::path> own_group(const fs::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::/")) return line.substr(4);
  return std::nullopt;
}

bool hands_out_limits(const fs::path& group) {
  std::ifstream file(group / "cgroup.subtree_control");
  bool memory = false;
  bool processes = false;
  for (std::string word; file >> word;) {
    memory |= word == "memory";
    processes |= word == "pids";
  }
  return memory && processes;
}

// "max 3" in a list of events; 0 where there is none.
std::uint64_t events_of(const fs::path& events, const std::string& event) {
  std::ifstream file(events);
  std::string name;
  for (std::uint64_t count = 0; file >> name >> count;)
    if (name == event) return count;
  return 0;
}

std::string group_name(pid_t process, int number) {
  return std::string(kGroupPrefix) + std::to_string(process) + "-" + std::to_string(number);
}

// Only a name exactly as ours are, of a process that is no more: units of systemd may be named
// lifeboat-SERVICE, and a living run's group is empty until it takes its first process.
bool is_left_behind(const std::string& name) {
  if (!name.starts_with(kGroupPrefix)) return false;
  pid_t process = 0;
  int number = 0;
  const auto* end = name.data() + name.size();
  std::from_chars(name.data() + kGroupPrefix.size(), end, process);
  std::from_chars(name.data() + name.rfind('-') + 1, end, number);
  const bool ours = process > 0 && name == group_name(process, number);
  return ours && ::kill(process, 0) != 0 && errno == ESRCH;
}

// Groups of runs that were killed. One that is in use cannot be removed.
void remove_left_behind(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator at(parent, error), end; !error && at != end; at.increment(error))
    if (is_left_behind(at->path().filename().string())) ::rmdir(at->path().c_str());
}

}  // namespace

std::unique_ptr<Group> Group::make(const Limits& limits, const fs::path& root) {
  const auto mount = root / "sys/fs/cgroup";
  auto above = own_group(root);
  std::unique_ptr<Group> group;
  for (; above && !group; above = above->parent_path()) {
    if (hands_out_limits(mount / *above)) group = make_in(mount / *above, "/" + above->string());
    if (above->empty()) break;
  }
  if (!group) return nullptr;
  const auto memory = limits.memory + limits.temporary + kAgentMemory;
  (void)group->set("memory.swap.max", "0");  // there may be no swap to be bounded
  const bool bounded =
      group->set("memory.max", std::to_string(memory)) &&
      group->set("pids.max", std::to_string(limits.processes * kThreadsOfAProcess));
  return bounded ? std::move(group) : nullptr;
}

std::unique_ptr<Group> Group::make_in(const fs::path& parent, const std::string& name) {
  remove_left_behind(parent);
  for (int number = 0; number < kMostGroups; ++number) {
    const auto own = group_name(::getpid(), number);
    if (::mkdir((parent / own).c_str(), 0700) == 0)
      return std::unique_ptr<Group>(new Group(parent / own, (fs::path(name) / own).string()));
    if (errno != EEXIST) return nullptr;
  }
  return nullptr;
}

Group::~Group() { ::rmdir(folder_.c_str()); }

bool Group::take(pid_t process) const { return set("cgroup.procs", std::to_string(process)); }

std::string Group::passed() {
  const auto kills = events_of(folder_ / "memory.events", "oom_kill");
  const auto refusals = events_of(folder_ / "pids.events", "max");
  const bool killed = std::exchange(kills_, kills) < kills;
  const bool refused = std::exchange(refusals_, refusals) < refusals;
  if (killed) return "memory";
  return refused ? "processes" : "";
}

bool Group::set(const char* file, const std::string& value) const {
  const auto opened = open_file(folder_ / file, O_WRONLY | O_CREAT | O_CLOEXEC);
  return opened && write_at(opened->get(), 0, view_of(value));
}

}  // namespace lifeboat::sandbox
