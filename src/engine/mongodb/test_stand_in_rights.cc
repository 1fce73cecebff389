#include "engine/mongodb/test_stand_in_rights.h"

#include <algorithm>
#include <array>
#include <map>

#include "engine/mongodb/catalog.h"
#include "engine/mongodb/oplog_entry.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

using Actions = std::set<std::string>;

const Actions kRead{"collStats", "dbStats", "find", "listCollections", "listIndexes"};
const Actions kWrite{"convertToCapped", "createCollection", "createIndex", "dropCollection",
                     "dropIndex",       "insert",           "remove",      "renameCollectionSameDB",
                     "update"};
const Actions kAdministrate{"collMod", "dropDatabase", "listDatabases", "validate"};
const Actions kAccounts{"createRole", "createUser", "dropRole", "dropUser",
                        "grantRole",  "revokeRole", "viewRole", "viewUser"};
const Actions kRestore{
    "bypassDocumentValidation", "collMod", "convertToCapped", "createCollection", "createIndex",
    "dropCollection",           "insert"};

Actions joined(std::initializer_list<Actions> all) {
  Actions actions;
  for (const auto& each : all) actions.insert(each.begin(), each.end());
  return actions;
}

bool is_of_the_server(const std::string& database) {
  return database == "local" || database == "config";
}

// What most commands need, on the collection that they name or on the database.
struct Need {
  const char* action;
  bool of_database = false;
};
const std::map<std::string_view, Need> kNeeds{
    {"find", {"find"}},
    {"count", {"find"}},
    {"aggregate", {"find"}},
    {"insert", {"insert"}},
    {"update", {"update"}},
    {"delete", {"remove"}},
    {"createIndexes", {"createIndex"}},
    {"dropIndexes", {"dropIndex"}},
    {"collMod", {"collMod"}},
    {"collStats", {"collStats"}},
    {"drop", {"dropCollection"}},
    {"listIndexes", {"listIndexes"}},
    {"validate", {"validate"}},
    {"listCollections", {"listCollections", true}},
    {"dbStats", {"dbStats", true}},
    {"dropDatabase", {"dropDatabase", true}},
    {"usersInfo", {"viewUser", true}},
    {"rolesInfo", {"viewRole", true}},
    {"createUser", {"createUser", true}},
    {"createRole", {"createRole", true}},
    {"dropUser", {"dropUser", true}},
    {"dropRole", {"dropRole", true}},
    {"grantRolesToUser", {"grantRole", true}},
    {"listDatabases", {"listDatabases", true}},
};

StandInRights::Target target_in(DocumentView command, std::string_view key) {
  const auto ns = namespace_from(command.text_at(key).value_or(""));
  return ns ? StandInRights::Target{ns->database, ns->collection} : StandInRights::Target{};
}

bool has_upsert(DocumentView command) {
  const auto updates = command.find("updates");
  if (!updates) return false;
  for (const auto& each : updates->inside())
    if (each.inside().is_true_at("upsert")) return true;
  return false;
}

}  // namespace

// More of a cursor is given to whoever opened it.
bool StandInRights::is_for_all(const std::string& command) {
  static const Actions kForAll{
      "hello",        "isMaster",    "ismaster",         "ping",        "buildInfo", "saslStart",
      "saslContinue", "endSessions", "connectionStatus", "killCursors", "getMore"};
  return kForAll.contains(command);
}

void StandInRights::add(DocumentView privilege) {
  const auto resource = privilege.document_at("resource").value_or(DocumentView());
  if (!resource.find("db") && !resource.is_true_at("anyResource")) return;  // of the cluster
  Privilege added;
  added.resource.any = resource.is_true_at("anyResource");
  added.resource.database = resource.text_at("db").value_or("");
  added.resource.of_buckets = resource.find("system_buckets").has_value();
  added.resource.collection =
      resource.text_at(added.resource.of_buckets ? "system_buckets" : "collection").value_or("");
  if (const auto actions = privilege.find("actions"))
    for (const auto& each : actions->inside())
      added.actions.insert(std::string(each.text().value_or("")));
  privileges_.push_back(std::move(added));
}

void StandInRights::add_built_in(const std::string& role, const std::string& database) {
  const auto give = [&](Resource resource, Actions actions) {
    privileges_.push_back({std::move(resource), std::move(actions)});
  };
  const auto give_here = [&](const Actions& actions) {
    give({false, database, ""}, actions);
    give({false, database, "system.js"}, actions);
    give({false, database, "", true}, actions);
  };
  if (role == "read") give_here(kRead);
  if (role == "readWrite") give_here(joined({kRead, kWrite}));
  if (database != "admin") return;
  if (role == "root") give({true}, joined({kRead, kWrite, kAdministrate, kAccounts}));
  if (role != "restore") return;
  give({}, joined({kRestore, kAccounts}));
  give({false, "", "system.js"}, kRestore);
  give({false, "", "", true}, kRestore);
  give({true}, {"listCollections"});
  for (const auto* each : {"tempusers", "temproles", "system.users", "system.roles"})
    give({false, "admin", each}, {"find"});
}

