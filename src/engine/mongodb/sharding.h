#pragma once
// What there is to know of a sharded cluster: which collections are spread over shards by which
// key, and whether a server is one of the shards. Functions are thread-safe.
#include "engine/mongodb/catalog_reader.h"

namespace lifeboat::engine::mongodb {

// `refused` where it is a sharded cluster, unless a fuzzy copy of it was asked for.
Result<void> check_server(const ServerFacts& server, bool fuzzy = false);

inline constexpr std::string_view kShardedField = "sharded";

// Puts `sharded: {key, unique}` into each collection that is, as the mongos says it. Says why not,
// where this user may not ask for it.
Result<std::string> add_shard_keys(const Connection& connection, Catalog& catalog);

// "{region: 1, _id: hashed}"; empty where it is on one shard, or nobody knows.
std::string shard_key_of(const Collection& collection);

// Whether a server that was asked directly is one shard of several, as far as it lets this user
// know.
Result<bool> is_one_shard(const Connection& connection, const ServerFacts& server);

}  // namespace lifeboat::engine::mongodb
