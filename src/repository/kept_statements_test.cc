#include "repository/kept_statements.h"

#include <gmock/gmock.h>

#include "crypto/hash.h"
#include "repository/statement.h"
#include "repository/test_collection.h"

namespace lifeboat::repository {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// The storage removes what was said; this machine ("admin") has met it.
class LostStatements : public CollectionTest {
 protected:
  void SetUp() override {
    CollectionTest::SetUp();
    first_ = backed_up(*admin_, 1);
    second_ = backed_up(*admin_, 2);
    body_ = {{"snapshot", first_.hex()}, {"reason", "audit"}, {"text", "mind this"}};
  }
  // Its key.
  std::string say(const std::string& kind, Repository& by) {
    const auto id = by.add_statement(kind, body_, context());
    EXPECT_TRUE(id) << id.error().describe();
    return "statements/" + kind + "/" + id.value_or("");
  }
  void lose(const std::string& key) {
    ASSERT_TRUE(place_.store->find(key));
    place_.store->remove(key);
  }
  std::vector<Finding> findings(Repository& repository) {
    const auto list = repository.snapshots(context());
    EXPECT_TRUE(list) << list.error().describe();
    return list ? list->findings : std::vector<Finding>{};
  }
  bool is_held(Repository& repository) {
    const auto list = repository.snapshots(context()).value();
    return std::ranges::find(list.snapshots, first_, &SnapshotInfo::id)->held;
  }
  // The file or folder of that name that this machine keeps.
  fs::path in_cache(const std::string& name) {
    for (const auto& each : fs::recursive_directory_iterator(place_.options("admin").cache)) {
      if (each.path().filename() == name) return each.path();
    }
    ADD_FAILURE() << "nothing is kept as " << name;
    return {};
  }
  void expect_missed(const std::string& key) {
    const auto found = findings(*admin_);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].code, kStatementMissing);
    EXPECT_EQ(found[0].subject, key);
    EXPECT_THAT(found[0].message, HasSubstr(first_.hex()));
  }

  SnapshotId first_;
  SnapshotId second_;
  Json body_;
};

TEST_F(LostStatements, AHoldThatIsLostGoesOnToHoldWhereItWasSaid) {
  const auto hold = say("hold", *admin_);
  EXPECT_THAT(findings(*admin_), IsEmpty());
  lose(hold);
  expect_missed(hold);
  EXPECT_TRUE(is_held(*admin_));
  EXPECT_CODE(admin_->forget(first_, "test", context()), Code::refused);
}

TEST_F(LostStatements, AHoldThatIsLostGoesOnToHoldWhereItWasRead) {
  const auto writer = with_role(Role::writer, "writer");
  const auto hold = say("hold", *writer);
  EXPECT_TRUE(is_held(*admin_));
  lose(hold);
  expect_missed(hold);
  EXPECT_CODE(admin_->forget(first_, "test", context()), Code::refused);
}

TEST_F(LostStatements, AMachineThatNeverMetItMissesNothing) {
  lose(say("hold", *admin_));
  const auto stranger = place_.open("admin", "a machine that knows nothing");
  ASSERT_OK(stranger);
  EXPECT_THAT(findings(**stranger), IsEmpty());
  EXPECT_FALSE(is_held(**stranger));
}

TEST_F(LostStatements, AHoldThatIsLostIsEndedByARelease) {
  lose(say("hold", *admin_));
  place_.test.clock.advance(std::chrono::seconds(1));
  say("released", *admin_);
  EXPECT_FALSE(is_held(*admin_));
  forget(first_);
}

TEST_F(LostStatements, OthersMayBeForgottenMeanwhile) {
  lose(say("hold", *admin_));
  forget(second_);
}

TEST_F(LostStatements, APrunePutsBackWhatIsLost) {
  const auto hold = say("hold", *admin_);
  const auto note = say("note", *admin_);
  const auto before = place_.all();
  lose(hold);
  lose(note);
  EXPECT_EQ(findings(*admin_).size(), 2U);
  EXPECT_EQ(pruned({.dry_run = true}).findings.size(), 2U);
  EXPECT_EQ(findings(*admin_).size(), 2U) << "a dry run changes nothing";
  EXPECT_THAT(pruned().findings, IsEmpty());
  EXPECT_EQ(place_.object(hold), before.at(hold));
  EXPECT_EQ(place_.object(note), before.at(note));
  EXPECT_THAT(findings(*admin_), IsEmpty());
  expect_no_damage();
}

TEST_F(LostStatements, ANoteThatIsLostIsStillRead) {
  lose(say("note", *admin_));
  const auto said = admin_->statements("note");
  ASSERT_OK(said);
  ASSERT_EQ(said->size(), 1U);
  EXPECT_EQ(said->front().body["text"], "mind this");
}

TEST_F(LostStatements, ACopyThatIsDamagedIsNone) {
  const auto key = say("hold", *admin_);
  const auto copy = in_cache(key.substr(key.rfind('/') + 1));
  ASSERT_TRUE(write_file(copy, Bytes(fs::file_size(copy), 1)));
  lose(key);
  EXPECT_THAT(findings(*admin_), IsEmpty());
  pruned();
  EXPECT_FALSE(place_.store->find(key));
}

TEST_F(LostStatements, ACopyOfSomebodyElsesWordsIsNone) {
  const auto forged = to_bytes(view_of("not signed by anybody"));
  const auto hash = crypto::sha256(forged).hex();
  say("hold", *admin_);
  ASSERT_TRUE(write_file(in_cache("hold") / hash, forged));
  EXPECT_THAT(findings(*admin_), IsEmpty());
  pruned();
  EXPECT_FALSE(place_.store->find("statements/hold/" + hash));
}

TEST_F(LostStatements, WhatIsForgottenIsNotForgottenByACopy) {
  ASSERT_OK(admin_->forget(first_, "test", context()));
  lose(place_.keys("statements/forgotten/").front());
  EXPECT_EQ(admin_->snapshots(context())->snapshots.size(), 2U);
}

TEST_F(LostStatements, AMachineWithoutACacheMissesNothing) {
  auto opened = Repository::open(place_.medium(), TestPlace::key_of("admin"), {}, context());
  ASSERT_OK(opened);
  const auto id = (*opened)->add_statement("hold", body_, context());
  ASSERT_OK(id);
  lose("statements/hold/" + *id);
  EXPECT_THAT(findings(**opened), IsEmpty());
}

}  // namespace
}  // namespace lifeboat::repository
