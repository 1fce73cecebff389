#include "repository/test_collection.h"

namespace lifeboat::repository {
namespace {

using storage::Call;

TEST_F(CollectionTest, ForgettingHidesASnapshotAtOnceAndKeepsItsHead) {
  const auto id = backed_up(*admin_, 1);
  const auto heads = place_.keys("snapshots/");
  forget(id);
  EXPECT_EQ(place_.keys("snapshots/"), heads);
  const auto list = admin_->snapshots(context());
  ASSERT_OK(list);
  EXPECT_TRUE(list->snapshots.empty());
  EXPECT_TRUE(list->findings.empty());
  EXPECT_CODE(admin_->open_snapshot(id, context()), Code::not_found);
  EXPECT_CODE(admin_->forget(id, "again", context()), Code::not_found);
}

TEST_F(CollectionTest, PruningGivesBackTheSpaceOfWhatWasForgotten) {
  const auto id = backed_up(*admin_, 1);
  EXPECT_GT(place_.bytes_of("packs/"), 1'000'000U);
  forget(id);
  const auto report = pruned();
  EXPECT_TRUE(place_.keys("packs/").empty());
  EXPECT_TRUE(place_.keys("snapshots/").empty());
  EXPECT_TRUE(place_.keys("collect/").empty());
  EXPECT_GT(report.packs_removed, 1U);
  EXPECT_GT(report.bytes_freed, 1'000'000U);
  EXPECT_EQ(report.bytes_kept, 0U);
  expect_all_living("after");
  expect_no_damage();
}

TEST_F(CollectionTest, LeavesEverythingWhenNothingWasForgotten) {
  backed_up(*admin_, 1);
  backed_up(*admin_, 2);
  const auto before = place_.all();
  const auto report = pruned();
  EXPECT_TRUE(place_.all() == before);
  EXPECT_EQ(report.packs_removed + report.packs_moved, 0U);
  EXPECT_EQ(report.bytes_kept, place_.bytes_of("packs/"));
}

TEST_F(CollectionTest, MovesWhatLivesOutOfPacksThatAreMostlyDead) {
  const auto first = backed_up(*admin_, 1);
  backed_up(*admin_, 2);
  const auto before = place_.bytes_of("packs/");
  forget(first);
  const auto report = pruned();
  EXPECT_GT(report.packs_moved, 0U);
  EXPECT_GT(report.bytes_moved, 0U);
  EXPECT_EQ(report.bytes_freed / 100'000, (before - place_.bytes_of("packs/")) / 100'000);
  expect_all_living("after");
  expect_no_damage();
  const auto again = pruned();
  EXPECT_EQ(again.packs_moved + again.packs_removed, 0U);
}

// The head that said so went with an earlier collection; its session has ended all the same.
TEST_F(CollectionTest, RemovesPacksOfASessionWhoseSnapshotWentBefore) {
  const auto first = backed_up(*admin_, 1);
  const auto second = backed_up(*admin_, 2);
  forget(first);
  EXPECT_EQ(pruned({.move_above_percent = 99}).packs_moved, 0U);
  EXPECT_EQ(place_.keys("snapshots/").size(), 1U);
  expect_all_living("the first is gone");
  forget(second);
  pruned();
  EXPECT_TRUE(place_.keys("packs/").empty());
}

TEST_F(CollectionTest, KeepsMovedContentUsableForItsWriter) {
  const auto writer = with_role(Role::writer, "writer");
  const auto first = backed_up(*writer, 1);
  backed_up(*writer, 2);
  forget(first);
  ASSERT_GT(pruned().packs_moved, 0U);
  const auto before = place_.bytes_of("packs/");
  backed_up(*writer, 2);
  // What lay in sparse segments is stored afresh; the rest is not.
  EXPECT_LT(place_.bytes_of("packs/"), before + 10'000);
  expect_all_living("after");
}

TEST_F(CollectionTest, WorksForACollectorWhoCannotRead) {
  const auto collector = with_role(Role::collector, "collector");
  const auto first = backed_up(*admin_, 1);
  backed_up(*admin_, 2);
  ASSERT_OK(collector->forget(first, "test", context()));
  living_.erase(first);
  const auto report = collector->prune({}, context());
  ASSERT_OK(report);
  EXPECT_GT(report->packs_moved, 0U);
  expect_all_living("after");
  expect_no_damage();
}

TEST_F(CollectionTest, RefusesToForgetAHeldSnapshotUntilItIsReleased) {
  const auto id = backed_up(*admin_, 1);
  const Json body{{"snapshot", id.hex()}, {"reason", "court"}};
  ASSERT_OK(admin_->add_statement("hold", body, context()));
  EXPECT_CODE(admin_->forget(id, "test", context()), Code::refused);
  place_.test.clock.advance(std::chrono::seconds(1));
  ASSERT_OK(admin_->add_statement("released", body, context()));
  forget(id);
}

TEST_F(CollectionTest, ADryRunRemovesNothingAndCountsTheSame) {
  const auto first = backed_up(*admin_, 1);
  const auto second = backed_up(*admin_, 2);
  backed_up(*admin_, 3);
  forget(first);
  forget(second);
  const auto before = place_.all();
  PruneOptions dry;
  dry.dry_run = true;
  const auto told = pruned(dry);
  EXPECT_TRUE(place_.all() == before);
  const auto done = pruned();
  EXPECT_EQ(told.packs_removed, done.packs_removed);
  EXPECT_EQ(told.packs_moved, done.packs_moved);
  EXPECT_EQ(told.bytes_freed, done.bytes_freed);
  EXPECT_EQ(told.bytes_moved, done.bytes_moved);
  EXPECT_EQ(told.bytes_kept, done.bytes_kept);
}

TEST_F(CollectionTest, GivesUpForALivingSessionWithNothingRemoved) {
  const auto writer = with_role(Role::writer, "writer");
  const auto id = backed_up(*admin_, 1);
  forget(id);
  const auto running = writer->begin(draft_of(), context());
  ASSERT_OK(running);
  const auto packs = place_.keys("packs/");
  const auto heads = place_.keys("snapshots/");
  EXPECT_CODE(admin_->prune({}, context()), Code::busy);
  EXPECT_EQ(place_.keys("packs/"), packs);
  EXPECT_EQ(place_.keys("snapshots/"), heads);
  ASSERT_OK(fill(**running, some_files(2), context()));
  commit_and_prune(**running, 2);
}

TEST_F(CollectionTest, EndsADeadSession) {
  auto files = some_files(2);
  files["large4"] = random_bytes(600'000, 1);
  const auto other = place_.open("admin", "a machine that dies");
  ASSERT_OK(other);
  forget(backed_up(*admin_, 1));
  {
    const auto dead = (*other)->begin(draft_of(), context());
    ASSERT_OK(dead);
    ASSERT_OK(fill(**dead, files, context()));
  }
  EXPECT_CODE(admin_->prune({}, context()), Code::busy);
  place_.test.clock.advance(std::chrono::hours(25));
  const auto report = pruned();
  EXPECT_EQ(report.sessions_voided, 1U);
  EXPECT_GT(report.packs_removed, 0U) << "what it left, too";
  EXPECT_TRUE(place_.keys("packs/").empty());
  expect_no_damage();
}

TEST_F(CollectionTest, EndsASessionFromTheFutureByTheStoresClock) {
  forget(backed_up(*admin_, 1));
  const auto now = place_.test.clock.now();
  const auto other = place_.open("admin", "a machine with a wrong clock");
  ASSERT_OK(other);
  place_.test.clock.set(now + std::chrono::hours(24 * 365 * 20));
  {
    ASSERT_OK((*other)->begin(draft_of(), context()));
  }
  const auto session = place_.keys("sessions/").back();
  place_.test.clock.set(now);
  place_.replace(session, place_.object(session));
  EXPECT_CODE(admin_->prune({}, context()), Code::busy);
  place_.test.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(pruned().sessions_voided, 1U);
}

TEST_F(CollectionTest, EndsASessionWhoseObjectIsDamaged) {
  forget(backed_up(*admin_, 1));
  const auto other = place_.open("admin", "another machine");
  ASSERT_OK(other);
  {
    ASSERT_OK((*other)->begin(draft_of(), context()));
  }
  const auto session = place_.keys("sessions/").back();
  auto bytes = place_.object(session);
  bytes[bytes.size() / 2] ^= 1U;
  place_.replace(session, bytes);
  EXPECT_EQ(pruned().sessions_voided, 1U);
}

// A newer Lifeboat may be at work: it cannot be told how long it wants to be waited for.
TEST_F(CollectionTest, EndsNoSessionOfANewerFormat) {
  forget(backed_up(*admin_, 1));
  const auto other = place_.open("admin", "another machine");
  ASSERT_OK(other);
  const auto writer = (*other)->begin(draft_of(), context());
  ASSERT_OK(writer);
  const auto session = place_.keys("sessions/").back();
  auto bytes = place_.object(session);
  ++bytes[kPrefixSize - 3];  // the format, before two reserved bytes
  place_.replace(session, bytes);
  const auto packs = place_.keys("packs/");
  EXPECT_CODE(admin_->prune(kPrune, context()), Code::unsupported_format);
  EXPECT_EQ(place_.keys("packs/"), packs);
}

TEST_F(CollectionTest, FinishesOneWhoseObjectOutlivedItsEnd) {
  forget(backed_up(*admin_, 1));
  std::pair<std::string, Bytes> left;
  place_.watch = [&](Call call, const std::string& key) {
    if (call == Call::remove && key.starts_with("collect/")) left = {key, place_.object(key)};
  };
  pruned();
  place_.watch = {};
  place_.replace(left.first, left.second);
  const auto id = backed_up(*admin_, 2);
  forget(id);
  pruned();
  EXPECT_TRUE(place_.keys("packs/").empty());
  EXPECT_TRUE(place_.keys("collect/").empty());
}

TEST_F(CollectionTest, RemovesNothingWhileASnapshotIsMissing) {
  const auto first = backed_up(*admin_, 0);
  backed_up(*admin_, 1);
  const auto hidden = place_.keys("snapshots/").front();
  const auto object = place_.object(hidden);
  place_.store->remove(hidden);
  const auto before = place_.bytes_of("packs/");
  EXPECT_CODE(admin_->prune(kPrune, context()), Code::refused);
  EXPECT_EQ(place_.bytes_of("packs/"), before);
  place_.replace(hidden, object);  // it comes back
  expect_all_living("again");
  place_.store->remove(hidden);
  living_.erase(first);
  const auto all = place_.all();
  const auto told = pruned({.dry_run = true, .despite_missing = true});
  EXPECT_TRUE(place_.all() == all);
  EXPECT_CODE(admin_->prune(kPrune, context()), Code::refused);
  const auto done = pruned({.despite_missing = true});
  EXPECT_GT(done.bytes_freed, 0U) << "what only it referred to";
  EXPECT_EQ(told.bytes_freed, done.bytes_freed);
  expect_all_living("after giving it up");
  expect_no_damage();
  EXPECT_EQ(pruned().bytes_freed, 0U) << "plain again";
}

// A session that nobody saw end is left to its writer.
TEST_F(CollectionTest, GivesUpWhatIsLostAndNoBackupThatIsRunning) {
  const auto first = backed_up(*admin_, 1);
  const auto lost = place_.keys("snapshots/").front();
  ASSERT_OK(admin_->snapshots(context()));
  const auto writer = with_role(Role::writer, "writer");
  const auto running = writer->begin(draft_of(), context());
  ASSERT_OK(running);
  ASSERT_OK(fill(**running, some_files(2), context()));
  place_.store->remove(lost);
  living_.erase(first);
  EXPECT_CODE(admin_->prune({.despite_missing = true}, context()), Code::busy);
  EXPECT_TRUE(place_.store->find(lost)) << "a void";
  commit_and_prune(**running, 2);
}

// Two snapshots, of which the head of the first comes to harm.
class HeadsThatCannotBeRead : public CollectionTest {
 protected:
  void SetUp() override {
    CollectionTest::SetUp();
    first_ = backed_up(*admin_, 1);
    backed_up(*admin_, 2);
    key_ = place_.keys("snapshots/").front();
    whole_ = place_.object(key_);
  }
  void lose_first() {
    flip(key_);
    living_.erase(first_);
  }
  void put_back() {
    place_.replace(key_, whole_);
    living_[first_] = 1;
  }
  // Dies as soon as its plan is there.
  void begin_to_prune(const PruneOptions& options) {
    auto backend = std::make_unique<storage::FaultBackend>(
        place_.medium(), storage::FaultScript{.faults = {{storage::FaultKind::kill_after, Call::put,
                                                          "collect/", 1}}});
    const auto collector = place_.open_on(std::move(backend), "admin", "dying");
    ASSERT_OK(collector);
    EXPECT_FALSE((*collector)->prune(options, context()));
    EXPECT_EQ(place_.keys("collect/").size(), 1U);
  }
  void expect_refused(const PruneOptions& options, const std::string& way_out) {
    const auto before = place_.keys("packs/");
    const auto refused = admin_->prune(options, context());
    EXPECT_CODE(refused, Code::corrupt);
    EXPECT_NE(refused.error().hint().find(way_out), std::string::npos) << refused.error().hint();
    EXPECT_NE(refused.error().describe().find(key_), std::string::npos);
    EXPECT_EQ(place_.keys("packs/"), before);
  }

  SnapshotId first_;
  std::string key_;  // of the first
  Bytes whole_;
};

TEST_F(HeadsThatCannotBeRead, StopItUntilAPersonGivesThemUp) {
  lose_first();
  expect_refused(kPrune, "--despite-missing");
  const auto all = place_.all();
  const auto told = pruned({.dry_run = true, .despite_missing = true});
  EXPECT_TRUE(place_.all() == all);
  ASSERT_EQ(told.findings.size(), 1U);
  EXPECT_EQ(told.findings[0].code, "snapshot-given-up");
  EXPECT_EQ(told.findings[0].subject, key_);
  EXPECT_NE(told.findings[0].message.find("\"shop\" on host"), std::string::npos);
  const auto done = pruned({.despite_missing = true});
  EXPECT_GT(done.bytes_freed, 0U) << "what only it referred to";
  EXPECT_EQ(told.bytes_freed, done.bytes_freed);
  EXPECT_FALSE(place_.store->find(key_));
  expect_all_living("after giving it up");
  expect_no_damage();
  EXPECT_EQ(pruned().bytes_freed, 0U) << "plain again";
  backed_up(*admin_, 1);
  expect_all_living("and its content backed up again");
  expect_no_damage();
}

TEST_F(HeadsThatCannotBeRead, StopItNoMoreOnceTheyAreAsTheyWere) {
  lose_first();
  expect_refused(kPrune, "Put the object back");
  put_back();
  EXPECT_EQ(pruned().bytes_freed, 0U);
  expect_all_living("as before");
  expect_no_damage();
}

// A newer Lifeboat reads it.
TEST_F(HeadsThatCannotBeRead, AreNotGivenUpWhenTheyAreOfANewerFormat) {
  auto bytes = whole_;
  ++bytes[kPrefixSize - 3];
  place_.replace(key_, bytes);
  const auto all = place_.all();
  EXPECT_CODE(admin_->prune({.despite_missing = true}, context()), Code::unsupported_format);
  EXPECT_CODE(admin_->prune({.dry_run = true, .despite_missing = true}, context()),
              Code::unsupported_format);
  EXPECT_TRUE(place_.all() == all);
}

TEST_F(HeadsThatCannotBeRead, AreNotGivenUpWhenOnlyOneReadingWentWrong) {
  flip(key_);
  int readings = 0;
  place_.watch = [&](Call call, const std::string& key) {
    if (call == Call::get && key == key_ && ++readings == 2) place_.replace(key_, whole_);
  };
  EXPECT_EQ(pruned({.despite_missing = true}).bytes_freed, 0U);
  place_.watch = {};
  EXPECT_GE(readings, 2);
  EXPECT_TRUE(place_.keys("statements/forgotten/").empty());
  expect_all_living("after");
}

TEST_F(HeadsThatCannotBeRead, StopNothingOnceTheyAreForgotten) {
  forget(first_);
  flip(key_);
  expect_no_damage();
  EXPECT_GT(pruned().bytes_freed, 0U);
  EXPECT_FALSE(place_.store->find(key_));
  expect_all_living("after");
  expect_no_damage();
}

// Two collectors at work on one plan must judge alike whatever comes back between their readings.
TEST_F(HeadsThatCannotBeRead, StayGivenUpWhenTheyComeBackMeanwhile) {
  lose_first();
  begin_to_prune({.despite_missing = true});
  place_.replace(key_, whole_);
  expect_all_living("it is hidden");
  EXPECT_GT(pruned().bytes_freed, 0U);
  EXPECT_FALSE(place_.store->find(key_));
  expect_all_living("after");
  expect_no_damage();
}

// The collector that made the plan may have read them, so that nobody else can finish it.
TEST_F(HeadsThatCannotBeRead, StopACollectionThatBeganBeforeUntilTheyAreAsTheyWere) {
  const auto third = backed_up(*admin_, 3);
  forget(third);
  begin_to_prune(kPrune);
  const auto begun = place_.all();
  lose_first();
  expect_refused(kPrune, "remove the object below collect/");
  expect_refused({.despite_missing = true}, "remove the object below collect/");
  place_.restore_all(begun);
  living_[first_] = 1;
  EXPECT_GT(pruned().bytes_freed, 0U);
  expect_all_living("as it was");
  place_.restore_all(begun);
  lose_first();
  place_.store->remove(place_.keys("collect/").front());
  EXPECT_GT(pruned({.despite_missing = true}).bytes_freed, 0U);
  expect_all_living("without the plan");
  expect_no_damage();
}

// What only it refers to would look dead to the second reading, and be removed.
TEST_F(CollectionTest, StopsWhereTheStorageLosesASnapshotInItsMiddle) {
  const auto first = backed_up(*admin_, 1);
  backed_up(*admin_, 2);
  const auto key = place_.keys("snapshots/").back();
  const auto object = place_.object(key);
  forget(first);
  place_.test.clock.advance(std::chrono::hours(25));
  place_.watch = [&](Call call, const std::string& about) {
    if (call == Call::put && about.starts_with("collect/")) place_.store->remove(key);
  };
  const auto before = place_.keys("packs/");
  EXPECT_CODE(admin_->prune(kPrune, context()), Code::refused);
  place_.watch = {};
  EXPECT_EQ(place_.keys("packs/"), before);
  EXPECT_FALSE(place_.store->find(key)) << "a void";
  place_.replace(key, object);
  pruned();
  expect_all_living("when it is there again");
}

TEST_F(CollectionTest, LeavesADamagedPackAndGoesOn) {
  const auto first = backed_up(*admin_, 1);
  backed_up(*admin_, 2);
  forget(first);
  for (const auto& key : place_.keys("packs/")) {
    const auto before = place_.all();
    auto bytes = place_.object(key);
    bytes[bytes.size() - 100] ^= 1U;
    place_.replace(key, bytes);
    const auto report = admin_->prune({}, context());
    ASSERT_OK(report);
    EXPECT_TRUE(place_.keys("collect/").empty());
    bytes[bytes.size() - 100] ^= 1U;
    if (place_.store->find(key)) place_.replace(key, bytes);
    expect_all_living(key);
    place_.restore_all(before);
  }
}

TEST_F(CollectionTest, TrustsNoOthersPackBeforeAReaderVerifiedIt) {
  const auto one = with_role(Role::writer, "one");
  const auto other = with_role(Role::writer, "other");
  const auto reader = with_role(Role::reader, "reader");
  backed_up(*one, 1);
  const auto once = place_.bytes_of("packs/");
  ASSERT_OK(reader->check(CheckDepth::hashes, context()));
  backed_up(*other, 1);
  EXPECT_GT(place_.bytes_of("packs/"), once + once / 2);
  ASSERT_OK(reader->check(CheckDepth::contents, context()));
  const auto third = with_role(Role::writer, "third");
  const auto twice = place_.bytes_of("packs/");
  backed_up(*third, 1);
  EXPECT_EQ(place_.bytes_of("packs/"), twice);
  expect_all_living("after");
}

TEST_F(CollectionTest, AWriterBelievesNoIndexAboutPacksThatAreGone) {
  backed_up(*admin_, 1);
  const auto indexes = place_.keys("index/");
  std::map<std::string, Bytes> late;
  for (const auto& key : indexes) late[key] = place_.object(key);
  forget(living_.begin()->first);
  pruned();
  for (const auto& [key, bytes] : late) place_.replace(key, bytes);
  backed_up(*admin_, 1);
  expect_all_living("after a late index object");
}

}  // namespace
}  // namespace lifeboat::repository
