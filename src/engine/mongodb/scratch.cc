#include "engine/mongodb/scratch.h"

#include <algorithm>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/grants.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/oplog.h"
#include "engine/mongodb/source.h"

namespace lifeboat::engine::mongodb {
namespace {

Result<ServerFacts> add_server(const Connection& connection, Identity& identity) {
  auto server = TRY(ask_server(connection));
  std::ranges::copy(server.members, std::back_inserter(identity.addresses));
  if (!server.process.empty()) identity.names.push_back("process " + server.process);
  const auto origin = TRY(ask_origin(connection, server));
  if (!origin.replica_set_id.empty())
    identity.names.push_back("replica set " + origin.replica_set_id);
  return server;
}

Result<void> add_collections(const Connection& connection, const std::string& database,
                             Identity& identity) {
  for (const auto& each : TRY(read_collections(connection, database)))
    if (!each.uuid().empty()) identity.names.push_back("collection " + to_hex(each.uuid()));
  return {};
}

// Whatever is in it: also what catalogs leave out.
Result<bool> is_there(const Connection& connection, const std::string& database) {
  const auto list = DocumentBuilder()
                        .int32("listCollections", 1)
                        .document("cursor", DocumentBuilder().take())
                        .boolean("nameOnly", true)
                        .take();
  auto cursor = TRY(connection.open_cursor(database, list, 1));
  return !TRY(cursor.next()).empty();
}

Result<bool> holds_token(const Connection& connection, const std::string& database,
                         const std::string& token) {
  const auto wanted = DocumentBuilder().text("_id", token).take();
  const auto find =
      DocumentBuilder().text("find", token_collection(token)).document("filter", wanted).take();
  auto cursor = TRY(connection.open_cursor(database, find, 1));
  const auto found = TRY(cursor.next());
  return !found.empty() && TRY(DocumentView::check(found)).text_at("_id") == token;
}

}  // namespace

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

Result<Identity> identify_server(const SourceOptions& source) {
  const auto location = TRY(locate(source));
  const auto connection = location.server->connect();
  Identity identity;
  identity.addresses = addresses_of(*location.server);
  TRY(add_server(connection, identity));
  TRY(add_collections(connection, location.database, identity));
  return identity;
}

Result<Identity> identify_server(const Server& server, const std::vector<std::string>& databases) {
  const auto connection = server.connect();
  Identity identity;
  identity.addresses = addresses_of(server);
  TRY(check_server(TRY(add_server(connection, identity))));
  for (const auto& each : databases) TRY(add_collections(connection, each, identity));
  return identity;
}

std::string place_in(const std::string& database, const std::string& place) {
  return "in:" + database + ":" + place;
}

Result<void> check_scratch_rights(const Server& server, const std::string& database) {
  const auto reply = server.connect().command(
      "admin",
      DocumentBuilder().int32("connectionStatus", 1).boolean("showPrivileges", true).take());
  const auto rights = reply ? rights_in(TRY(DocumentView::check(*reply))) : fail(reply.error());
  if (!rights || rights->users.empty() || !rights->privileges) return {};
  std::string lacking;
  for (const auto& each : rights_for(Purpose::drill, database))
    if (!rights->may(each)) lacking += (lacking.empty() ? "" : ", ") + each.text();
  if (lacking.empty()) return {};
  return fail(Error(Code::permission_denied, rights->users.front() + " lacks " + lacking)
                  .with_hint("Its name is another one in each drill, so the user needs this in all "
                             "databases of that server: `lifeboat doctor --grants` has the role."));
}

Result<void> make_scratch(const Server& server, const std::string& database,
                          const std::string& token, const std::string& purpose) {
  const auto connection = server.connect();
  if (TRY(is_there(connection, database)))
    return fail(Code::refused, "there is a database " + database + " on " + server.address() +
                                   " already, which this run has not made");
  const auto document = DocumentBuilder()
                            .text("_id", token)
                            .text("purpose", purpose)
                            .text("note", "Made by a Lifeboat drill, which drops this database.")
                            .take();
  TRY_CONTEXT("making the database " + database,
              connection.insert(database, token_collection(token), {document}));
  return {};
}

Result<void> drop_scratch(const Server& server, const std::string& database,
                          const std::string& token) {
  const auto connection = server.connect();
  if (!TRY(is_there(connection, database))) return {};
  if (!TRY(holds_token(connection, database, token)))
    return fail(Code::refused, "it does not hold the token of the run that it is called after");
  TRY(connection.command(database, DocumentBuilder().int32("dropDatabase", 1).take()));
  if (TRY(is_there(connection, database)))
    return fail(Code::io_error, "it is there still after it was dropped");
  return {};
}

}  // namespace lifeboat::engine::mongodb
