#pragma once
// What the configuration says of a source, and a restore of its target. Values only.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/secret.h"
#include "engine/foreign/options.h"
#include "engine/mongodb/options.h"

namespace lifeboat::engine {

struct SourceOptions {
  std::string name;  // the source's name in the configuration
  std::string type;  // the engine's scheme
  std::string path;  // sqlite: the database file; files: the folder
  std::vector<std::string>
      exclude;                   // files: patterns, relative to the folder (gitignore-like globs)
  bool one_file_system = false;  // files
  bool hash_files = false;       // files: also a plain SHA-256 a file, in the metadata
  std::uint64_t read_limit = 0;  // bytes per second; 0 = none
  unsigned workers = 0;          // 0 = as many as the machine has
  foreign::Options foreign;      // of that type
  std::shared_ptr<const Secret> uri;  // mongodb: the server; it may hold a password
  std::string database;               // mongodb
  mongodb::Options mongodb;           // of that type
};

struct TargetOptions {
  std::string name;  // the source's name, for messages
  std::string type;
  std::string place;  // sqlite: the file to make; files: the folder to fill; mongodb: where the
                      // database is, without a password
  bool overwrite = false;              // an existing target may be changed (a plan was confirmed)
  bool delete_strangers = false;       // files: remove what the snapshot does not have
  std::vector<std::string> kept = {};  // files: patterns of what is not removed then
  std::string snapshot = {};  // files: which one it is, for whoever finds the folder unfinished
  std::shared_ptr<const Json> facts = {};  // of the snapshot; a log changes what is to be expected
  std::uint64_t until = 0;  // of a log: the last position that is applied; 0 = the snapshot's own
  std::string state = {};   // mongodb: a folder that outlives a killed run, for what it set aside
  bool accept_losses = false;  // mongodb: what the server cannot do is left out
  bool with_users = false;     // mongodb: users and roles too; those that are there stay
  // mongodb: what collections that come back under another name are called (engine/renames.h)
  std::map<std::string, std::string> renames = {};
};

}  // namespace lifeboat::engine
