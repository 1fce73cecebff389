#pragma once
// The users and roles of one database, with what their passwords are checked by: a secret, which is
// in no message and in no fact. Functions are thread-safe.
#include <optional>

#include "base/json.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/location.h"

namespace lifeboat::engine::mongodb {

// By way of these collections of `admin` they are restored.
constexpr auto kTemporaryUsers = "lifeboat.users";
constexpr auto kTemporaryRoles = "lifeboat.roles";

// By name, each as the server keeps it.
struct Accounts {
  std::vector<Bytes> users;  // {_id, userId, user, db, credentials, roles …}
  std::vector<Bytes> roles;  // {_id, role, db, privileges, roles …}
  bool empty() const { return users.empty() && roles.empty(); }
  bool operator==(const Accounts&) const = default;
};

// Nothing where the server keeps none. `permission_denied` names the right that the user lacks.
Result<std::optional<Accounts>> read_accounts(const Connection& connection,
                                              const std::string& database);

// BSON documents one after the other: {lifeboat: "accounts", version: 1, database}, then {user: …}
// and {role: …}.
Bytes encode_accounts(const Accounts& accounts, const std::string& database);
// For a database of any name: what says the old one says `database`. `unsupported_format` for a
// later version, `corrupt` for what is none.
Result<Accounts> decode_accounts(ByteView bytes, const std::string& database);

// {"users": {name: {"credentials": hash, "mechanisms", "roles", "rest": hash}}, "roles": {name:
// hash}}: the same for the same accounts of a database of another name.
Json accounts_facts(const Accounts& accounts, const std::string& database);

// Makes those that are not there; a finding for each that is there and differs, which stays.
Result<std::vector<Finding>> restore_accounts(const Location& at, const Accounts& accounts);

}  // namespace lifeboat::engine::mongodb
