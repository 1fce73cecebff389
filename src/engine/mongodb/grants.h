#pragma once
// The least rights that each job needs on a MongoDB server: as commands to paste, and compared with
// those that a user has. Pure functions; no secret is in anything.
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

enum class Purpose : std::uint8_t { backup, log, restore, users, drill };
std::string_view name_of(Purpose purpose);

// On all collections of a database where none is named.
struct Right {
  std::string action;
  std::string database;
  std::string collection = {};
  auto operator<=>(const Right&) const = default;
  std::string text() const;  // "find on local.oplog.rs"
};
std::vector<Right> rights_for(Purpose purpose, const std::string& database);

// createRole and createUser for mongosh, with what they are for; nobody's password. Of a sharded
// cluster also what tells the shard keys.
std::vector<Grant> grants_for(const std::string& database, bool sharded = false);
// Of whoever writes markers into this collection.
std::string grants_for_markers(const std::string& database, const std::string& collection);

// What a user may do, as `connectionStatus` with `showPrivileges` tells it.
struct Rights {
  std::vector<std::string> users;        // who is logged in: "lifeboat-backup@admin"
  std::optional<Bytes> privileges = {};  // an array; none where the server does not tell them
  bool may(const Right& right) const;
};
// `corrupt` when the reply has not the form that servers give it.
Result<Rights> rights_in(DocumentView status);

// Those without which a server may refuse the command.
std::vector<Right> rights_for_command(const std::string& database, DocumentView command);

// Names them where the lack of one is the cause; other errors stay as they are.
Error for_lack_of(Error error, const std::string& database, DocumentView command);

}  // namespace lifeboat::engine::mongodb
