#include "engine/mongodb/replayed_catalog.h"

#include <gmock/gmock.h>

#include "engine/mongodb/test_catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kIndexOfA = R"({"v":2,"key":{"a":1},"name":"a_1","hidden":true})";

// The shop with one collection, onto which a log is replayed.
class ReplayedShop : public ::testing::Test {
 protected:
  static std::string indexes_of(const ReplayedCatalog& catalog) {
    std::string all;
    for (const auto& each : catalog.find("orders")->indexes) all += json_of(each) + "\n";
    return all;
  }

  const Namespace orders_{"shop", "orders"};
  ReplayedCatalog catalog_{{"shop", {with_options("orders", "{}", {kIdIndex, kIndexOfA})}}};
};

TEST_F(ReplayedShop, AnIndexKeepsItsKeyAndNameWhateverACollModSays) {
  catalog_.modify_index({orders_, bson_of(R"({"name":"a_1","key":7,"hidden":false})")});
  EXPECT_EQ(indexes_of(catalog_), json_of(bson_of(kIdIndex)) + "\n" +
                                      json_of(bson_of(R"({"v":2,"key":{"a":1},"name":"a_1",
                                                          "hidden":false})")) +
                                      "\n");
}

std::vector<std::string> subjects(const std::vector<Finding>& lost) {
  std::vector<std::string> all;
  for (const auto& each : lost) all.push_back(each.subject);
  return all;
}

const std::string kExpires = R"({"v":2,"key":{"t":1},"name":"t_1","expireAfterSeconds":5})";

TEST_F(ReplayedShop, WhatIsNotOfferedIsLeftOutAndNamed) {
  ReplayedCatalog catalog({"shop", {with_options("orders", "{}", {kIdIndex})}},
                          std::set<Feature>{});
  ASSERT_TRUE(catalog.add_indexes({orders_, {bson_of(kExpires), bson_of(kIndexOfA)}}));
  const auto rules = bson_of(R"({"collMod":"orders","validator":{"a":1},"other":1})");
  EXPECT_EQ(catalog.possible({orders_, rules}).value(),
            bson_of(R"({"collMod":"orders","other":1})"));
  ASSERT_TRUE(catalog.create({{"shop", "v"}, bson_of(R"({"create":"v","viewOn":"orders"})")}));
  EXPECT_EQ(indexes_of(catalog), json_of(bson_of(kIdIndex)) + "\n");
  EXPECT_THAT(
      subjects(catalog.lost()),
      ElementsAre("shop.orders, index t_1", "shop.orders, index a_1", "shop.orders", "shop.v"));
  catalog.drop("v");
  ASSERT_TRUE(catalog.rename("orders", "sold"));
  EXPECT_THAT(subjects(catalog.lost()),
              ElementsAre("shop.sold, index t_1", "shop.sold, index a_1", "shop.sold"));
}

TEST_F(ReplayedShop, WithoutASetOfWhatIsOfferedNothingIsLeftOut) {
  ASSERT_TRUE(catalog_.add_indexes({orders_, {bson_of(kExpires)}}));
  const auto rules = bson_of(R"({"collMod":"orders","validator":{"a":1}})");
  EXPECT_EQ(catalog_.possible({orders_, rules}).value(), rules);
  EXPECT_THAT(indexes_of(catalog_), HasSubstr("t_1"));
  EXPECT_TRUE(catalog_.lost().empty());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
