#include "engine/mongodb/recreate.h"

#include <gtest/gtest.h>

#include "engine/mongodb/test_catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

std::string created(const Collection& collection, Validators validators = Validators::kept) {
  return json_of(create_command(collection, validators).value());
}

std::vector<std::string> planned(const Collection& collection) {
  std::vector<std::string> specs;
  const auto plans = index_plans(collection).value();
  for (const auto& plan : plans) specs.push_back(json_of(plan.spec));
  return specs;
}

using Specs = std::vector<std::string>;

TEST(Recreate, GivesOptionsVerbatimButForWhatServersRefuse) {
  EXPECT_EQ(created(with_options("a", R"({"capped":true,"size":4096,"max":7})")),
            R"({ "create" : "a", "capped" : true, "size" : 4096, "max" : 7 })");
  EXPECT_EQ(
      created(with_options("a", R"({"autoIndexId":true,"recordIdsReplicated":true,"temp":true})")),
      R"({ "create" : "a" })");
  EXPECT_EQ(created(with_options("a", R"({"clusteredIndex":{"v":2,"key":{"_id":1},"name":"c",
                                          "unique":true}})")),
            R"({ "create" : "a", "clusteredIndex" : { "v" : 2, "key" : { "_id" : 1 }, )"
            R"("name" : "c", "unique" : true } })");
  EXPECT_EQ(created(view_of_name("v", "a")),
            R"({ "create" : "v", "viewOn" : "a", "pipeline" : [ { "$match" : { "a" : 1 } } ] })");
  EXPECT_EQ(created(with_options("a", R"({"changeStreamPreAndPostImages":{"enabled":true}})")),
            R"({ "create" : "a", "changeStreamPreAndPostImages" : { "enabled" : true } })");
}

TEST(Recreate, SetsAValidatorAsideAndPutsItBack) {
  const auto strict =
      with_options("a", R"({"size":1,"validator":{"x":{"$regex":"^x"}},"validationLevel":"moderate",
               "validationAction":"warn"})");
  EXPECT_EQ(created(strict, Validators::set_aside), R"({ "create" : "a", "size" : 1 })");
  // Built by hand: Extended JSON would take the rule for a regular expression.
  DocumentBuilder rule;
  rule.document("x", DocumentBuilder().text("$regex", "^x").take());
  DocumentBuilder options;
  options.document("validator", rule.take()).text("validationAction", "warn");
  DocumentBuilder info;
  info.text("name", "a").document("options", options.take());
  const auto by_hand = check_collection(info.take(), {}).value();
  const auto command = validator_command(by_hand).value();
  const auto kept = by_hand.options().find("validator")->value;
  const auto put_back = view_document(command).find("validator")->value;
  EXPECT_EQ(to_hex(put_back), to_hex(kept));
  EXPECT_EQ(view_document(command).text_at("collMod"), "a");
  EXPECT_EQ(view_document(command).text_at("validationAction"), "warn");
  EXPECT_FALSE(validator_command(with_options("a", "{}")));
  const auto off = with_options("a", R"({"validator":{},"validationLevel":"off"})");
  EXPECT_FALSE(validator_command(off));
  EXPECT_EQ(created(off, Validators::set_aside), created(off, Validators::kept));
  EXPECT_EQ(created(off), R"({ "create" : "a", "validationLevel" : "off" })");
  EXPECT_EQ(created(with_options("a", R"({"validator":{},"validationLevel":"strict",
                                          "validationAction":"error"})")),
            R"({ "create" : "a" })");
}

