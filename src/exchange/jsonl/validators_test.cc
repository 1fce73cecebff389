#include "exchange/jsonl/validators.h"

#include <gmock/gmock.h>

#include "exchange/jsonl/metadata.h"
#include "exchange/jsonl/test_exchange.h"

namespace lifeboat::exchange::jsonl {
namespace {

using ::testing::HasSubstr;

class AsideValidators : public ExchangeTest {
 protected:
  static engine::mongodb::Collection with(const std::string& options) {
    return collection_with("users", bson(options)).value();
  }
  const engine::mongodb::Location location_ = at("restored");
  ValidatorsAside aside_{location_, import_.journal};
  const engine::mongodb::Collection strict_ =
      with(R"({"validator": {"name": {"$exists": true}}, "validationAction": "error"})");
};

TEST_F(AsideValidators, AreTakenAndCountedByCommands) {
  EXPECT_EQ(validator_off_command("users"),
            bson(R"({"collMod": "users", "validator": {}, "validationLevel": "off"})"));
  EXPECT_EQ(*violators_command(strict_), bson(R"({"aggregate": "users", "pipeline": [
                     {"$match": {"$nor": [{"name": {"$exists": true}}]}}, {"$count": "count"}],
                     "cursor": {}})"));
  EXPECT_FALSE(violators_command(with("{}")));
  EXPECT_FALSE(violators_command(with(R"({"validator": {}})")));
}

TEST_F(AsideValidators, NeedNoJournalWhereThereAreNone) {
  const auto plain = with("{}");
  ASSERT_TRUE(aside_.set_aside({&plain}, {&plain}));
  EXPECT_FALSE(fs::exists(import_.journal));
  EXPECT_TRUE(aside_.put_back());
  EXPECT_EQ(aside_.recover().value(), 0U);
}

TEST_F(AsideValidators, AreWrittenDownBeforeTheyAreTaken) {
  // FerretDB refuses collMod: the command that takes the validator fails, and the journal is there.
  shop().insert("users", {bson(R"({"_id": 1})")});
  const auto taken = aside_.set_aside({&strict_}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(error_of(taken), HasSubstr("setting aside the validator of users"));
  EXPECT_TRUE(fs::exists(import_.journal));
}

TEST_F(AsideValidators, StayInTheJournalWhenTheServerDoesNotTakeThemBack) {
  ASSERT_TRUE(aside_.set_aside({}, {&strict_}));
  const auto back = aside_.put_back();
  ASSERT_FALSE(back);
  EXPECT_THAT(error_of(back), HasSubstr("the validator of users could not be put back"));
  EXPECT_TRUE(fs::exists(import_.journal));
}

TEST_F(AsideValidators, AreWantedOfTheCatalogThatHasThemBack) {
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

TEST_F(AsideValidators, StopTheImportThatWasPlannedWithoutThem) {
  const auto planned = plan(TarMaker().file("users.jsonl", "{\"_id\": 1}\n"));
  ASSERT_TRUE(aside_.set_aside({}, {&strict_}));
  // The server refuses collMod: they do not go back.
  ASSERT_FALSE(run_import(location_, *planned, import_, test_.context));
  EXPECT_THAT(collections(), ::testing::IsEmpty());
  EXPECT_TRUE(fs::exists(import_.journal));
}

TEST_F(AsideValidators, RefuseAJournalThatIsNone) {
  fs::create_directories(import_.journal.parent_path());
  for (const auto& wrong : {to_bytes("garbage"), bson(R"({"drop": "users"})")}) {
    ASSERT_TRUE(write_file(import_.journal, wrong));
    EXPECT_EQ(aside_.recover().error().code(), Code::corrupt);
  }
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
