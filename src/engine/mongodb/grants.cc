#include "engine/mongodb/grants.h"

#include <array>
#include <map>
#include <set>

#include "base/json_value.h"

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
    Job{Purpose::drill, "drill", ""},
};

const std::vector<std::string> kReading{"dbStats", "find", "listCollections", "listIndexes"};
const std::vector<std::string> kAccounts{"viewRole", "viewUser"};
const std::vector<std::string> kWriting{"collMod",     "convertToCapped", "createCollection",
                                        "createIndex", "dbStats",         "dropCollection",
                                        "find",        "insert",          "listCollections",
                                        "listIndexes", "remove",          "renameCollectionSameDB",
                                        "update"};

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

// Older servers know no such resource, so it is for those who need it.
std::string buckets_command(const std::string& role, const Job& job, const std::string& database) {
  const auto actions = job.purpose == Purpose::restore
                           ? Json::array({"find", "insert", "remove", "update"})
                           : Json::array({"find"});
  const Json privilege{{"resource", {{"db", database}, {"system_buckets", ""}}},
                       {"actions", actions}};
  return "// For time series also: db.getSiblingDB(\"admin\").grantPrivilegesToRole(" +
         quoted(role) + ", [" + canonical_json(privilege) + "])\n";
}

std::string commands_for(const Job& job, const std::string& database) {
  if (job.purpose == Purpose::drill)
    return "// A drill restores into a private server of its own: it needs no user on this one.\n";
  const auto role = "lifeboat-" + std::string(job.name) + "-" + database;
  std::string more;
  if (job.purpose != Purpose::log) more = buckets_command(role, job, database);
  if (job.purpose == Purpose::restore)
    more +=
        "// For `restore --users` also: db.grantRolesToUser(" + quoted(role) + ", [\"restore\"])\n";
  return "// " + std::string(job.name) + " of " + quoted(database) + ": " +
         std::string(job.what_for) +
         "\ndb.getSiblingDB(\"admin\").createRole({\n  role: " + quoted(role) +
         ",\n  privileges: [\n" + privileges_text(rights_for(job.purpose, database)) +
         "\n  ],\n  roles: []\n})\ndb.getSiblingDB(\"admin\").createUser({user: " + quoted(role) +
         ", pwd: passwordPrompt(), roles: [" + quoted(role) + "]})\n" + more;
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
  const bool whole = collection->empty() && right.collection != kFunctions;
  const bool any_database = database->empty() && !is_of_server(right.database);
  const bool named = database == right.database || (database->empty() && !collection->empty());
  return (named && collection == right.collection) || ((named || any_database) && whole);
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
  if (purpose == Purpose::drill) return rights;
  if (purpose == Purpose::restore) {
    add_rights(kWriting, database, rights);
    add_functions({"createCollection", "dropCollection", "find", "insert", "remove", "update"},
                  database, rights);
    return rights;
  }
  if (purpose == Purpose::backup) {
    add_rights(kReading, database, rights);
    add_rights(kAccounts, database, rights);
    add_functions({"find", "listIndexes"}, database, rights);
  }
  rights.push_back({"find", "local", "oplog.rs"});
  rights.push_back({"find", "config", "transactions"});
  return rights;
}

std::vector<Grant> grants_for(const std::string& database) {
  std::vector<Grant> grants;
  for (const auto& job : kJobs)
    grants.push_back({std::string(job.name), commands_for(job, database)});
  return grants;
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

Error for_lack_of(Error error, const Right& right) {
  if (error.code() != Code::permission_denied) return error;
  if (error.message().find("requires authentication") != std::string::npos)
    return std::move(error).with_hint("The URI names no user, and this server wants one.");
  error.add_context("this user lacks " + right.text());
  error.with_hint("Grant it: `lifeboat doctor --grants` prints the least rights of each job.");
  return error;
}

}  // namespace lifeboat::engine::mongodb