TEST(Recreate, LeavesOutTheIndexesThatAreMadeByThemselves) {
  EXPECT_EQ(planned(with_options("a", "{}", {kIdIndex})), Specs{});
  EXPECT_EQ(planned(with_options("a", "{}", {R"({"v":2,"key":{"_id":1},"name":"c",
                                                 "unique":true,"clustered":true})"})),
            Specs{});
  EXPECT_EQ(planned(with_options("a", "{}", {R"({"key":{"_id":"hashed"},"name":"h"})"})),
            Specs{R"({ "key" : { "_id" : "hashed" }, "name" : "h" })"});
  EXPECT_EQ(planned(with_options("a", "{}", {R"({"key":{"_id":1,"a":1},"name":"two"})"})).size(),
            1U);
}

TEST(Recreate, GivesIndexesAsTheyWereListed) {
  EXPECT_EQ(planned(with_options(
                "a", "{}", {R"({"v":2,"ns":"d.a","key":{"x":1.0,"y":-1},"name":"x_y","unique":true,
                     "background":true,"sparse":true,"hidden":true})"})),
            Specs{R"({ "key" : { "x" : 1.0, "y" : -1 }, "name" : "x_y", "unique" : true, )"
                  R"("sparse" : true, "hidden" : true })"});
  EXPECT_EQ(
      planned(with_options(
          "a", "{}", {R"({"v":2,"key":{"_fts":"text","_ftsx":1},"name":"t","weights":{"a":2,"b":1},
                     "default_language":"english","language_override":"language",
                     "textIndexVersion":3})"})),
      Specs{R"({ "key" : { "_fts" : "text", "_ftsx" : 1 }, "name" : "t", )"
            R"("weights" : { "a" : 2, "b" : 1 }, "default_language" : "english", )"
            R"("language_override" : "language", "textIndexVersion" : 3 })"});
}

TEST(Recreate, SaysSimpleWhereAnIndexWouldInheritACollation) {
  const std::string german = R"({"collation":{"locale":"de"}})";
  EXPECT_EQ(
      planned(with_options("a", german, {R"({"v":2,"key":{"x":1},"name":"x"})"})),
      Specs{R"({ "key" : { "x" : 1 }, "name" : "x", "collation" : { "locale" : "simple" } })"});
  EXPECT_EQ(planned(with_options("a", german, {R"({"v":2,"key":{"x":1},"name":"x",
                                                  "collation":{"locale":"de"}})"})),
            Specs{R"({ "key" : { "x" : 1 }, "name" : "x", "collation" : { "locale" : "de" } })"});
  EXPECT_EQ(planned(with_options("a", "{}", {R"({"v":1,"key":{"x":1},"name":"x",
                                                "collation":{"locale":"simple"}})"})),
            Specs{R"({ "key" : { "x" : 1 }, "name" : "x" })"});
  EXPECT_EQ(
      planned(with_options("a", "{}", {R"({"v":2,"key":{"x":1},"name":"x",
                                                "collation":{"locale":"simple"}})"})),
      Specs{R"({ "key" : { "x" : 1 }, "name" : "x", "collation" : { "locale" : "simple" } })"});
}

TEST(Recreate, HoldsExpiryOffUntilTheVerificationIsOver) {
  const auto plans = index_plans(with_options("a", "{}", {R"({"v":2,"key":{"t":1},"name":"t_1",
                                               "expireAfterSeconds":3600})"}))
                         .value();
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(json_of(plans[0].spec),
            R"({ "key" : { "t" : 1 }, "name" : "t_1", "expireAfterSeconds" : 2147483647 })");
  EXPECT_EQ(json_of(plans[0].set_expiry),
            R"({ "collMod" : "a", "index" : { "name" : "t_1", "expireAfterSeconds" : 3600 } })");
  EXPECT_TRUE(is_held_off(view_document(plans[0].spec)));
  const auto series = with_options("s", R"({"timeseries":{"timeField":"t"},
                                            "expireAfterSeconds":{"$numberLong":"60"}})");
  EXPECT_EQ(created(series), R"({ "create" : "s", "timeseries" : { "timeField" : "t" } })");
  EXPECT_EQ(json_of(*expiry_command(series)), R"({ "collMod" : "s", "expireAfterSeconds" : 60 })");
  EXPECT_FALSE(expiry_command(with_options("a", "{}")));
}

TEST(Recreate, RefusesToExpireAfterNotANumber) {
  const std::string nan = R"("expireAfterSeconds":{"$numberDouble":"NaN"})";
  const auto index = with_options("a", "{}", {R"({"key":{"t":1},"name":"t_1",)" + nan + "}"});
  EXPECT_EQ(index_plans(index).error().code(), Code::refused);
  EXPECT_NE(index_plans(index).error().message().find("a, index t_1"), std::string::npos);
  EXPECT_EQ(create_command(with_options("s", "{" + nan + "}"), Validators::kept).error().code(),
            Code::refused);
}

TEST(Recreate, WarnsOfWhatExpiresAtOnce) {
  const auto catalog = [](const std::string& seconds) {
    return Catalog{"d",
                   {with_options("a", "{}",
                                 {R"({"key":{"t":1},"name":"t_1",
                                                      "expireAfterSeconds":)" +
                                  seconds + "}"})}};
  };
  const auto findings = expiry_findings(catalog("0"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].subject, "d.a, index t_1");
  EXPECT_TRUE(expiry_findings(catalog("1")).empty());
}

TEST(Recreate, PutsAViewAfterWhatItIsOn) {
  const Catalog catalog{
      "d",
      {with_options("a", "{}"), view_of_name("top", "middle"), view_of_name("middle", "base"),
       view_of_name("base", "a"), view_of_name("other", "nowhere")}};
  const auto ordered = views_in_order(catalog).value();
  std::vector<std::string> names;
  for (const auto* view : ordered) names.push_back(view->name);
  EXPECT_EQ(names, (std::vector<std::string>{"base", "middle", "other", "top"}));
}

TEST(Recreate, RefusesViewsThatGoRoundInACircle) {
  const Catalog catalog{"d", {view_of_name("a", "b"), view_of_name("b", "a")}};
  EXPECT_EQ(views_in_order(catalog).error().code(), Code::corrupt);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
