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
  // "tar" "tar.gz" "tar.zst" "zip" "sqlite" "files" "mongodump" "jsonl"; empty for `restore`
  std::string format;
  std::optional<Duration> within;  // how old the newest may be
  // The SQLite database inside, by path; wildcards in its parts. Of a dump: the database's name.
  std::string database;
  std::string server;  // of a dump: product and version of what a recovery would use
  std::string folder;  // the folder inside that is the source; empty = all of it
  Limits limits;
  std::string restore;                             // a command that fills the sandbox instead
  std::map<std::string, std::string> environment;  // all that the command gets of its own
  std::vector<std::string> secrets;                // never printed
  Duration timeout = std::chrono::hours(1);        // for the command

  // Of MongoDB: what a server must take before anything can be asked of it.
  bool is_dump() const { return format == "mongodump" || format == "jsonl"; }
  // Of SQLite.
  bool is_database() const { return format == "sqlite" || (!is_dump() && !database.empty()); }
};

}  // namespace lifeboat::engine::foreign
