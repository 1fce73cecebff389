#pragma once
// Databases that a drill makes on a server which others use too: each holds the run's token, and is
// dropped only where it does. Functions are thread-safe.
#include "engine/engine.h"
#include "engine/mongodb/connection.h"
#include "engine/mongodb/scratch_names.h"

namespace lifeboat::engine::mongodb {

// In the order of the URI, which may name several members of one replica set: "host:port", or the
// path of a socket.
std::vector<std::string> addresses_of(const Server& server);

// Who answers where a source is, whatever its database: `addresses` of the URI and of all members
// of the replica set, and as `names` the process, the set and the identities of the source's
// collections: two that share one are the same server, or one is a copy of the other's files.
Result<Identity> identify_server(const SourceOptions& source);
// The same of a server on which databases would be made, with the collections of those of its
// databases that are called like these. `refused` where it is a sharded cluster.
Result<Identity> identify_server(const Server& server, const std::vector<std::string>& databases);

// The place of another database where this one is.
std::string place_in(const std::string& database, const std::string& place);

// `permission_denied` names all that this user lacks to restore into the database, compare it and
// drop it, where the server tells rights: others refuse a command when it comes.
Result<void> check_scratch_rights(const Server& server, const std::string& database);

// Makes the database, with the token in it. `refused` when there is one.
Result<void> make_scratch(const Server& server, const std::string& database,
                          const std::string& token, const std::string& purpose);
// Removes it, and sees that it is gone; well where there is none. `refused` when there is one that
// does not hold the token.
Result<void> drop_scratch(const Server& server, const std::string& database,
                          const std::string& token);

}  // namespace lifeboat::engine::mongodb
