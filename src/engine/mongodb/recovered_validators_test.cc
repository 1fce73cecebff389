#include <gmock/gmock.h>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/test_catalog.h"
#include "engine/mongodb/test_stand_in_shop.h"
#include "engine/mongodb/validators_aside.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Collections of a database whose validators a run set aside that was interrupted.
class RecoveredValidators : public testing::StandInShop {
 protected:
  void SetUp() override {
    for (const auto* name : {"a", "b", "c"}) make(name);
    ValidatorsAside interrupted(location_, journal_);
    std::vector<const Collection*> there;
    const auto listed = read();
    for (const auto& each : listed) there.push_back(&each);
    LIFEBOAT_OK(interrupted.set_aside(there, {}));
    EXPECT_FALSE(validator_of("a"));
  }
  std::vector<Collection> read() const {
    return read_collections(location_.server->connect(), "shop").value();
  }
  void make(const std::string& name) const {
    live().run(bson_of(R"({"create": ")" + name + R"(", "validator": {"x": {"$exists": true}},
                           "validationLevel": "strict", "validationAction": "error"})"));
  }
  std::optional<Bytes> validator_of(const std::string& name) const {
    for (const auto& each : read())
      if (each.name == name) return validator_command(each);
    return std::nullopt;
  }
  Result<std::vector<Finding>> recover() const {
    return ValidatorsAside(location_, journal_).recover();
  }
  std::vector<std::string> left() const { return validators_left(scratch_.path()).value(); }
  static auto put_back(const std::string& how_many) {
    return ::testing::AllOf(Field(&Finding::code, "validators-put-back"),
                            Field(&Finding::message, HasSubstr(how_many)));
  }
  static auto forgotten(const std::string& name, const std::string& why) {
    return ::testing::AllOf(Field(&Finding::code, "validator-not-put-back"),
                            Field(&Finding::subject, name),
                            Field(&Finding::message, HasSubstr(why)));
  }

  ScratchDirectory scratch_ = ScratchDirectory::make().value();
  const Location location_ = locate(server_.uri("shop")).value();
  const fs::path journal_ = validators_journal(scratch_.path(), location_).value();
};

TEST_F(RecoveredValidators, GoBackAllButThoseThatTheServerRefuses) {
  server_.plant({.command = "collMod", .refusal = {9, "FailedToParse", "no"}, .collection = "a"});
  const auto failed = recover();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::io_error);
  EXPECT_THAT(failed.error().message(), HasSubstr("the validator of a could not be put back"));
  EXPECT_FALSE(validator_of("a"));
  EXPECT_TRUE(validator_of("b"));
  EXPECT_TRUE(validator_of("c"));
  EXPECT_THAT(left(), ElementsAre("a in " + location_.describe()));
  EXPECT_THAT(recover().value(), ElementsAre(put_back("1 validator ")));
  EXPECT_TRUE(validator_of("a"));
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RecoveredValidators, AreAllBackAndCounted) {
  EXPECT_THAT(recover().value(), ElementsAre(put_back("3 validators ")));
  EXPECT_TRUE(validator_of("a"));
  EXPECT_THAT(recover().value(), IsEmpty());
}

TEST_F(RecoveredValidators, NeverReplaceNewerOnesNorGoToOtherCollections) {
  live().run(bson_of(R"({"collMod": "a", "validator": {"newer": 1}})"));
  const auto newer = validator_of("a");
  live().drop("b");
  live().run(bson_of(R"({"create": "b"})"));
  live().drop("c");
  EXPECT_THAT(recover().value(), ElementsAre(forgotten("a", "has a validator now"),
                                             forgotten("b", "another collection has its name now"),
                                             forgotten("c", "not there any more")));
  EXPECT_EQ(validator_of("a"), newer);
  EXPECT_FALSE(validator_of("b"));
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RecoveredValidators, AreNoFindingWhereTheyWereNeverTaken) {
  for (const auto* name : {"a", "b", "c"})
    live().run(bson_of(R"({"collMod": ")" + std::string(name) + R"(",
                           "validator": {"x": {"$exists": true}}, "validationLevel": "strict",
                           "validationAction": "error"})"));
  EXPECT_THAT(recover().value(), IsEmpty());
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RecoveredValidators, KeepTheirJournalForOneRunAtATime) {
  {
    ValidatorsAside first(location_, journal_);
    server_.plant({.command = "listCollections", .refusal = {9, "FailedToParse", "no"}});
    EXPECT_FALSE(first.recover());
    EXPECT_FALSE(first.any()) << "they are only in the journal";
    const auto second = recover();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Code::busy);
    EXPECT_THAT(second.error().message(), HasSubstr("into " + location_.describe() + " runs"));
  }
  EXPECT_THAT(recover().value(), ElementsAre(put_back("3 validators ")));
}

