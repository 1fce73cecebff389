#pragma once
// Asks a server what a database holds. Functions are thread-safe.
#include "base/clock.h"
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/connection.h"

namespace lifeboat::engine::mongodb {

// Without what belongs to the server itself (system.views, system.profile) and the token of a
// scratch database; the buckets of a time series are part of it.
// `permission_denied` when the user may not see all of it: what is hidden would be missing.
Result<Catalog> read_catalog(const Connection& connection, const std::string& database);

// The same without their indexes, as far as `filter` of listCollections goes.
Result<std::vector<Collection>> read_collections(const Connection& connection,
                                                 const std::string& database,
                                                 DocumentView filter = {});

// Those that this user may see.
Result<std::vector<std::string>> list_databases(const Connection& connection);

struct ServerFacts {
  std::string version;
  std::string ferretdb;     // its version, where the server is one
  std::string replica_set;  // empty: none
  std::string process;      // this very process, as far as the server tells
  bool is_sharded = false;  // it is a mongos
  bool is_shard = false;    // one of a sharded cluster, as far as it tells
  // One that recovers or rolls back is neither.
  bool is_primary = false;
  bool is_secondary = false;
  std::string primary{};  // host:port; empty: it knows of none
  // What a member of a replica set wrote last, and what of it can be undone no more.
  std::optional<Timestamp> last_write{};
  std::optional<Timestamp> committed_write{};
  std::vector<std::string> members{};       // host:port of every member of its replica set
  std::optional<Timestamp> cluster_time{};  // the newest that it knew of when it was asked
  std::optional<Time> clock{};              // what its machine's clock said then
  std::string product() const;              // "MongoDB 7.0.12"
  double release() const;                   // 7.0; that of the oldest when it cannot be told
};
// "7.0.12" → 7.0; that of the oldest when it cannot be told.
double release_of(std::string_view version);
Result<ServerFacts> ask_server(const Connection& connection);
// What the machine's clock says; none where `hello` does not tell it.
std::optional<Time> clock_in(DocumentView hello);

}  // namespace lifeboat::engine::mongodb
