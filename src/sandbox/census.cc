#include "sandbox/census.h"

#include <dirent.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "sandbox/options.h"

namespace lifeboat::sandbox {
namespace {

constexpr int kListening = 0x0a;  // of the states in /proc/net/tcp

bool is_number(const char* text) {
  return *text != '\0' &&
         std::string_view(text).find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string> numbered_entries(const char* directory) {
  std::vector<std::string> names;
  DIR* listing = opendir(directory);
  if (listing == nullptr) return names;
  while (const dirent* entry = readdir(listing))
    if (is_number(entry->d_name)) names.emplace_back(entry->d_name);
  closedir(listing);
  return names;
}

// "RssShmem:      512 kB", in bytes.
std::optional<std::uint64_t> bytes_at(const std::string& process, const char* table,
                                      std::string_view name) {
  std::ifstream file("/proc/" + process + "/" + table);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name))
      return std::strtoull(line.c_str() + name.size(), nullptr, 10) << 10U;
  return std::nullopt;
}

// Its share of what it has in memory together with others of the cell, such as a parent that
// forked; all of it where the kernel does not divide it. It is asked only where there is some, for
// it goes through every page.
std::uint64_t shared_memory_of(const std::string& process) {
  const auto shared = bytes_at(process, "status", "RssShmem:").value_or(0);
  if (shared == 0) return 0;
  return bytes_at(process, "smaps_rollup", "Pss_Shmem:").value_or(shared);
}

// Without the files that it maps: those are libraries, whose pages are there anyway.
std::uint64_t memory_of(const std::string& process) {
  return bytes_at(process, "status", "RssAnon:").value_or(0) + shared_memory_of(process);
}

// The value below a name in a table such as /proc/net/snmp: "Ip: Forwarding …" over "Ip: 2 …".
std::uint64_t value_below(std::istream& table, const std::string& kind, const std::string& name) {
  std::string names;
  std::string values;
  while (std::getline(table, names) && std::getline(table, values)) {
    std::istringstream keys(names);
    std::istringstream numbers(values);
    std::string key;
    std::string number;
    keys >> key;
    numbers >> number;
    if (key != kind) continue;
    while (keys >> key && numbers >> number)
      if (key == name) return std::strtoull(number.c_str(), nullptr, 10);
  }
  return 0;
}

std::uint64_t value_beside(std::istream& list, const std::string& name) {
  std::string key;
  std::uint64_t value = 0;
  while (list >> key >> value)
    if (key == name) return value;
  return 0;
}

std::uint64_t outward_attempts() {
  std::ifstream four("/proc/net/snmp");
  std::ifstream six("/proc/net/snmp6");
  return value_below(four, "Ip:", "OutNoRoutes") + value_beside(six, "Ip6OutNoRoutes");
}

void add_listening(const char* table, std::vector<std::uint16_t>& ports) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number;
    std::string local;
    std::string remote;
    std::string state;
    words >> number >> local >> remote >> state;
    const auto colon = local.rfind(':');
    if (colon == std::string::npos || std::strtol(state.c_str(), nullptr, 16) != kListening)
      continue;
    ports.push_back(
        static_cast<std::uint16_t>(std::strtoul(local.c_str() + colon + 1, nullptr, 16)));
  }
}

std::uint64_t free_beside(const char* path) {
  struct statvfs status{};
  if (statvfs(path, &status) != 0) return ~0ULL;
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace

Census take_census() {
  Census census;
  for (const auto& process : numbered_entries("/proc")) {
    if (process == "1") continue;
    ++census.processes;
    census.memory += memory_of(process);
  }
  census.disk_free = free_beside(kDataInside);
  census.outward = outward_attempts();
  add_listening("/proc/net/tcp", census.listening);
  add_listening("/proc/net/tcp6", census.listening);
  std::sort(census.listening.begin(), census.listening.end());
  return census;
}

Json to_json(const Census& census) {
  return {{"processes", census.processes},
          {"memory", census.memory},
          {"memory_peak", census.memory_peak},
          {"outward", census.outward},
          {"listening", census.listening}};
}

Result<Census> read_census(const Json& json) {
  Census census;
  census.processes = static_cast<std::uint64_t>(TRY(number_at(json, "processes")));
  census.memory = static_cast<std::uint64_t>(TRY(number_at(json, "memory")));
  census.memory_peak = static_cast<std::uint64_t>(TRY(number_at(json, "memory_peak")));
  census.outward = static_cast<std::uint64_t>(TRY(number_at(json, "outward")));
  const Json& ports = *TRY(member(json, "listening"));
  if (!ports.is_array()) return fail(Code::corrupt, "a count without its ports");
  for (const auto& port : ports) {
    if (!port.is_number_unsigned()) return fail(Code::corrupt, "a port that is no number");
    census.listening.push_back(port.get<std::uint16_t>());
  }
  return census;
}

}  // namespace lifeboat::sandbox
