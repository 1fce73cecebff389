#pragma once
// What the configuration says of a backup that another tool makes. Values only.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace lifeboat::engine::foreign {

// Beyond these an archive is taken for a bomb.
struct Limits {
  std::uint64_t bytes = 0;  // of everything unpacked; 0 = what the sandbox's place has free
  std::uint64_t entries = 20'000'000;
};

struct Options {
  std::string from;     // the folder with the backups or, without a pattern, the backup itself
  std::string pattern;  // which names in it are backups: shell wildcards
  std::string format;   // "tar" "tar.gz" "tar.zst" "zip" "sqlite" "files"; empty for `restore`
  std::optional<Duration> within;  // how old the newest may be
  std::string database;            // the SQLite database inside, by path; wildcards in its parts
  std::string folder;              // the folder inside that is the source; empty = all of it
  Limits limits;
  std::string restore;                             // a command that fills the sandbox instead
  std::map<std::string, std::string> environment;  // all that the command gets of its own
  std::vector<std::string> secrets;                // never printed
  Duration timeout = std::chrono::hours(1);        // for the command

  bool is_database() const { return format == "sqlite" || !database.empty(); }
};

}  // namespace lifeboat::engine::foreign
