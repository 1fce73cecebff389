#pragma once
// Which server, and which database on it, is which, whatever name they are reached by. Functions
// are thread-safe.
#include "engine/engine.h"
#include "engine/mongodb/connection.h"

namespace lifeboat::engine::mongodb {

// What only the same database has in common with itself: addresses, the server's process, the
// identities of its collections. Of a source that does not answer, its addresses.
Result<Identity> identify_source(const SourceOptions& options);
// The same of a place that a restore would fill; it must answer.
Result<PlaceState> look_at_place(const std::string& place);

// Who answers where a source is, whatever its database: `addresses` of the URI and of all members
// of the replica set, and as `names` the process, the set and the identities of the source's
// collections: two that share one are the same server, or one is a copy of the other's files.
Result<Identity> identify_server(const SourceOptions& source);
// The same of a server on which databases would be made, with the collections of those of its
// databases that are called like these. `refused` where it is a sharded cluster, or a part of one.
Result<Identity> identify_server(const Server& server, const std::vector<std::string>& databases);

}  // namespace lifeboat::engine::mongodb
