#include <gmock/gmock.h>

#include "engine/mongodb/validators_aside.h"
#include "exchange/jsonl/metadata.h"
#include "exchange/jsonl/test_exchange.h"

namespace lifeboat::exchange::jsonl {
namespace {

class ImportedValidators : public ExchangeTest {
 protected:
  static engine::mongodb::Collection with(const std::string& options) {
    return collection_with("users", bson(options)).value();
  }
  const engine::mongodb::Location location_ = at("restored");
  const engine::mongodb::Collection strict_ =
      with(R"({"validator": {"name": {"$exists": true}}, "validationAction": "error"})");
};

TEST_F(ImportedValidators, AreWantedOfTheCatalogThatHasThemBack) {
  const auto off = with(R"({"validator": {}, "validationLevel": "off"})");
  ImportPlan plan;
  plan.before.collections = {off};
  PlannedCollection kept;
  kept.file.name = "users";
  kept.wanted = off;
  kept.exists = true;
  auto replaced = kept;
  replaced.is_dropped_first = true;
  plan.collections = {kept, replaced};
  ASSERT_TRUE(take_catalog(plan, {"restored", {strict_}}));
  EXPECT_TRUE(engine::mongodb::validator_command(plan.collections[0].wanted));
  EXPECT_EQ(plan.collections[1].wanted.options().text_at("validationLevel"), "off");
  EXPECT_EQ(take_catalog(plan, {"restored", {}}).error().code(), Code::source_changed);
}

TEST_F(ImportedValidators, StopTheImportThatWasPlannedWithoutThem) {
  const auto planned = plan(TarMaker().file("users.jsonl", "{\"_id\": 1}\n"));
  ASSERT_TRUE(
      engine::mongodb::ValidatorsAside(location_, import_.journal).set_aside({}, {&strict_}));
  // Their collection is not there: they are forgotten, which changes what is planned.
  const auto refused = run_import(location_, *planned, import_, test_.context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(collections(), ::testing::IsEmpty());
  EXPECT_FALSE(fs::exists(import_.journal));
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
