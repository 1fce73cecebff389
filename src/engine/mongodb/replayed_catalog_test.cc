#include "engine/mongodb/replayed_catalog.h"

#include <gtest/gtest.h>

#include "engine/mongodb/test_catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

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

}  // namespace
}  // namespace lifeboat::engine::mongodb
