#include <algorithm>

#include "engine/mongodb/test_stand_in_model.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

constexpr std::string_view kSecret = "credentials";

bool is_of_users(const std::string& command) { return command.find("User") != std::string::npos; }

const char* list_of(const std::string& command) {
  return is_of_users(command) || command == "usersInfo" ? "system.users" : "system.roles";
}

// A role that is named by its name alone is of the same database.
Bytes whole_roles(const Element& roles, const std::string& database) {
  ArrayBuilder list;
  for (const auto& each : roles.inside()) {
    if (each.text())
      list.document(DocumentBuilder().text("role", *each.text()).text("db", database).take());
    else
      list.element(each);
  }
  return list.take();
}

// {usersInfo: 1}, {usersInfo: {forAllDBs: true}}, {usersInfo: "anna"}, {usersInfo: {user, db}}
bool is_asked_for(DocumentView one, const Element& asked, const std::string& database) {
  const auto name = one.text_at("user") ? one.text_at("user") : one.text_at("role");
  if (asked.inside().is_true_at("forAllDBs")) return true;
  if (asked.text()) return name == asked.text() && one.text_at("db") == database;
  if (!asked.holds(BsonType::document)) return one.text_at("db") == database;
  const auto wanted = asked.inside();
  return name == wanted.text_at(one.text_at("user") ? "user" : "role") &&
         one.text_at("db") == wanted.text_at("db");
}

Bytes shown(DocumentView principal, DocumentView question) {
  DocumentBuilder one;
  for (const auto& field : principal) {
    const bool hidden = (field.key == kSecret && !question.is_true_at("showCredentials")) ||
                        (field.key == "privileges" && !question.is_true_at("showPrivileges"));
    if (!hidden) one.element(field);
  }
  if (principal.find("role")) one.boolean("isBuiltin", false);
  return one.take();
}

}  // namespace

const std::string& StandInModel::admin() {
  static const std::string kAdmin = "admin";
  return kAdmin;
}

// PLAIN: "\0user\0password" in base64, of which the password is not looked at.
DocumentBuilder StandInModel::authenticate(const Request& request) {
  if (request.command.text_at("mechanism") == "SCRAM-SHA-256") return begin_scram(request);
  const auto payload = from_base64(request.command.text_at("payload").value_or(""));
  const auto said = payload ? to_text(*payload) : std::string();
  const auto user =
      said.substr(std::min<std::size_t>(said.size(), 1)).substr(0, said.find('\0', 1) - 1);
  if (principal("system.users", admin() + "." + user).empty())
    throw Refusal{18, "AuthenticationFailed", "Authentication failed."};
  request.client->user = user;
  DocumentBuilder reply;
  return reply.int32("conversationId", 1).boolean("done", true).binary("payload", {});
}

// Empty when it is not there.
Bytes StandInModel::principal(const char* list, const std::string& id) {
  for (auto& each : documents_in(admin(), list))
    if (view_document(each).text_at("_id") == id) return std::move(each);
  return {};
}

// What the roles of the user allow, and those that these hold.
StandInRights StandInModel::rights_of(const std::string& user) {
  StandInRights rights;
  std::vector<Bytes> holders{principal("system.users", admin() + "." + user)};
  std::set<std::string> met;
  while (!holders.empty()) {
    const auto holder = std::move(holders.back());
    holders.pop_back();
    if (holder.empty()) continue;
    if (const auto privileges = view_document(holder).find("privileges"))
      for (const auto& each : privileges->inside()) rights.add(each.inside());
    const auto roles = view_document(holder).find("roles");
    if (!roles) continue;
    for (const auto& each : roles->inside()) {
      const std::string name(each.inside().text_at("role").value_or(""));
      const std::string database(each.inside().text_at("db").value_or(""));
      if (!met.insert(database + "." + name).second) continue;
      rights.add_built_in(name, database);
      holders.push_back(principal("system.roles", database + "." + name));
    }
  }
  return rights;
}

void StandInModel::check_authorized(const Request& request) {
  const auto& user = request.client->user;
  if (StandInRights::is_for_all(request.name)) return;
  if (user.empty())
    throw Refusal{13, "Unauthorized", "command " + request.name + " requires authentication"};
  if (!rights_of(user).allow({request.database, request.collection}, request.command))
    throw Refusal{13, "Unauthorized",
                  "not authorized on " + request.database + " to execute command { " +
                      request.name + ": \"" + request.collection + "\", $db: \"" +
                      request.database + "\" }"};
}

DocumentBuilder StandInModel::connection_status(const Request& request) {
  const auto& user = request.client->user;
  ArrayBuilder users;
  if (!user.empty())
    users.document(DocumentBuilder().text("user", user).text("db", admin()).take());
  DocumentBuilder about;
  about.array("authenticatedUsers", users.take())
      .array("authenticatedUserRoles", ArrayBuilder().take());
  if (request.command.is_true_at("showPrivileges"))
    about.array("authenticatedUserPrivileges",
                user.empty() ? ArrayBuilder().take() : rights_of(user).told());
  DocumentBuilder reply;
  reply.document("authInfo", about.take());
  return reply;
}

