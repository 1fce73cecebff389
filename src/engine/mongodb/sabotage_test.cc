#include "engine/mongodb/sabotage.h"

#include <gmock/gmock.h>

#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

// Users and roles that a server keeps, which FerretDB does not; the rest is planted by drills
// there.
class PlantedAccounts : public testing::StandInShop {
 protected:
  void SetUp() override { fill(10); }
  void make_user(const std::string& roles) const {
    live().run(bson_of(R"({"createUser": "anna", "pwd": "x", "roles": )" + roles + "}"));
  }
  void make_role(const std::string& privileges) const {
    live().run(
        bson_of(R"({"createRole": "clerk", "roles": [], "privileges": )" + privileges + "}"));
  }
  // What was done; empty where there was nothing to spoil.
  std::string plant(const std::string& defect) const {
    const auto planted = plant_defect(defect, uri("shop"));
    EXPECT_TRUE(planted) << contract::failure_of(planted);
    return planted ? planted->value_or("") : "";
  }
  Json accounts() { return facts("shop")["accounts"]; }
};

TEST_F(PlantedAccounts, LoseAUser) {
  make_user("[]");
  EXPECT_TRUE(accounts()["users"].contains("anna"));
  EXPECT_EQ(plant("user-dropped"), "dropped the user anna");
  EXPECT_TRUE(accounts()["users"].empty());
}

TEST_F(PlantedAccounts, HaveARoleThatAllowsSomethingElse) {
  for (const auto* privileges :
       {"[]", R"([{"resource": {"db": "shop", "collection": "items"}, "actions": ["insert"]}])"}) {
    make_role(privileges);
    const auto before = accounts();
    EXPECT_EQ(plant("role-changed"), "changed what the role clerk allows");
    EXPECT_NE(accounts()["roles"]["clerk"], before["roles"]["clerk"]);
    live().run(bson_of(R"({"dropRole": "clerk"})"));
  }
}

TEST_F(PlantedAccounts, HaveAUserWithoutItsRolesWhereNoRoleWasMade) {
  make_user(R"(["readWrite"])");
  const auto before = accounts();
  EXPECT_EQ(plant("role-changed"), "took all roles from the user anna");
  EXPECT_EQ(before["users"]["anna"]["roles"], Json({"readWrite"}));
  EXPECT_TRUE(accounts()["users"]["anna"]["roles"].empty());
}

TEST_F(PlantedAccounts, AreLeftAsTheyAreWhereThereAreNone) {
  EXPECT_EQ(plant("user-dropped"), "");
  EXPECT_EQ(plant("role-changed"), "");
  make_user("[]");
  EXPECT_EQ(plant("role-changed"), "");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
