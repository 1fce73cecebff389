#include "engine/mongodb/identity.h"

#include <algorithm>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/oplog.h"
#include "engine/mongodb/sharding.h"

namespace lifeboat::engine::mongodb {
namespace {

// In the order of the URI, which may name several members of one replica set: "host:port", or the
// path of a socket.
std::vector<std::string> addresses_of(const Server& server) {
  std::vector<std::string> all;
  std::string_view rest = server.address();
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    all.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return all;
}

void add_addresses(const Location& location, Identity& identity) {
  identity.addresses = addresses_of(*location.server);
  for (const auto& each : identity.addresses)
    identity.names.push_back("address " + each + " " + location.database);
}

void add_collections(const std::vector<Collection>& collections, Identity& identity) {
  for (const auto& each : collections)
    if (!each.uuid().empty()) identity.names.push_back("collection " + to_hex(each.uuid()));
}

Result<Catalog> add_database(const Location& location, Identity& identity) {
  const auto connection = location.server->connect();
  const auto server = TRY(ask_server(connection));
  auto catalog = TRY(read_catalog(connection, location.database));
  std::ranges::copy(server.members, std::back_inserter(identity.addresses));
  if (!server.process.empty())
    identity.names.push_back("process " + server.process + " " + location.database);
  add_collections(catalog.collections, identity);
  return catalog;
}

Result<ServerFacts> add_server(const Connection& connection, Identity& identity) {
  auto server = TRY(ask_server(connection));
  std::ranges::copy(server.members, std::back_inserter(identity.addresses));
  if (!server.process.empty()) identity.names.push_back("process " + server.process);
  const auto origin = TRY(ask_origin(connection, server));
  if (!origin.replica_set_id.empty())
    identity.names.push_back("replica set " + origin.replica_set_id);
  return server;
}

}  // namespace

Result<Identity> identify_source(const SourceOptions& options) {
  const auto location = TRY(locate(options));
  Identity identity;
  add_addresses(location, identity);
  // One that does not answer now is still not to be overwritten under the names that it has.
  static_cast<void>(add_database(location, identity));
  return identity;
}

Result<PlaceState> look_at_place(const std::string& place) {
  const auto location = TRY(locate(place));
  PlaceState state;
  add_addresses(location, state.identity);
  state.occupied = !TRY(add_database(location, state.identity)).collections.empty();
  return state;
}

Result<Identity> identify_server(const SourceOptions& source) {
  const auto location = TRY(locate(source));
  const auto connection = location.server->connect();
  Identity identity;
  identity.addresses = addresses_of(*location.server);
  TRY(add_server(connection, identity));
  add_collections(TRY(read_collections(connection, location.database)), identity);
  return identity;
}

Result<Identity> identify_server(const Server& server, const std::vector<std::string>& databases) {
  const auto connection = server.connect();
  Identity identity;
  identity.addresses = addresses_of(server);
  const auto facts = TRY(add_server(connection, identity));
  TRY(check_server(facts));
  // Of the cluster it has a part, which need not be one that a source could know it by.
  if (TRY(is_one_shard(connection, facts)))
    return fail(Error(Code::refused,
                      "it is one shard of a sharded cluster: whose that is cannot "
                      "be told")
                    .with_hint("Name a server of its own in sandbox: {uri}."));
  for (const auto& each : databases)
    add_collections(TRY(read_collections(connection, each)), identity);
  return identity;
}

}  // namespace lifeboat::engine::mongodb
