// The damage matrix: an object of one kind is damaged before or between the calls of one phase, at
// once or a day earlier. No byte is ever wrong, what cannot be read any more is told, what could be
// read before or be put right is never taken; and when the object is as it was, all is well again.
//   LIFEBOAT_FAULT_SEED=<seed> fault_matrix --gtest_filter=<test>
#include <mutex>

#include "fault/world.h"

namespace lifeboat::repository {
namespace {

enum class Damage : std::uint8_t { flip, truncate, swap, replay, remove };
constexpr std::uint64_t kDamages = 5;
constexpr std::uint64_t kMostBlows = kDamages * 400;  // more than any phase here has calls
constexpr std::uint64_t kSampledBlows = 1;            // of each cell in CI

std::string name_of(Damage damage) {
  constexpr std::string_view kNames[] = {"flip", "truncate", "swap", "replay", "remove"};
  return std::string(kNames[static_cast<std::size_t>(damage)]);
}

// By the beginning of their keys.
constexpr std::string_view kObjects[] = {"config", "keys/",      "sessions/",   "packs/",
                                         "index/", "snapshots/", "statements/", "collect/"};

// One damage to one object of a kind, before the n-th call, or before the next at which there is
// such an object. Calls come from several threads.
class Blow {
 public:
  Blow(World& world, Damage damage, std::string_view objects, std::uint64_t at)
      : world_(world), damage_(damage), objects_(objects), at_(at) {}

  void before_call() {
    const std::lock_guard lock(guard_);
    if (++calls_ >= at_ && before_.empty()) strike();
  }
  // What was hit, as it was.
  const std::map<std::string, Bytes>& before() const { return before_; }
  std::uint64_t calls() const { return calls_; }
  std::string story() const {
    std::string text = name_of(damage_) + " before call " + std::to_string(at_) + ":";
    for (const auto& [key, bytes] : before_) text += " " + key;
    return text;
  }

 private:
  void strike() {
    auto& place = world_.place();
    const auto keys = place.keys(objects_);
    if (keys.empty()) return;
    const auto key = keys[world_.below(keys.size())];
    auto bytes = take(key);
    switch (damage_) {
      case Damage::flip:
        bytes[world_.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << world_.below(8));
        break;
      case Damage::truncate:
        bytes.resize(world_.below(bytes.size()));
        break;
      case Damage::swap: {
        const auto other = another(key, keys);
        const auto there = take(other);
        place.replace(other, bytes);
        bytes = there;
        break;
      }
      case Damage::replay:
        bytes = place.object(another(key, keys));
        break;
      case Damage::remove:
        return place.store->remove(key);
    }
    place.replace(key, bytes);
  }

  Bytes take(const std::string& key) { return before_[key] = world_.place().object(key); }

  // Of its kind, where there is one.
  std::string another(const std::string& key, std::vector<std::string> keys) {
    if (keys.size() == 1) keys = world_.place().keys("");
    std::erase(keys, key);
    return keys[world_.below(keys.size())];
  }

  World& world_;
  const Damage damage_;
  const std::string objects_;
  const std::uint64_t at_;
  std::mutex guard_;  // for what follows
  std::uint64_t calls_ = 0;
  std::map<std::string, Bytes> before_;
};

// What the phase does where nothing is damaged.
struct Course {
  std::uint64_t calls = 0;
  std::set<std::string> left;  // keys
};

std::set<std::string> keys_in(World& world) {
  const auto keys = world.place().keys("");
  return {keys.begin(), keys.end()};
}

Result<void> run_struck(World& world, Blow& blow) {
  world.place().watch = [&](storage::Call, const std::string&) { blow.before_call(); };
  auto done = world.run({}, false);
  world.place().watch = {};
  return done;
}

// Half of what is damaged is met a day later.
void wait_perhaps(World& world) {
  if (world.below(2) == 0) world.place().test.clock.advance(std::chrono::hours(25));
}

// A backup meets a collection only where one was left.
void prepare(World& world, Phase phase, std::string_view objects) {
  if (phase == Phase::backup && objects == "collect/") world.leave_a_collection();
  wait_perhaps(world);
}

Course course_of(Phase phase, std::string_view objects, std::uint64_t seed) {
  World twin(phase, seed);
  prepare(twin, phase, objects);
  Blow none(twin, Damage::flip, "config", UINT64_MAX);
  const auto done = run_struck(twin, none);
  EXPECT_TRUE(done) << done.error().describe();
  return {none.calls(), keys_in(twin)};
}

// What the phase removes anyway stays gone, for it has nothing to be put right; but for a pack,
// which may have been lost before anything of it was moved.
bool put_right(World& world, const Blow& blow, const Course& course, bool done) {
  bool all = true;
  auto& place = world.place();
  for (const auto& [key, bytes] : blow.before()) {
    const bool wanted = !done || place.store->find(key) || course.left.contains(key);
    all = all && wanted;
    if (wanted || key.starts_with("packs/")) place.replace(key, bytes);
  }
  return all;
}

// Of what was there at the beginning, nothing that a phase keeps when it is whole may be taken when
// it is not.
void expect_not_taken(World& world, const std::set<std::string>& at_first, const Course& course) {
  for (const auto& key : at_first)
    EXPECT_TRUE(!course.left.contains(key) || world.place().store->find(key)) << key << " is gone";
}

class DamageMatrix : public testing::TestWithParam<std::tuple<Phase, std::string_view>> {
 protected:
  static std::uint64_t number_of_cell() {
    const auto [phase, objects] = GetParam();
    const auto at = std::ranges::find(kObjects, objects) - std::begin(kObjects);
    return static_cast<std::uint64_t>(phase) << 4U | static_cast<std::uint64_t>(at);
  }

