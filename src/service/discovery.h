#pragma once
// Looks around for what could be protected: databases, upload folders, other tools' backups. Reads
// only; bounded.
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/run_context.h"

namespace lifeboat::service {

struct DiscoveryOptions {
  std::filesystem::path directory;          // of the application; searched to a depth of 5
  std::filesystem::path system_root = "/";  // where /etc/crontab and its like are looked for
  std::map<std::string, std::string> environment;
};

struct FoundSource {
  std::string name;  // a name for the configuration, unlike the others'
  std::string type;  // "sqlite" "files"
  std::filesystem::path path;
  std::vector<std::string> exclude;  // files: databases inside, which have a source of their own
  std::string reason;                // where it was found: "DATABASE_URL in .env"
};

// Where another tool leaves backups that a drill can take as they are.
struct FoundDumps {
  std::string format;            // "mongodump" "jsonl"
  std::filesystem::path folder;  // absolute
  std::string pattern;
};

// Something that this version does not protect, but a person should think of.
struct FoundForeign {
  std::string what;  // "postgres://…" without the password, "a pg_dump in /etc/crontab"
  std::string where;
  std::optional<FoundDumps> dumps = {};
};

struct Discovery {
  std::filesystem::path directory;   // canonical
  std::vector<FoundSource> sources;  // databases first
  std::vector<FoundForeign> foreign;
  std::set<std::string> mongodb_servers;  // "MongoDB 7.0", of the application's own
  std::vector<std::string> config_files;  // names in the directory: ".env", "docker-compose.yml"
  bool all_seen = true;                   // false: there was more than the bounds allow
};

Result<Discovery> discover(const DiscoveryOptions& options, const RunContext& context);

}  // namespace lifeboat::service
