#include "engine/mongodb/scratch.h"

#include "engine/mongodb/grants.h"

namespace lifeboat::engine::mongodb {
namespace {

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
