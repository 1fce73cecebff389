#pragma once
// What other files say about where data is: `.env`, the environment, docker-compose.yml, crontabs.
// Reads only.
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "service/discovery.h"

namespace lifeboat::service {

struct PathHint {
  std::filesystem::path path;  // as written: may be relative to the application's directory
  std::string reason;
};

struct Hints {
  std::vector<PathHint> paths;
  std::vector<FoundForeign> foreign;
  std::set<std::string> mongodb_servers = {};  // "MongoDB 7.0"
};

Hints hints_of_application(const std::filesystem::path& directory,
                           const std::map<std::string, std::string>& environment);
// /etc/crontab, /etc/cron.d and the scripts of /etc/cron.{hourly,daily,weekly,monthly} below
// `system_root`.
Hints hints_of_crontabs(const std::filesystem::path& system_root);

// Without user and password: "postgres://…@host/db" → "postgres://host/db".
std::string without_credentials(const std::string& url);

}  // namespace lifeboat::service
