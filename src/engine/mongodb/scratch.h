#pragma once
// Databases that a drill makes on a server which others use too: each holds the run's token, and is
// dropped only where it does. Functions are thread-safe.
#include "engine/mongodb/connection.h"
#include "engine/mongodb/scratch_names.h"

namespace lifeboat::engine::mongodb {

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