TEST_F(RecoveredValidators, StayAsideWhereTheRestoreIsRefused) {
  auto options = testing::target_at(server_.uri("shop"));
  options.state = scratch_.path().string();
  const auto refused = mongodb_engine().open_target(options).value()->prepare(test_.context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_FALSE(validator_of("a"));
  options.overwrite = true;
  LIFEBOAT_OK(mongodb_engine().open_target(options).value()->prepare(test_.context));
  EXPECT_TRUE(validator_of("a"));
}

// The same server by another name, as a person may write it the next time.
class RenamedServer : public RecoveredValidators {
 protected:
  static Location by_name(const testing::StandInServer& server) {
    auto uri = server.uri("shop");
    uri.replace(uri.find("127.0.0.1"), 9, "localhost");
    return locate(uri).value();
  }
  Result<std::vector<Finding>> recover_at(const Location& at) const {
    return ValidatorsAside(at, TRY(validators_journal(scratch_.path(), at))).recover();
  }
};

TEST_F(RenamedServer, FindsWhatWasLeftUnderItsOtherName) {
  EXPECT_THAT(recover_at(by_name(server_)).value(), ElementsAre(put_back("3 validators ")));
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RenamedServer, FindsAllThatWasLeftUnderAllOfItsNames) {
  const auto another = scratch_.path() / "validators" / "another.validators";
  const auto left_by = [&](const fs::path& journal, const std::string& name) {
    make(name);
    ValidatorsAside interrupted(location_, journal);
    const auto listed = read();
    const auto it = std::ranges::find(listed, name, &Collection::name);
    LIFEBOAT_OK(interrupted.set_aside({&*it}, {}));
  };
  const auto third = scratch_.path() / "validators" / "third.validators";
  left_by(another, "d");
  left_by(third, "e");
  EXPECT_THAT(recover_at(by_name(server_)).value(), ElementsAre(put_back("5 validators ")));
  for (const auto* name : {"a", "d", "e"}) EXPECT_TRUE(validator_of(name)) << name;
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RenamedServer, KeepsWhatTwoRunsLeftOfOneCollectionUntilTheFirstIsBack) {
  const auto another = scratch_.path() / "validators" / "another.validators";
  fs::copy_file(journal_, another);
  const auto renamed = by_name(server_);
  EXPECT_THAT(recover_at(renamed).value(), ElementsAre(put_back("3 validators ")));
  EXPECT_THAT(left(), ElementsAre("a, b, c in " + location_.describe()));
  EXPECT_THAT(recover_at(renamed).value(), IsEmpty()) << "they are back already";
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RenamedServer, IsBusyWhileTheRunThatHasTheJournalGoesOn) {
  const auto renamed = by_name(server_);
  const auto journal = read_file(journal_).value();
  {
    ValidatorsAside running(location_, journal_);
    const auto made = with_options("made", R"({"validator": {"x": 1}})");
    LIFEBOAT_OK(running.set_aside({}, {&made}));
    LIFEBOAT_OK(write_file(journal_, journal));
    EXPECT_EQ(recover_at(renamed).error().code(), Code::busy);
    EXPECT_EQ(read_file(journal_).value(), journal);
  }
  EXPECT_THAT(recover_at(renamed).value(), ElementsAre(put_back("3 validators ")));
}

TEST_F(RenamedServer, LeavesToAnotherServerWhatIsNotOfIt) {
  testing::StandInServer other;
  const testing::Application application(other.uri(), "shop");
  application.insert("first", {bson_of(R"({"_id": 1})")});
  for (const auto* name : {"x", "y", "a"}) application.insert(name, {bson_of(R"({"_id": 1})")});
  for (const auto* name : {"first", "x", "y"}) application.drop(name);
  EXPECT_THAT(recover_at(by_name(other)).value(), IsEmpty());
  EXPECT_THAT(left(), ElementsAre("a, b, c in " + location_.describe()));
  EXPECT_THAT(recover().value(), ElementsAre(put_back("3 validators ")));
}

TEST(RestoredServer, TakesOneRunAtATimeByWhateverNameItIsReached) {
  const auto scratch = ScratchDirectory::make().value();
  testing::StandInServer server({.process = "0123456789abcdef01234567"});
  const auto first = locate(server.uri("shop")).value();
  auto uri = server.uri("shop");
  uri.replace(uri.find("127.0.0.1"), 9, "localhost");
  const auto second = locate(uri).value();
  ValidatorsAside one(first, validators_journal(scratch.path(), first).value());
  LIFEBOAT_OK(one.recover());
  ValidatorsAside two(second, validators_journal(scratch.path(), second).value());
  EXPECT_EQ(two.recover().error().code(), Code::busy);
  const auto beside = locate(server.uri("other")).value();
  ValidatorsAside three(beside, validators_journal(scratch.path(), beside).value());
  LIFEBOAT_OK(three.recover());
}

TEST_F(RecoveredValidators, OfWhatARunMadeGoBackToThatCollectionOnly) {
  LIFEBOAT_OK(recover());
  const auto made = with_options("made", R"({"validator": {"x": 1}})");
  const auto make_it = [&] {
    ValidatorsAside interrupted(location_, journal_);
    LIFEBOAT_OK(interrupted.set_aside({}, {&made}));
    live().run(bson_of(R"({"create": "made"})"));
    LIFEBOAT_OK(interrupted.identify("made"));
  };
  make_it();
  EXPECT_THAT(recover().value(), ElementsAre(put_back("1 validator ")));
  live().drop("made");
  make_it();
  live().drop("made");
  live().run(bson_of(R"({"create": "made"})"));
  EXPECT_THAT(recover().value(), ElementsAre(forgotten("made", "another collection")));
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
