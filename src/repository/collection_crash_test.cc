// Collections that end too soon, that meet each other, and that meet backups: at every call.
#include <atomic>

#include "repository/test_collection.h"
#include "repository/test_packs.h"

namespace lifeboat::repository {
namespace {

using storage::Call;
using storage::Fault;
using storage::FaultBackend;
using storage::FaultKind;
using storage::FaultScript;

class CrashingCollection : public CollectionTest {
 protected:
  void SetUp() override {
    CollectionTest::SetUp();
    keys_ = keys_in(place_, "admin");
    const auto first = backed_up(*admin_, 1);
    backed_up(*admin_, 2);
    const auto third = backed_up(*admin_, 3);
    forget(first);
    forget(third);
    before_ = place_.all();
  }
  // False when nothing happened: the collection has fewer calls.
  bool crash(const Fault& fault) {
    place_.restore_all(before_);
    auto backend = std::make_unique<FaultBackend>(place_.medium(), FaultScript{.faults = {fault}});
    const auto& medium = *backend;
    const auto opened = place_.open_on(std::move(backend), "admin", "crashing");
    if (!opened) return true;  // died before it began
    return !(*opened)->prune({}, context()) || !medium.happened().empty();
  }
  void expect_finished(const std::string& when) {
    SCOPED_TRACE(when);
    place_.test.clock.advance(std::chrono::seconds(1));
    pruned();
    EXPECT_TRUE(place_.keys("collect/").empty());
    EXPECT_EQ(bytes_stored_twice(place_, keys_), 0U);
    EXPECT_LT(place_.bytes_of("packs/"), 1'200'000U);
    EXPECT_EQ(place_.keys("snapshots/").size(), 1U);
    const auto again = pruned();
    EXPECT_EQ(again.packs_removed + again.packs_moved, 0U);
  }

  std::shared_ptr<Repository> machine(const std::string& name) {
    auto opened = place_.open("admin", name);
    EXPECT_TRUE(opened) << opened.error().describe();
    return opened ? std::shared_ptr(std::move(*opened)) : nullptr;
  }
  struct Begun {
    std::shared_ptr<Repository> machine;  // outlives its backup
    std::unique_ptr<SnapshotWriter> backup;
  };
  std::shared_ptr<Begun> begin(const std::string& name) {
    auto begun = std::make_shared<Begun>(Begun{machine(name), nullptr});
    auto backup = begun->machine->begin(draft_of(), context());
    EXPECT_TRUE(backup) << backup.error().describe();
    begun->backup = std::move(*backup);
    return begun;
  }
  void expect_pruned_or_busy(Repository& collector) {
    const auto report = collector.prune({}, context());
    EXPECT_TRUE(report || report.error().code() == Code::busy) << report.error().describe();
  }

  // The whole of `other` happens between two calls of `one`, at each place in turn.
  struct Meeting {
    std::function<void()> one;
    std::function<void()> other;
    std::function<void()> judge;
  };
  using Arrange = std::function<Meeting(const std::string& when)>;
  void meet_between_any_two_calls(const Arrange& arrange) {
    const auto living = living_;
    std::uint64_t at = 1;
    for (;; at += kCallStep) {
      place_.restore_all(before_);
      living_ = living;
      const auto when = "at call " + std::to_string(at);
      SCOPED_TRACE(when);
      const auto meeting = arrange(when);
      std::atomic<std::uint64_t> calls = 0;  // reads come from several threads
      place_.watch = [&](Call, const std::string&) {
        if (++calls == at) meeting.other();
      };
      meeting.one();
      place_.watch = {};
      if (calls < at) break;
      meeting.judge();
      expect_all_living(when);
      if (HasFailure()) return;
    }
    EXPECT_GT(at, 20U);
  }

