#pragma once
// Where this machine keeps Lifeboat's own files, and who it is. Values only.
#include <filesystem>
#include <map>
#include <string>

#include "base/clock.h"

namespace lifeboat::service {

using Environment = std::map<std::string, std::string>;

// Empty when it is not set.
std::string value_of(const Environment& environment, const std::string& name);

struct Settings {
  std::filesystem::path state;  // locks, evidence, restore records
  std::filesystem::path
      cache;  // index tables, lists of previous entries: may be deleted at any time
  std::string host;
  std::string version;
  Duration lock_wait{0};  // how long to wait for another run of the same service
};

// LIFEBOAT_STATE and LIFEBOAT_CACHE, else /var/lib/lifeboat and /var/cache/lifeboat for root, else
// the user's XDG folders.
Settings default_settings(const Environment& environment);

}  // namespace lifeboat::service
