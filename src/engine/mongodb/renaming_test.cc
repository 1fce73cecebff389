#include "engine/mongodb/renaming.h"

#include <gmock/gmock.h>

#include "engine/mongodb/test_catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Renames kRenamedOrders{{"orders", "orders_old"}};

Catalog small_shop() {
  return {"shop",
          {view_of_name("late", "orders"), with_options("orders", "{}", {kIdIndex}),
           with_options("people", "{}", {kIdIndex}),
           with_options("secret", R"({"encryptedFields":{"escCollection":"enxcol_.secret.esc"}})"),
           with_options("enxcol_.secret.esc", "{}"),
           collection_of(R"({"name":"weather","type":"timeseries","options":{}})")}};
}

Error refused_for(const Renames& renames) {
  auto checked = check_renames(small_shop(), renames, "restored");
  return checked ? Error(Code::internal, "nothing was refused") : std::move(checked).error();
}

TEST(Renaming, SaysOfEachNameWhyItCannotBe) {
  const std::vector<std::pair<Renames, std::string>> all{
      {{{"oders", "x"}}, "there is no collection oders"},
      {{{"orders", "people"}}, "orders and people would both be people"},
      {{{"orders", "x"}, {"people", "x"}}, "orders and people would both be x"},
      {{{"orders", "late"}}, "orders and late would both be late"},
      {{{"orders", "system.js"}}, "is the server's own"},
      {{{"orders", "a$b"}}, "a $ or a NUL"},
      {{{"orders", ".a"}}, "a dot"},
      {{{"orders", "a."}}, "a dot"},
      {{{"orders", "\xff"}}, "no UTF-8"},
      {{{"orders", std::string(247, 'x')}}, "more than 255 bytes"},
      {{{"weather", std::string(232, 'x')}}, "more than 255 bytes"}};
  for (const auto& [renames, words] : all) {
    const auto error = refused_for(renames);
    EXPECT_EQ(error.code(), Code::usage) << words;
    EXPECT_THAT(error.message(), HasSubstr(words));
  }
  EXPECT_THAT(refused_for({{"oders", "x"}}).hint(), HasSubstr("orders"));
  EXPECT_THAT(refused_for({{"shop.orders", "shop.x"}}).hint(), HasSubstr("without its database"));
}

TEST(Renaming, LeavesEncryptedCollectionsAndTheirOwnAlone) {
  for (const auto* name : {"secret", "enxcol_.secret.esc"})
    EXPECT_EQ(refused_for({{name, "x"}}).code(), Code::refused) << name;
}

TEST(Renaming, TakesWhatIsFreeOrBecomesSo) {
  for (const auto& renames :
       {kRenamedOrders, Renames{}, Renames{{"orders", "people"}, {"people", "orders"}},
        Renames{{"late", "later"}, {"orders", "late"}}, Renames{{"orders", "a/b c"}},
        Renames{{"orders", std::string(246, 'x')}}, Renames{{"weather", std::string(231, 'x')}}})
    EXPECT_TRUE(check_renames(small_shop(), renames, "restored"));
}

TEST(Renaming, ReplacesNothingThatIsThere) {
  const auto refused = check_free({"orders", "orders_old"}, kRenamedOrders);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("a collection orders_old already"));
  EXPECT_TRUE(check_free({"orders"}, kRenamedOrders));
}

TEST(Renaming, IsOfACollectionAndOfTheBucketsOfATimeSeries) {
  const Renames renames{{"weather", "climate"}};
  EXPECT_EQ(new_name("weather", renames), "climate");
  EXPECT_EQ(new_name("system.buckets.weather", renames), "system.buckets.climate");
  EXPECT_EQ(new_name("system.views", renames), "system.views");
  EXPECT_EQ(brought_as("climate", renames), "weather");
  EXPECT_EQ(brought_as("weather", renames), "");
  EXPECT_EQ(brought_as("a", {{"a", "b"}, {"b", "a"}}), "") << "they only change places";
}

std::string view_with(const std::string& name, const std::string& on, const std::string& orders) {
  return R"({"name":")" + name + R"(","type":"view","options":{"viewOn":")" + on +
         R"(","pipeline":[
    {"$match":{"from":"orders","viewOn":"orders"}},
    {"$lookup":{"from":")" +
         orders + R"(","as":"orders","pipeline":[{"$unionWith":")" + orders + R"("}]}},
    {"$graphLookup":{"from":")" +
         orders + R"(","as":"all"}},
    {"$unionWith":{"coll":")" +
         orders + R"(","pipeline":[{"$project":{"orders":1}}]}},
    {"$facet":{"orders":[{"$lookup":{"from":")" +
         orders + R"(","as":"x"}}]}}]}})";
}

