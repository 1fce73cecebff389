#include "engine/mongodb/grants.h"

#include <array>
#include <map>
#include <set>

#include "base/json_value.h"
#include "base/text.h"
#include "engine/mongodb/accounts.h"

namespace lifeboat::engine::mongodb {
namespace {

struct Job {
  Purpose purpose;
  std::string_view name;
  std::string_view what_for;
};

constexpr std::array kJobs{
    Job{Purpose::backup, "backup",
        "reads the database with its users and roles, and what was written meanwhile"},
    Job{Purpose::log, "log", "follows the log (lifeboat log follow)"},
    Job{Purpose::restore, "restore",
        "fills the database that is restored to; not for the live one unless it is to be replaced"},
    Job{Purpose::users, "users",
        "lets the user of restore bring users and roles (restore --users)"},
    Job{Purpose::drill, "drill", ""},
};

const std::vector<std::string> kReading{"dbStats", "find", "listCollections", "listIndexes"};
const std::vector<std::string> kAccounts{"viewRole", "viewUser"};
const std::vector<std::string> kWriting{
    "collMod", "convertToCapped", "createCollection", "createIndex", "dropCollection", "find",
    "insert",  "listCollections", "listIndexes",      "remove",      "update"};

// Stored functions are the one collection of the server's own that is data: "all of a database"
// does not hold it.
constexpr const char* kFunctions = "system.js";

void add_rights(const std::vector<std::string>& actions, const std::string& database,
                std::vector<Right>& rights) {
  for (const auto& action : actions) rights.push_back({action, database});
}

void add_functions(const std::vector<std::string>& actions, const std::string& database,
                   std::vector<Right>& rights) {
  for (const auto& action : actions) rights.push_back({action, database, kFunctions});
}

// Resource by resource, as createRole wants them.
std::string privileges_text(const std::vector<Right>& rights) {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> by_resource;
  for (const auto& each : rights) by_resource[{each.database, each.collection}].insert(each.action);
  std::string text;
  for (const auto& [resource, actions] : by_resource) {
    const Json where{{"db", resource.first}, {"collection", resource.second}};
    text += (text.empty() ? "" : ",\n") + std::string("    {resource: ") + canonical_json(where) +
            ", actions: " + canonical_json(Json(actions)) + "}";
  }
  return text;
}

std::string quoted(const std::string& text) { return canonical_json(Json(text)); }

// What the database of a role or user is called, and the job in its name.
std::string name_for(std::string_view job, const std::string& database) {
  return quoted("lifeboat-" + std::string(job) + "-" + database);
}

constexpr std::string_view kInAdmin = "db.getSiblingDB(\"admin\").";

std::string role_text(const std::string& name, const std::vector<Right>& rights,
                      std::string_view roles) {
  return std::string(kInAdmin) + "createRole({\n  role: " + name + ",\n  privileges: [\n" +
         privileges_text(rights) + "\n  ],\n  roles: [" + std::string(roles) + "]\n})\n";
}

std::string user_text(const std::string& name) {
  return std::string(kInAdmin) + "createUser({user: " + name + ", pwd: passwordPrompt(), roles: [" +
         name + "]})\n";
}

// Older servers know no such resource, so it is for those who need it. Its own indexes are dropped
// by the name of the time series, which is not that of its buckets.
std::string buckets_command(const std::string& role, const Job& job, const std::string& database) {
  const bool writes = job.purpose == Purpose::restore;
  auto privileges = Json::array();
  privileges.push_back({{"resource", {{"db", database}, {"system_buckets", ""}}},
                        {"actions", writes ? Json::array({"find", "insert", "remove", "update"})
                                           : Json::array({"find"})}});
  if (writes)
    privileges.push_back({{"resource", {{"db", database}, {"collection", ""}}},
                          {"actions", Json::array({"dropIndex"})}});
  return "// For time series also: " + std::string(kInAdmin) + "grantPrivilegesToRole(" + role +
         ", " + canonical_json(privileges) + ")\n";
}

// Of no database, for nobody knows what the next drill's is called; and nothing that is pasted here
// with all the rest, for it is for another server.
std::string scratch_commands() {
  const auto name = quoted("lifeboat-scratch");
  auto text = role_text(name, rights_for(Purpose::drill, ""), "") + user_text(name);
  text.pop_back();
  replace_all(text, "\n", "\n// ");
  return "// A drill restores into a private server of its own: it needs no user on this one.\n"
         "// On another one that it makes databases on (sandbox: {type: database}), never this "
         "one:\n// " +
         text + "\n";
}

// The log is on the shards, where nobody is sent by these.
std::string shard_keys_command(const std::string& database) {
  const auto privileges =
      Json::array({{{"resource", {{"db", "config"}, {"collection", "collections"}}},
                    {"actions", Json::array({"find"})}}});
  return "// For the shard keys also: " + std::string(kInAdmin) + "grantPrivilegesToRole(" +
         name_for(name_of(Purpose::backup), database) + ", " + canonical_json(privileges) + ")\n";
}

std::string commands_for(const Job& job, const std::string& database) {
  if (job.purpose == Purpose::drill) return scratch_commands();
  const auto name = name_for(job.name, database);
  const auto rights = rights_for(job.purpose, database);
  const auto about = "// " + std::string(job.name) + " of " + quoted(database) + ": " +
                     std::string(job.what_for) + "\n";
  if (job.purpose != Purpose::users)
    return about + role_text(name, rights, "") + user_text(name) +
           (job.purpose == Purpose::log ? "" : buckets_command(name, job, database));
  return about + role_text(name, rights, quoted("restore")) + std::string(kInAdmin) +
         "grantRolesToUser(" + name_for(name_of(Purpose::restore), database) + ", [" + name +
         "])\n";
}

// The server matches no wildcard with these two, which are its own.
bool is_of_server(const std::string& database) {
  return database == "local" || database == "config";
}

bool covers(DocumentView resource, const Right& right) {
  if (resource.is_true_at("anyResource")) return true;
  const auto database = resource.text_at("db");
  const auto collection = resource.text_at("collection");
  if (!database || !collection) return false;
  const bool whole = collection->empty() && !right.collection.starts_with("system.");
  const bool any_database = database->empty() && !is_of_server(right.database);
  const bool named = database == right.database || (database->empty() && !collection->empty());
  return (named && collection == right.collection) || ((named || any_database) && whole);
}

// Of the most; those of others depend on what they ask for.
const std::map<std::string_view, std::string_view> kActions{
    {"aggregate", "find"},
    {"collMod", "collMod"},
    {"count", "find"},
    {"createIndexes", "createIndex"},
    {"dbStats", "dbStats"},
    {"delete", "remove"},
    {"drop", "dropCollection"},
    {"dropIndexes", "dropIndex"},
    {"find", "find"},
    {"insert", "insert"},
    {"listCollections", "listCollections"},
    {"listIndexes", "listIndexes"},
    {"rolesInfo", "viewRole"},
    {"update", "update"},
    {"usersInfo", "viewUser"},
    {"validate", "validate"},
};

bool is_upsert(DocumentView command) {
  const auto updates = command.find("updates");
  if (!updates || !updates->holds(BsonType::array)) return false;
  for (const auto& each : updates->inside())
    if (each.inside().is_true_at("upsert")) return true;
  return false;
}

// A plain collection may be made by whoever may insert.
std::vector<std::string> actions_for(DocumentView command) {
  const auto first = *command.begin();
  if (first.key == "create" && command.find("viewOn")) return {"createCollection", "find"};
  if (first.key == "create" && command.is_true_at("capped")) return {"convertToCapped", "insert"};
  if (first.key == "create") return {"insert"};
  if (first.key == "renameCollection") return {"find", "dropCollection", "insert", "createIndex"};
  const auto found = kActions.find(first.key);
  if (found == kActions.end()) return {};
  std::vector<std::string> actions{std::string(found->second)};
  if (first.key == "update" && is_upsert(command)) actions.emplace_back("insert");
  return actions;
}

bool has_action(DocumentView privilege, const std::string& action) {
  const auto actions = privilege.find("actions");
  if (!actions || !actions->holds(BsonType::array)) return false;
  for (const auto& each : actions->inside())
    if (each.text() == action) return true;
  return false;
}

}  // namespace

std::string_view name_of(Purpose purpose) {
  return kJobs.at(static_cast<std::size_t>(purpose)).name;
}

std::string Right::text() const {
  return action + " on " +
         (collection.empty() ? "all of " + database : database + "." + collection);
}

std::vector<Right> rights_for(Purpose purpose, const std::string& database) {
  std::vector<Right> rights;
  if (purpose == Purpose::drill) {
    add_rights(kWriting, database, rights);
    add_rights({"dropDatabase", "validate"}, database, rights);
    add_rights(kAccounts, database, rights);
    return rights;
  }
  if (purpose == Purpose::restore) {
    add_rights(kWriting, database, rights);
    add_functions({"dropCollection", "find", "insert", "listIndexes", "remove", "update"}, database,
                  rights);
    return rights;
  }
  if (purpose == Purpose::users)
    return {{"find", "admin", kTemporaryUsers}, {"find", "admin", kTemporaryRoles}};
  if (purpose == Purpose::backup) {
    add_rights(kReading, database, rights);
    add_rights(kAccounts, database, rights);
    add_functions({"find", "listIndexes"}, database, rights);
  }
  rights.push_back({"find", "local", "oplog.rs"});
  rights.push_back({"find", "local", "system.replset"});
  rights.push_back({"find", "config", "transactions"});
  return rights;
}

std::vector<Grant> grants_for(const std::string& database, bool sharded) {
  std::vector<Grant> grants;
  for (const auto& job : kJobs)
    grants.push_back({std::string(job.name), commands_for(job, database)});
  if (sharded) grants.front().commands += shard_keys_command(database);
  return grants;
}

std::string grants_for_markers(const std::string& database, const std::string& collection) {
  const auto name = name_for("markers", database);
  std::vector<Right> rights;
  for (const auto* action : {"find", "insert", "remove"})
    rights.push_back({action, database, collection});
  return "// markers of " + quoted(database) + ": writes them (lifeboat mark)\n" +
         role_text(name, rights, "") + user_text(name);
}

bool Rights::may(const Right& right) const {
  if (!privileges) return false;
  for (const auto& each : view_document(*privileges)) {
    const auto resource = each.inside().document_at("resource");
    if (resource && covers(*resource, right) && has_action(each.inside(), right.action))
      return true;
  }
  return false;
}

Result<Rights> rights_in(DocumentView status) {
  const auto about = status.document_at("authInfo");
  const auto users = about ? about->find("authenticatedUsers") : std::nullopt;
  if (!users || !users->holds(BsonType::array))
    return fail(Code::corrupt, "the server does not say who is logged in");
  Rights rights;
  for (const auto& each : users->inside())
    rights.users.push_back(std::string(each.inside().text_at("user").value_or("")) + "@" +
                           std::string(each.inside().text_at("db").value_or("")));
  if (const auto privileges = about->find("authenticatedUserPrivileges");
      privileges && privileges->holds(BsonType::array))
    rights.privileges = to_bytes(privileges->inside().bytes());
  return rights;
}

std::vector<Right> rights_for_command(const std::string& database, DocumentView command) {
  const auto first = *command.begin();
  if (first.key == "_mergeAuthzCollections") return rights_for(Purpose::users, database);
  Right right{{}, database, std::string(first.text().value_or(""))};
  if (first.key == "renameCollection") {
    right.database = right.collection.substr(0, right.collection.find('.'));
    right.collection.clear();
  }
  std::vector<Right> rights;
  for (auto& action : actions_for(command)) {
    right.action = std::move(action);
    rights.push_back(right);
  }
  return rights;
}

Error for_lack_of(Error error, const std::string& database, DocumentView command) {
  if (error.code() != Code::permission_denied) return error;
  if (error.message().find("uthentication failed") != std::string::npos) return error;
  if (error.message().find("requires authentication") != std::string::npos)
    return std::move(error).with_hint("The URI names no user, and this server wants one.");
  std::string lacking;
  for (const auto& each : rights_for_command(database, command))
    lacking += (lacking.empty() ? "" : " or ") + each.text();
  if (lacking.empty()) return error;
  error.add_context("this user lacks " + lacking);
  error.with_hint("Grant it: `lifeboat doctor --grants` prints the least rights of each job.");
  return error;
}

}  // namespace lifeboat::engine::mongodb
