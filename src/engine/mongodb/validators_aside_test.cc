#include "engine/mongodb/validators_aside.h"

#include <gmock/gmock.h>

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/test_catalog.h"
#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AsideValidators : public ::testing::Test {
 protected:
  static std::string error_of(const auto& result) {
    return result ? "" : result.error().describe();
  }
  // What the journal would do, without the name of the place.
  std::string kept() const {
    const auto bytes = read_file(journal_).value_or(Bytes{});
    std::string all;
    BsonReader reader;
    EXPECT_TRUE(reader.feed(bytes, [&](DocumentView document) -> Result<void> {
      if (document.text_at("collMod")) all += json_of(document.bytes()) + "\n";
      return {};
    }));
    return all;
  }

  testing::TestServer server_;
  ScratchDirectory scratch_ = ScratchDirectory::make().value();
  const Location location_ = locate(server_.uri("restored")).value();
  const fs::path journal_ = validators_journal(scratch_.path(), location_).value();
  ValidatorsAside aside_{location_, journal_};
  const Collection strict_ = with_options(
      "users", R"({"validator": {"name": {"$exists": true}}, "validationAction": "error"})");
  const Collection plain_ = with_options("users", "{}");
};

TEST_F(AsideValidators, AreTakenAndCountedByCommands) {
  EXPECT_EQ(validator_off_command("users"),
            bson_of(R"({"collMod": "users", "validator": {}, "validationLevel": "off"})"));
  const auto strict = validator_command(strict_).value();
  EXPECT_EQ(*violators_command(view_document(strict)),
            bson_of(R"({"aggregate": "users", "pipeline": [
                     {"$match": {"$nor": [{"name": {"$exists": true}}]}}, {"$count": "count"}],
                     "cursor": {}})"));
  const auto empty = validator_off_command("users");
  EXPECT_FALSE(violators_command(view_document(empty)));
}

TEST_F(AsideValidators, NeedNoJournalWhereThereAreNone) {
  ASSERT_TRUE(aside_.set_aside({&plain_}, {&plain_}));
  EXPECT_FALSE(fs::exists(journal_));
  EXPECT_TRUE(aside_.put_back());
  EXPECT_THAT(aside_.recover().value(), IsEmpty());
}

TEST_F(AsideValidators, AreNeverSetAsideWithoutAJournal) {
  ValidatorsAside nowhere(location_, {});
  EXPECT_EQ(nowhere.set_aside({}, {&strict_}).error().code(), Code::internal);
  EXPECT_TRUE(ValidatorsAside(location_, {}).set_aside({}, {&plain_}));
}

TEST_F(AsideValidators, AreWrittenDownBeforeTheyAreTaken) {
  // FerretDB refuses collMod: the command that takes the validator fails, and the journal is there.
  testing::Application(server_.uri(), "restored").insert("users", {bson_of(R"({"_id": 1})")});
  const auto taken = aside_.set_aside({&strict_}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(error_of(taken), HasSubstr("setting aside the validator of users"));
  EXPECT_TRUE(fs::exists(journal_));
}

TEST_F(AsideValidators, StayInTheJournalWhenTheServerDoesNotTakeThemBack) {
  ASSERT_TRUE(aside_.set_aside({}, {&strict_}));
  const auto back = aside_.put_back();
  ASSERT_FALSE(back);
  EXPECT_THAT(error_of(back), HasSubstr("the validator of users could not be put back"));
  EXPECT_TRUE(fs::exists(journal_));
}

TEST_F(AsideValidators, FollowWhatALogDoesToTheirCollections) {
  ASSERT_TRUE(aside_.set_aside({}, {&strict_}));
  std::string meanwhile;
  ASSERT_TRUE(aside_.rename("users", "people", [&]() -> Result<void> {
    meanwhile = kept();
    return {};
  }));
  EXPECT_THAT(meanwhile, HasSubstr(R"("collMod" : "users")"));
  EXPECT_THAT(meanwhile, HasSubstr(R"("collMod" : "people")"));
  const auto change = bson_of(R"({"collMod": "people", "validationAction": "warn", "hidden": 1})");
  ASSERT_TRUE(aside_.change("people", view_document(change)));
  EXPECT_EQ(kept(),
            "{ \"collMod\" : \"people\", \"validator\" : { \"name\" : { \"$exists\" : true } }, "
            "\"validationAction\" : \"warn\" }\n");
  const auto refuse = []() -> Result<void> { return fail(Code::io_error, "refused"); };
  EXPECT_FALSE(aside_.rename("elsewhere", "people", refuse));
  EXPECT_TRUE(fs::exists(journal_)) << "what it would have replaced is still there";
  ASSERT_TRUE(aside_.rename("elsewhere", "people", []() -> Result<void> { return {}; }));
  EXPECT_FALSE(fs::exists(journal_));
  ASSERT_TRUE(aside_.change("people", view_document(change)));
  EXPECT_TRUE(fs::exists(journal_));
  ASSERT_TRUE(aside_.forget("people"));
  EXPECT_FALSE(fs::exists(journal_));
  EXPECT_FALSE(aside_.any());
}

TEST_F(AsideValidators, AreNamedWithTheirPlaceUntilTheyAreBack) {
  EXPECT_THAT(validators_left(scratch_.path()).value(), IsEmpty());
  ASSERT_TRUE(aside_.set_aside({}, {&strict_}));
  EXPECT_THAT(validators_left(scratch_.path()).value(),
              ElementsAre("users in " + location_.describe()));
  ASSERT_TRUE(aside_.forget("users"));
  EXPECT_THAT(validators_left(scratch_.path()).value(), IsEmpty());
}

TEST_F(AsideValidators, RefuseAJournalThatIsNone) {
  fs::create_directories(journal_.parent_path());
  for (const auto& wrong : {to_bytes("garbage"), bson_of(R"({"drop": "users"})")}) {
    ASSERT_TRUE(write_file(journal_, wrong));
    EXPECT_EQ(aside_.recover().error().code(), Code::corrupt);
    EXPECT_EQ(validators_left(scratch_.path()).error().code(), Code::corrupt);
  }
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