// In its users is nothing that a password could be known by.
DocumentBuilder StandInModel::create_principal(const Request& request) {
  check_primary(request);
  const bool user = is_of_users(request.name);
  const auto id = request.database + "." + request.collection;
  DocumentBuilder made;
  made.text("_id", id)
      .text(user ? "user" : "role", request.collection)
      .text("db", request.database);
  for (const auto& field : request.command) {
    if (field.key == "roles") made.array("roles", whole_roles(field, request.database));
    if (field.key == "customData" || field.key == "mechanisms" || field.key == "privileges" ||
        field.key == "authenticationRestrictions")
      made.element(field);
  }
  if (user)
    made.document(kSecret,
                  DocumentBuilder().document("SCRAM-SHA-256", DocumentView().bytes()).take());
  const Request into{admin(), request.command, request.name, list_of(request.name)};
  auto document = made.take();
  auto& list = StandInModel::made(into);
  if (why_not(list, view_document(document), false))
    throw Refusal{user ? 51003 : 51002, user ? "Location51003" : "Location51002",
                  (user ? "User \"" : "Role \"") + request.collection + "\" already exists"};
  store(into, list, std::move(document));
  if (const auto password = request.command.text_at("pwd"); password && request.database == admin())
    passwords_[request.collection] = *password;
  return {};
}

DocumentBuilder StandInModel::drop_principal(const Request& request) {
  check_primary(request);
  const bool user = is_of_users(request.name);
  const Request from{admin(), request.command, request.name, list_of(request.name)};
  const auto id = DocumentBuilder().text("_id", request.database + "." + request.collection).take();
  if (!remove_one(from, made(from), view_document(id)))
    throw Refusal{user ? 11 : 31, user ? "UserNotFound" : "RoleNotFound",
                  "'" + request.collection + "' not found"};
  return {};
}

DocumentBuilder StandInModel::update_principal(const Request& request) {
  check_primary(request);
  const auto* name = list_of(request.name);
  const auto id = request.database + "." + request.collection;
  const auto before = principal(name, id);
  if (before.empty()) throw Refusal{11, "UserNotFound", "'" + request.collection + "' not found"};
  DocumentBuilder changed;
  for (const auto& field : view_document(before)) {
    const auto now = request.command.find(field.key);
    if (now && field.key == "roles")
      changed.array("roles", whole_roles(*now, request.database));
    else
      changed.element(now && field.key == "privileges" ? *now : field);
  }
  const Request into{admin(), request.command, request.name, name};
  auto& list = made(into);
  remove_one(into, list, view_document(DocumentBuilder().text("_id", id).take()));
  store(into, list, changed.take());
  return {};
}

DocumentBuilder StandInModel::grant_roles(const Request& request) {
  const auto id = request.database + "." + request.collection;
  const auto user = principal("system.users", id);
  if (user.empty()) throw Refusal{11, "UserNotFound", "Could not find user \"" + id + "\""};
  ArrayBuilder roles;
  for (const auto& each : view_document(user).find("roles")->inside()) roles.element(each);
  const auto more = whole_roles(*request.command.find("roles"), request.database);
  for (const auto& each : view_document(more)) roles.element(each);
  DocumentBuilder changed;
  for (const auto& field : view_document(user))
    if (field.key != "roles") changed.element(field);
  const Request into{admin(), request.command, request.name, "system.users"};
  auto& list = made(into);
  remove_one(into, list, view_document(DocumentBuilder().text("_id", id).take()));
  store(into, list, changed.array("roles", roles.take()).take());
  return {};
}

DocumentBuilder StandInModel::principals_info(const Request& request) {
  const bool users = request.name == "usersInfo";
  const auto asked = *request.command.begin();
  ArrayBuilder list;
  for (const auto& each : documents_in(admin(), list_of(request.name)))
    if (is_asked_for(view_document(each), asked, request.database))
      list.document(shown(view_document(each), request.command));
  DocumentBuilder reply;
  reply.array(users ? "users" : "roles", list.take());
  return reply;
}

// Of the database that it names, from collections of admin; those that are there are replaced.
DocumentBuilder StandInModel::merge_principals(const Request& request) {
  check_primary(request);
  for (const auto* list : {"system.users", "system.roles"}) {
    const auto* key =
        list == std::string("system.users") ? "tempUsersCollection" : "tempRolesCollection";
    const auto from = request.command.text_at(key).value_or("");
    const Request into{admin(), request.command, request.name, list};
    for (const auto& each : documents_in(admin(), std::string(from.substr(from.find('.') + 1)))) {
      if (view_document(each).text_at("db") != request.command.text_at("db")) continue;
      auto& there = made(into);
      const auto id = DocumentBuilder().element(*view_document(each).find("_id")).take();
      remove_one(into, there, view_document(id));
      store(into, there, each);
    }
  }
  return {};
}

}  // namespace lifeboat::engine::mongodb::testing