  RoleKeys keys_;
  std::map<std::string, Bytes> before_;
};

TEST_F(CrashingCollection, LeavesAllThatLivesReadableAndTheNextOneFinishes) {
  std::uint64_t at = 1;
  // To die before a call is to die after the one before it.
  for (; crash({FaultKind::kill_after, std::nullopt, "", at}); at += kCallStep) {
    const auto when = "killed after call " + std::to_string(at);
    expect_all_living(when);
    expect_finished(when);
    if (at % 8 == 0) expect_all_living("finished, " + when);
    if (HasFailure()) return;
  }
  EXPECT_GT(at, 30U);
}

// Segments were copied, and neither were they listed nor is what they came from gone.
TEST_F(CrashingCollection, InTheMiddleOfAMoveLeavesNothingTwiceOnceTheNextHasRun) {
  ASSERT_TRUE(crash({FaultKind::kill_after, Call::put, "packs/", 1}));
  EXPECT_GT(bytes_stored_twice(place_, keys_), 200'000U);
  const auto report = pruned();
  EXPECT_GT(report.packs_moved, 0U);
  EXPECT_EQ(bytes_stored_twice(place_, keys_), 0U);
  expect_all_living("after");
  expect_no_damage();
  const auto before = place_.bytes_of("packs/");
  backed_up(*admin_, 2);
  EXPECT_LT(place_.bytes_of("packs/"), before + 10'000) << "its writer uses what was moved";
}

// And what the medium did not keep as it was written is not what the last copy is removed for.
TEST_F(CrashingCollection, RemovesNothingForAMovedPackThatCannotBeReadBack) {
  const auto collector = machine("collector");
  const auto packs = place_.keys("packs/");
  place_.watch = [&](Call call, const std::string& key) {
    if (call != Call::get || !key.starts_with("packs/")) return;
    if (std::ranges::find(packs, key) != packs.end()) return;
    auto bytes = place_.object(key);
    bytes[bytes.size() / 2] ^= 1U;
    place_.replace(key, bytes);
  };
  EXPECT_CODE(collector->prune({}, context()), Code::corrupt);
  place_.watch = {};
  EXPECT_EQ(place_.keys("packs/"), packs) << "the bad one has gone, and nothing else";
  expect_all_living("after");
  expect_finished("after");
}

TEST_F(CrashingCollection, HarmsNoBackupThatRunsBetweenAnyTwoOfItsSteps) {
  meet_between_any_two_calls([&](const std::string& when) {
    const auto collector = machine("collector " + when);
    const auto writer = machine("writer " + when);
    return Meeting{
        [=, this] { expect_pruned_or_busy(*collector); },
        [=, this] { backed_up(*writer, 3); },  // what the forgotten one held
        [this] { pruned(); },
    };
  });
}

// Nobody can tell what it drops: a writer that took it for nothing would lean on that.
TEST_F(CrashingCollection, HarmsNoBackupThatCannotReadItsPlan) {
  meet_between_any_two_calls([&](const std::string& when) {
    const auto collector = machine("collector " + when);
    const auto writer = machine("writer " + when);
    return Meeting{
        [=, this] { expect_pruned_or_busy(*collector); },
        [=, this] {
          std::map<std::string, Bytes> plans;
          for (const auto& key : place_.keys("collect/")) plans[key] = place_.object(key);
          for (const auto& [key, plan] : plans) flip(key);
          backed_up(*writer, 3);  // what the forgotten one held
          for (const auto& [key, plan] : plans) place_.replace(key, plan);
        },
        [this] { pruned(); },
    };
  });
}

// Its plan is damaged after it died: nobody finishes it until the plan is back, or is removed by a
// person who knows that no collector is at work.
TEST_F(CrashingCollection, WhosePlanIsDamagedStopsOnlyCollectors) {
  const auto living = living_;
  int tried = 0;
  for (std::uint64_t at = 1; crash({FaultKind::kill_after, std::nullopt, "", at}); at += 3) {
    const auto plans = place_.keys("collect/");
    if (plans.empty()) continue;
    ++tried;
    const auto when = "killed after call " + std::to_string(at);
    SCOPED_TRACE(when);
    living_ = living;
    auto opened = place_.open("admin", "admin " + when);
    ASSERT_OK(opened);
    admin_ = std::move(*opened);
    const auto plan = place_.object(plans.front());
    flip(plans.front());
    backed_up(*machine("writer " + when), 3);
    const auto before = place_.all();
    const auto refused = admin_->prune({}, context());
    if (!refused) {
      EXPECT_EQ(refused.error().code(), Code::corrupt);
      EXPECT_NE(refused.error().hint().find("remove that object"), std::string::npos);
      EXPECT_TRUE(place_.all() == before);
    } else {
      EXPECT_TRUE(place_.keys("collect/").empty()) << "it was over, and only its object was left";
    }
    for (const bool back : {true, false}) {
      place_.restore_all(before);
      if (back) place_.replace(plans.front(), plan);
      if (!back) place_.store->remove(plans.front());
      pruned();
      expect_all_living((back ? "put back, " : "removed, ") + when);
    }
    expect_no_damage();
    if (HasFailure()) return;
  }
  EXPECT_GT(tried, 8);
}

TEST_F(CrashingCollection, HarmsNoBackupThatBeganBefore) {
  meet_between_any_two_calls([&](const std::string& when) {
    const auto collector = machine("collector " + when);
    const auto begun = begin("writer " + when);
    return Meeting{
        [=, this] { expect_pruned_or_busy(*collector); },
        [=, this] {
          ASSERT_OK(fill(*begun->backup, some_files(3), context()));
          const auto info = begun->backup->commit(context().clock.now(), true, context());
          ASSERT_OK(info);
          living_[info->id] = 3;
        },
        [this] { pruned(); },
    };
  });
}

TEST_F(CrashingCollection, HarmsNothingBesideAnother) {
  meet_between_any_two_calls([&](const std::string& when) {
    const auto one = machine("one " + when);
    const auto other = machine("other " + when);
    return Meeting{
        [=, this] { (void)one->prune({}, context()); },
        [=, this] { (void)other->prune({}, context()); },
        [=, this] { expect_finished(when); },
    };
  });
}

// A backup that is suspended for longer than its patience, while a collection runs to its end: it
// commits with everything there, or it is told that it was ended and begins again.
TEST_F(CrashingCollection, HarmsNoBackupThatWasSuspendedMeanwhile) {
  int committed = 0;
  int refused = 0;
  meet_between_any_two_calls([&](const std::string& when) {
    const auto writer = machine("writer " + when);
    const auto collector = machine("collector " + when);
    const auto judge = machine("judge " + when);
    const auto back_up_now = [=, this] { return back_up(*writer, some_files(3), context()); };
    return Meeting{
        [=, this, &committed, &refused] {
          auto info = back_up_now();
          ++(info ? committed : refused);
          if (!info) {
            EXPECT_EQ(info.error().code(), Code::session_voided) << info.error().describe();
            info = back_up_now();
          }
          ASSERT_OK(info);
          living_[info->id] = 3;
        },
        [=, this] {
          place_.test.clock.advance(std::chrono::hours(25));
          ASSERT_OK(collector->prune({}, context()));
        },
        [=, this] { ASSERT_OK(judge->prune({}, context())); },
    };
  });
  EXPECT_GT(committed, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace lifeboat::repository
