#include "restore/given_names.h"

#include <gtest/gtest.h>

namespace lifeboat::restore {
namespace {

PlanItem item_of(const std::string& source, const std::string& type) {
  return {source, type, source + "-place", {}, 0, false};
}

Result<Plan> plan_named(std::vector<PlanItem> items, const engine::Renames& renames) {
  Plan plan;
  plan.items = std::move(items);
  TRY(give_names(plan, renames));
  return plan;
}

std::string why_not(std::vector<PlanItem> items, const engine::Renames& renames) {
  const auto plan = plan_named(std::move(items), renames);
  if (plan) return "it was taken";
  EXPECT_EQ(plan.error().code(), Code::usage);
  return plan.error().message();
}

TEST(GivenNames, AreOfTheSourceThatIsNamedOrOfTheOnlyDatabaseOnAServer) {
  const std::vector<PlanItem> items{item_of("db", "mongodb"), item_of("uploads", "files")};
  const auto plan = plan_named(items, {{"orders", "a"}, {"db/people", "b"}, {"x/y", "c"}});
  ASSERT_TRUE(plan) << plan.error().describe();
  const engine::Renames expected{{"orders", "a"}, {"people", "b"}, {"x/y", "c"}};
  EXPECT_EQ(plan->items[0].renames, expected);
  EXPECT_TRUE(plan->items[1].renames.empty());
}

TEST(GivenNames, MustSayOfWhichOfTwoDatabases) {
  const std::vector<PlanItem> items{item_of("a", "mongodb"), item_of("b", "mongodb")};
  EXPECT_NE(why_not(items, {{"orders", "x"}}).find("any of several databases"), std::string::npos);
  const auto plan = plan_named(items, {{"b/orders", "x"}});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->items[1].renames.at("orders"), "x");
}

TEST(GivenNames, AreOfNothingButCollections) {
  const std::vector<PlanItem> items{item_of("uploads", "files"), item_of("data", "sqlite")};
  EXPECT_NE(why_not(items, {{"uploads/a", "b"}}).find("uploads is of type files"),
            std::string::npos);
  EXPECT_NE(why_not(items, {{"data/orders", "b"}}).find("data is of type sqlite"),
            std::string::npos);
  EXPECT_NE(why_not(items, {{"orders", "b"}}).find("nothing that is restored is a database"),
            std::string::npos);
}

TEST(GivenNames, AreOneOfEachHoweverItIsNamed) {
  EXPECT_NE(why_not({item_of("db", "mongodb")}, {{"orders", "a"}, {"db/orders", "b"}})
                .find("orders of db twice"),
            std::string::npos);
}

}  // namespace
}  // namespace lifeboat::restore