  // False when there was no such object from that call on.
  bool play(std::uint64_t seed, const Course& course, Damage damage, std::uint64_t at) {
    const auto [phase, objects] = GetParam();
    World world(phase, seed);
    prepare(world, phase, objects);
    Blow blow(world, damage, objects, at);
    if (at == 1) blow.before_call();  // so that it is told what can still be read
    auto at_first = keys_in(world);
    const bool at_once = at == 1 && !blow.before().empty();
    const auto readable = at_once ? world.read_promised("reader") : std::set<SnapshotId>();
    const auto done = run_struck(world, blow);
    SCOPED_TRACE(blow.story() + (done ? "\n  done" : "\n  " + done.error().describe()));
    if (blow.before().empty()) return false;
    if (!done) {
      EXPECT_NE(done.error().code(), Code::internal);
    }
    if (damage == Damage::remove) at_first.erase(blow.before().begin()->first);
    expect_not_taken(world, at_first, course);
    EXPECT_TRUE(std::ranges::includes(world.read_promised("another reader"),
                                      world.without_forgotten(readable)));
    world.expect_honest();
    const bool all = put_right(world, blow, course, done.has_value());
    world.place().test.clock.advance(std::chrono::seconds(1));
    if (phase != Phase::forget || !done) {
      const auto again = world.run({}, false);
      EXPECT_TRUE(again) << again.error().describe();
    }
    world.expect_whole("stranger");
    if (all) world.expect_no_complaints();
    return true;
  }
};

TEST_P(DamageMatrix, NeverGivesAWrongByteNorKeepsSilentNorTakesWhatCouldBeReadOrPutRight) {
  const auto [phase, objects] = GetParam();
  bool struck = false;
  for (const auto seed : seeds(kMostBlows, kSampledBlows)) {
    const auto course = course_of(phase, objects, seed);
    const auto places = places_in(phase, course.calls);
    ASSERT_LT(places * kDamages, kMostBlows);
    const auto by_chance = SeededRandom(seed << 8U | number_of_cell()).array<2>();
    const auto number = plays_all() ? seed - 1 : by_chance[0];
    const auto back = plays_all() ? number / kDamages : by_chance[1] % places;
    if (back >= places) break;
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto damage = static_cast<Damage>(number % kDamages);
    struck |= play(seed, course, damage, course.calls - back);
    if (!struck && !plays_all()) struck = play(seed, course, damage, 2);
    if (HasFailure()) return;
  }
  EXPECT_TRUE(struck);
}

// Only a collection has an object of its own, and a backup can meet one that was left.
std::vector<std::tuple<Phase, std::string_view>> damage_cells() {
  std::vector<std::tuple<Phase, std::string_view>> cells;
  for (const auto phase : kPhases)
    for (const auto objects : kObjects)
      if (objects != "collect/" || phase == Phase::prune || phase == Phase::move ||
          phase == Phase::backup)
        cells.emplace_back(phase, objects);
  return cells;
}

std::string name_of_damage(
    const testing::TestParamInfo<std::tuple<Phase, std::string_view>>& cell) {
  const auto& [phase, objects] = cell.param;
  return name_of(phase) + "_" + std::string(objects.substr(0, objects.find('/')));
}

INSTANTIATE_TEST_SUITE_P(Objects, DamageMatrix, testing::ValuesIn(damage_cells()), name_of_damage);

}  // namespace
}  // namespace lifeboat::repository