bool StandInRights::Resource::holds(const Target& target) const {
  if (any) return true;
  if (of_buckets)
    return target.collection.starts_with(kBucketsPrefix) &&
           (database.empty() || database == target.database) &&
           (collection.empty() || std::string(kBucketsPrefix) + collection == target.collection);
  const bool is_system = target.collection.starts_with("system.");
  const bool of_all = database.empty() && collection.empty();
  if (of_all) return !is_system && !is_of_the_server(target.database);
  if (database.empty()) return collection == target.collection;
  if (database != target.database) return false;
  return collection.empty() ? !is_system : collection == target.collection;
}

bool StandInRights::may(const std::string& action, const Target& target) const {
  return std::ranges::any_of(privileges_, [&](const Privilege& each) {
    return each.actions.contains(action) && each.resource.holds(target);
  });
}

bool StandInRights::may_all(const Actions& actions, const Target& target) const {
  return std::ranges::all_of(actions, [&](const auto& each) { return may(each, target); });
}

bool StandInRights::may_everywhere(const Actions& actions) const {
  return std::ranges::all_of(actions, [&](const std::string& action) {
    return std::ranges::any_of(privileges_, [&](const Privilege& each) {
      const auto& [any, database, collection, of_buckets] = each.resource;
      const bool of_all = database.empty() && collection.empty() && !of_buckets;
      return each.actions.contains(action) && (any || of_all);
    });
  });
}

bool StandInRights::allow(const Target& named, DocumentView command) const {
  const auto first = *command.begin();
  if (first.key == "create") return allow_create(named, command);
  if (first.key == "renameCollection") return allow_rename(command);
  if (first.key == "_mergeAuthzCollections") return allow_merge(command);
  if (first.key == "update" && has_upsert(command) && !may("insert", named)) return false;
  const auto need = kNeeds.find(first.key);
  if (need == kNeeds.end()) return false;
  return may(need->second.action, need->second.of_database ? Target{named.database} : named);
}

// Whoever may insert may make a collection by that; a view shows what is in another.
bool StandInRights::allow_create(const Target& target, DocumentView command) const {
  const bool may_create = may("createCollection", target);
  if (const auto source = command.text_at("viewOn"))
    return may_create && may("find", {target.database, std::string(*source)});
  if (command.is_true_at("capped") && !may("convertToCapped", target)) return false;
  return may_create || may("insert", target);
}

// What could be done by copying is allowed to those who may copy.
bool StandInRights::allow_rename(DocumentView command) const {
  const auto from = target_in(command, "renameCollection");
  const auto to = target_in(command, "to");
  const bool may_drop = !command.is_true_at("dropTarget") || may("dropCollection", to);
  const bool is_plain = from.database == to.database && !from.collection.starts_with("system.") &&
                        !to.collection.starts_with("system.");
  if (is_plain && may_drop && may("renameCollectionSameDB", {from.database}) &&
      (may("find", from) || !may("find", to)))
    return true;
  return may_drop && may_all({"find", "dropCollection"}, from) &&
         may_all({"insert", "createIndex"}, to);
}

bool StandInRights::allow_merge(DocumentView command) const {
  const Actions accounts{"createUser", "createRole", "grantRole", "revokeRole"};
  return may_everywhere(accounts) &&
         (!command.is_true_at("drop") || may_everywhere({"dropUser", "dropRole"})) &&
         may("find", target_in(command, "tempUsersCollection")) &&
         may("find", target_in(command, "tempRolesCollection"));
}

Bytes StandInRights::told() const {
  ArrayBuilder list;
  for (const auto& [resource, actions] : privileges_) {
    DocumentBuilder where;
    if (resource.any)
      where.boolean("anyResource", true);
    else
      where.text("db", resource.database)
          .text(resource.of_buckets ? "system_buckets" : "collection", resource.collection);
    ArrayBuilder allowed;
    for (const auto& each : actions) allowed.text(each);
    list.document(DocumentBuilder()
                      .document("resource", where.take())
                      .array("actions", allowed.take())
                      .take());
  }
  return list.take();
}

}  // namespace lifeboat::engine::mongodb::testing
