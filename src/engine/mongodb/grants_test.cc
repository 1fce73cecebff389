#include "engine/mongodb/grants.h"

#include <gmock/gmock.h>

#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Bytes status_with(const std::string& privileges) {
  return bson_of(R"({"authInfo": {"authenticatedUsers": [{"user": "keeper", "db": "admin"}],
                     "authenticatedUserRoles": [],
                     "authenticatedUserPrivileges": [)" +
                 privileges + "]}, \"ok\": 1.0}");
}

bool may(const std::string& privileges, const Right& right) {
  const auto status = status_with(privileges);
  return rights_in(view_document(status)).value().may(right);
}

const Right kFind{"find", "shop"};
const Right kFindLog{"find", "local", "oplog.rs"};

TEST(Grants, AreCommandsForMongoshWithoutAPassword) {
  const auto grants = grants_for("shop");
  ASSERT_EQ(grants.size(), 5U);
  EXPECT_EQ(grants[0].purpose, "backup");
  EXPECT_EQ(grants[0].commands,
            R"(// backup of "shop": )"
            R"(reads the database with its users and roles, and what was written meanwhile
db.getSiblingDB("admin").createRole({
  role: "lifeboat-backup-shop",
  privileges: [
    {resource: {"collection":"transactions","db":"config"}, actions: ["find"]},
    {resource: {"collection":"oplog.rs","db":"local"}, actions: ["find"]},
    {resource: {"collection":"system.replset","db":"local"}, actions: ["find"]},
    {resource: {"collection":"","db":"shop"}, actions: )"
            R"(["dbStats","find","listCollections","listIndexes","viewRole","viewUser"]},
    {resource: {"collection":"system.js","db":"shop"}, actions: ["find","listIndexes"]}
  ],
  roles: []
})
db.getSiblingDB("admin").createUser({user: "lifeboat-backup-shop", pwd: passwordPrompt(), )"
            R"(roles: ["lifeboat-backup-shop"]})
// For time series also: db.getSiblingDB("admin").grantPrivilegesToRole("lifeboat-backup-shop", )"
            R"([{"actions":["find"],"resource":{"db":"shop","system_buckets":""}}])
)");
  EXPECT_THAT(grants[1].commands, Not(HasSubstr("\"shop\", actions")));
  EXPECT_THAT(grants[2].commands, HasSubstr("\"insert\""));
  EXPECT_THAT(grants[2].commands,
              HasSubstr(R"([{"actions":["find","insert","remove","update"],)"
                        R"("resource":{"db":"shop","system_buckets":""}},)"
                        R"({"actions":["dropIndex"],"resource":{"collection":"","db":"shop"}}])"));
  EXPECT_THAT(grants[3].commands,
              HasSubstr("grantRolesToUser(\"lifeboat-restore-shop\", [\"lifeboat-users-shop\"])"));
  EXPECT_THAT(grants[4].commands, HasSubstr("needs no user"));
  EXPECT_THAT(grants[4].commands,
              HasSubstr(R"({resource: {"collection":"","db":""}, actions: ["collMod",)"));
}

TEST(Grants, AreFoundAmongThoseOfAUser) {
  const std::string on_shop = R"({"resource": {"db": "shop", "collection": ""}, "actions": [)";
  EXPECT_TRUE(may(on_shop + R"("listIndexes", "find"]})", kFind));
  EXPECT_FALSE(may(on_shop + R"("listIndexes"]})", kFind));
  EXPECT_FALSE(may(on_shop + R"("find"]})", kFindLog));
  EXPECT_FALSE(may(on_shop + R"("find"]})", {"find", "shops"}));
  EXPECT_FALSE(may("", kFind));
}

TEST(Grants, OfAllDatabasesAreNoneOfTheServersOwn) {
  const std::string all = R"({"resource": {"db": "", "collection": ""}, "actions": ["find"]})";
  EXPECT_TRUE(may(all, kFind));
  EXPECT_FALSE(may(all, kFindLog));
  EXPECT_TRUE(may(R"({"resource": {"anyResource": true}, "actions": ["find"]})", kFindLog));
  EXPECT_TRUE(may(R"({"resource": {"db": "local", "collection": "oplog.rs"}, "actions": ["find"]})",
                  kFindLog));
  EXPECT_TRUE(
      may(R"({"resource": {"db": "", "collection": "oplog.rs"}, "actions": ["find"]})", kFindLog));
  EXPECT_FALSE(may(R"({"resource": {"cluster": true}, "actions": ["find"]})", kFindLog));
  EXPECT_FALSE(may(R"({"resource": {"db": "local", "collection": ""}, "actions": ["find"]})",
                   {"find", "local", "system.replset"}));
}

TEST(Grants, OfADatabaseAreNoneOfItsStoredFunctions) {
  const Right functions{"find", "shop", "system.js"};
  EXPECT_FALSE(
      may(R"({"resource": {"db": "shop", "collection": ""}, "actions": ["find"]})", functions));
  EXPECT_TRUE(may(R"({"resource": {"db": "shop", "collection": "system.js"}, "actions": ["find"]})",
                  functions));
}

TEST(Grants, OfOneCollectionAreNotThoseOfTheDatabase) {
  EXPECT_FALSE(
      may(R"({"resource": {"db": "shop", "collection": "items"}, "actions": ["find"]})", kFind));
}

TEST(Grants, AreNotGuessedFromAReplyThatTellsNone) {
  for (const auto* reply :
       {"{}", R"({"authInfo": {}})", R"({"authInfo": {"authenticatedUsers": {}}})"}) {
    const auto status = bson_of(reply);
    EXPECT_EQ(rights_in(view_document(status)).error().code(), Code::corrupt) << reply;
  }
  const auto silent = bson_of(R"({"authInfo": {"authenticatedUsers": []}})");
  EXPECT_FALSE(rights_in(view_document(silent))->privileges);
  EXPECT_FALSE(rights_in(view_document(silent))->may(kFind));
  const auto status = status_with("");
  EXPECT_THAT(rights_in(view_document(status))->users, ElementsAre("keeper@admin"));
}

Error lacking(const std::string& message, const std::string& database, const std::string& command) {
  const auto bytes = bson_of(command);
  return for_lack_of(Error(Code::permission_denied, message), database, view_document(bytes));
}

TEST(Grants, AreNamedWhereTheLackOfOneIsTheCause) {
  const auto denied = lacking("not authorized", "local", R"({"find": "oplog.rs"})");
  EXPECT_EQ(denied.describe(), "this user lacks find on local.oplog.rs: not authorized");
  EXPECT_THAT(std::string(denied.hint()), HasSubstr("doctor --grants"));
  const auto nobody =
      lacking("command find requires authentication", "shop", R"({"find": "items"})");
  EXPECT_THAT(nobody.describe(), Not(HasSubstr("lacks")));
  EXPECT_THAT(std::string(nobody.hint()), HasSubstr("names no user"));
  const auto bytes = bson_of(R"({"find": "items"})");
  const Error other(Code::unavailable, "no server");
  EXPECT_EQ(for_lack_of(other, "shop", view_document(bytes)).describe(), "no server");
  EXPECT_EQ(lacking("no", "shop", R"({"shutdown": 1})").describe(), "no");
  const auto stranger = lacking("Authentication failed.", "shop", R"({"find": "items"})");
  EXPECT_EQ(stranger.describe(), "Authentication failed.");
}

TEST(Grants, AreNamedByWhatTheCommandAsksFor) {
  const std::map<std::string, std::string> named{
      {R"({"create": "a"})", "insert on shop.a"},
      {R"({"create": "a", "capped": true})", "convertToCapped on shop.a or insert on shop.a"},
      {R"({"create": "a", "viewOn": "b"})", "createCollection on shop.a or find on shop.a"},
      {R"({"update": "a", "updates": [{"q": {}, "u": {}}]})", "update on shop.a"},
      {R"({"update": "a", "updates": [{"q": {}, "u": {}, "upsert": true}]})",
       "update on shop.a or insert on shop.a"},
      {R"({"dropIndexes": "a", "index": "*"})", "dropIndex on shop.a"},
      {R"({"usersInfo": 1})", "viewUser on all of shop"},
      {R"({"_mergeAuthzCollections": 1})",
       "find on admin.lifeboat.users or find on admin.lifeboat.roles"},
  };
  for (const auto& [command, rights] : named)
    EXPECT_EQ(lacking("no", "shop", command).describe(), "this user lacks " + rights + ": no");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
