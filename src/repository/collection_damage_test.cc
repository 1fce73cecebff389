// What comes to harm while a collection runs, and is put right afterwards: nothing of it is taken,
// and the next collection leaves no trace of it.
#include <mutex>

#include "repository/test_collection.h"

namespace lifeboat::repository {
namespace {

using storage::Call;

class HarmWhileCollecting : public CollectionTest {
 protected:
  // One pack whose living part moves, and one that stays.
  void SetUp() override {
    CollectionTest::SetUp();
    const auto first = backed_up(*admin_, 1);
    backed_up(*admin_, 2);
    forget(first);
  }

  using Harm = std::function<bool(Call call, const std::string& key)>;

  // Asks before each call that follows the publication of the plan, until harm was done.
  Result<PruneReport> prune_with(const Harm& harm) {
    bool planned = false;
    bool done = false;
    std::mutex guard;  // heads are read by several threads
    place_.watch = [&](Call call, const std::string& key) {
      const std::lock_guard lock(guard);
      done = done || (planned && harm(call, key));
      planned = planned || (call == Call::put && key.starts_with("collect/"));
    };
    auto report = admin_->prune({.move_above_percent = 0}, context());
    place_.watch = {};
    EXPECT_TRUE(done);
    return report;
  }

  void take(const std::string& key) {
    taken_ = {key, place_.object(key)};
    place_.store->remove(key);
  }
  void put_right() { place_.replace(taken_.first, taken_.second); }

  std::pair<std::string, Bytes> taken_;
};

TEST_F(HarmWhileCollecting, AMovedPackThatIsReplacedBeforeItIsListedIsNotListedAsAnother) {
  std::string moved;
  const auto before = place_.keys("packs/");
  const auto report = prune_with([&](Call call, const std::string& key) {
    if (call == Call::put && key.starts_with("packs/")) moved = key;
    if (moved.empty() || call != Call::get || !key.starts_with("index/")) return false;
    take(moved);
    place_.replace(moved, place_.object(before.front()));
    return true;
  });
  EXPECT_CODE(report, Code::corrupt);
  EXPECT_EQ(place_.keys("packs/").size(), before.size() + 1) << "nothing was removed";
  put_right();
  pruned();
  expect_all_living("after");
  expect_no_damage();
}

TEST_F(HarmWhileCollecting, AHeadThatVanishesWhenItIsReadIsNotTakenForAForgottenOne) {
  const auto packs = place_.keys("packs/");
  const auto heads = place_.keys("snapshots/");
  const auto report = prune_with([&](Call call, const std::string& key) {
    if (call != Call::get || key != heads.back()) return false;
    take(key);
    return true;
  });
  EXPECT_CODE(report, Code::busy);
  EXPECT_EQ(place_.keys("packs/"), packs);
  EXPECT_CODE(admin_->prune(kPrune, context()), Code::refused);
  put_right();
  pruned();
  expect_all_living("after");
  expect_no_damage();
}

TEST_F(HarmWhileCollecting, APackThatVanishesAfterThePlanIsMissed) {
  const auto packs = place_.keys("packs/");
  for (const auto& pack : packs) {
    const auto all = place_.all();
    const auto report = prune_with([&](Call call, const std::string& key) {
      if (call != Call::list || !key.starts_with("packs/")) return false;
      take(pack);
      return true;
    });
    EXPECT_CODE(report, Code::corrupt);
    EXPECT_EQ(place_.keys("packs/").size(), packs.size() - 1);
    put_right();
    pruned();
    expect_all_living(pack);
    expect_no_damage();
    place_.restore_all(all);
  }
}

TEST_F(HarmWhileCollecting, AnIndexThatIsLostIsMadeAgainWhereNothingElseIsToBeDone) {
  pruned();
  take(place_.keys("index/").back());
  EXPECT_FALSE(admin_->check(CheckDepth::contents, context())->findings.empty());
  pruned();
  expect_all_living("without that index");
  expect_no_damage();
  const auto all = place_.all();
  pruned();
  EXPECT_TRUE(place_.all() == all) << "nothing is left to do";
}

// Its directory would be believed under the collector's signature.
TEST_F(HarmWhileCollecting, APackThatNoIndexListsIsListedOnlyAsWhatItsNameSays) {
  const auto packs = place_.keys("packs/");
  for (const auto& key : place_.keys("index/")) place_.store->remove(key);
  take(packs.back());
  place_.replace(packs.back(), place_.object(packs.front()));
  pruned();
  put_right();
  pruned();
  expect_all_living("after");
  expect_no_damage();
}

}  // namespace
}  // namespace lifeboat::repository