TEST(Renaming, LetsAViewReadWhatItReadAndNothingElse) {
  const auto view = collection_of(view_with("late", "people", "orders"));
  const auto renamed = renamed_collection(view, {{"orders", "o2"}, {"people", "p2"}});
  ASSERT_TRUE(renamed);
  EXPECT_EQ(json_of(renamed->info), json_of(bson_of(view_with("late", "p2", "o2"))));
  const auto others = renamed_collection(view, {{"other", "x"}});
  ASSERT_TRUE(others);
  EXPECT_EQ(others->info, view.info) << "the twin";
}

TEST(Renaming, KeepsOptionsAndIndexesOfACollection) {
  const auto orders =
      with_options("orders", R"({"capped":true,"size":4096,"viewOn":"orders"})", {kIdIndex});
  const auto renamed = renamed_collection(orders, kRenamedOrders);
  ASSERT_TRUE(renamed);
  EXPECT_EQ(renamed->name, "orders_old");
  EXPECT_EQ(to_bytes(renamed->options().bytes()), to_bytes(orders.options().bytes()));
  EXPECT_EQ(renamed->indexes, orders.indexes);
}

std::string role_on(const std::string& db, const std::string& collection) {
  return R"({"role":"clerk","db":"shop","roles":[],"privileges":[
    {"resource":{"db":")" +
         db + R"(","collection":")" + collection + R"("},"actions":["find"]},
    {"resource":{"db":"shop","collection":""},"actions":["orders"]}]})";
}

TEST(Renaming, LetsARoleDoTheSameInTheSameCollection) {
  const auto renamed = [](const std::string& role) {
    return renamed_accounts({{}, {bson_of(role)}}, "shop", kRenamedOrders).roles.at(0);
  };
  EXPECT_EQ(renamed(role_on("shop", "orders")), bson_of(role_on("shop", "orders_old")));
  EXPECT_EQ(renamed(role_on("shop", "people")), bson_of(role_on("shop", "people")));
  EXPECT_EQ(renamed(role_on("other", "orders")), bson_of(role_on("other", "orders")));
}

TEST(Renaming, IsOfAllThatAWriteOfTheLogNames) {
  const auto renamed = [](const Write& write) { return renamed_write(write, kRenamedOrders); };
  const auto filter = bson_of(R"({"_id":1})");
  EXPECT_EQ(renamed(Delete{{"shop", "orders"}, filter}),
            Write(Delete{{"shop", "orders_old"}, filter}));
  EXPECT_EQ(renamed(Delete{{"shop", "people"}, filter}), Write(Delete{{"shop", "people"}, filter}));
  EXPECT_EQ(renamed(Rename{{"shop", "new"}, {"shop", "orders"}, true}),
            Write(Rename{{"shop", "new"}, {"shop", "orders_old"}, true}));
  EXPECT_EQ(
      renamed(Create{{"shop", "late"}, bson_of(R"({"create":"late","viewOn":"orders","pipeline":[
                                       {"$unionWith":"orders"}]})")}),
      Write(Create{{"shop", "late"}, bson_of(R"({"create":"late","viewOn":"orders_old","pipeline":[
                                     {"$unionWith":"orders_old"}]})")}));
  EXPECT_EQ(renamed(ModifyCollection{{"shop", "orders"}, bson_of(R"({"collMod":"orders",
                                      "validator":{"orders":1}})")}),
            Write(ModifyCollection{{"shop", "orders_old"}, bson_of(R"({"collMod":"orders_old",
                                    "validator":{"orders":1}})")}));
  EXPECT_EQ(renamed(DropDatabase{"shop"}), Write(DropDatabase{"shop"}));
  EXPECT_THAT(collections_in(Rename{{"shop", "a"}, {"shop", "b"}}), ElementsAre("a", "b"));
  EXPECT_THAT(collections_in(Drop{{"shop", "a"}}), ElementsAre("a"));
  EXPECT_THAT(collections_in(DropDatabase{"shop"}), IsEmpty());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
