#include "service/settings.h"

#include <unistd.h>

#include <array>

#include "service/version.h"

namespace lifeboat::service {
namespace {

std::filesystem::path folder(const Environment& environment, const std::string& own,
                             const std::string& xdg, const char* below_home) {
  if (auto given = value_of(environment, own); !given.empty()) return given;
  if (auto base = value_of(environment, xdg); !base.empty())
    return std::filesystem::path(base) / "lifeboat";
  const auto home = value_of(environment, "HOME");
  return std::filesystem::path(home.empty() ? "/nonexistent" : home) / below_home / "lifeboat";
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

}  // namespace

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Settings default_settings(const Environment& environment) {
  Settings settings;
  settings.host = host_name();
  settings.version = kVersion;
  if (geteuid() == 0) {
    const auto state = value_of(environment, "LIFEBOAT_STATE");
    const auto cache = value_of(environment, "LIFEBOAT_CACHE");
    settings.state = state.empty() ? "/var/lib/lifeboat" : state;
    settings.cache = cache.empty() ? "/var/cache/lifeboat" : cache;
    return settings;
  }
  settings.state = folder(environment, "LIFEBOAT_STATE", "XDG_STATE_HOME", ".local/state");
  settings.cache = folder(environment, "LIFEBOAT_CACHE", "XDG_CACHE_HOME", ".cache");
  return settings;
}

}  // namespace lifeboat::service
