// The fault matrix: one fault at one storage call of one phase, then the machine starts again. What
// was committed before must read back to the last byte, what was reported done must be there, and
// the phase must succeed when it is tried again. A seed plays the same case again:
//   LIFEBOAT_FAULT_SEED=<seed> fault_matrix --gtest_filter=<test>
#include "fault/faults.h"

namespace lifeboat::repository {
namespace {

using storage::FaultKind;
constexpr std::uint64_t kMostCalls = 400;  // more than any phase here makes
constexpr std::uint64_t kDamages = 100;    // of each kind, where all is played
constexpr std::uint64_t kJumps = 8;        // of each clock in each phase
constexpr storage::Call kCalls[] = {storage::Call::put, storage::Call::get, storage::Call::stat,
                                    storage::Call::list, storage::Call::remove};

enum class Phase : std::uint8_t { backup, commit, forget, prune, move, verify, restore };

constexpr Phase kPhases[] = {Phase::backup, Phase::commit, Phase::forget, Phase::prune,
                             Phase::move,   Phase::verify, Phase::restore};

std::string name_of(Phase phase) {
  constexpr std::string_view kNames[] = {"backup", "commit", "forget", "prune",
                                         "move",   "verify", "restore"};
  return std::string(kNames[static_cast<std::size_t>(phase)]);
}

// A repository with a little history, and what its snapshots must hold.
class World {
 public:
  World(Phase phase, std::uint64_t seed) : phase_(phase), random_(seed) {
    auto made = place_.create();
    if (!made) ADD_FAILURE() << made.error().describe();
    const auto count = 2 + below(2);
    for (std::uint64_t version = 0; version < count; ++version) add_snapshot(**made, version);
    if (phase == Phase::prune || phase == Phase::move) forget_oldest(**made);
  }

  std::uint64_t below(std::uint64_t limit) {
    std::uint64_t number = 0;
    for (const auto byte : random_.array<8>()) number = number << 8U | byte;
    return number % limit;
  }

  // Runs the phase on a medium with the faults; what is reported done is remembered as promised.
  Result<void> run(storage::FaultScript script, bool power_fails) {
    storage::FaultBackend fault(place_.medium(), std::move(script));
    const auto done = open_and_act(fault);
    happened_ = fault.happened();
    for (const auto call : kCalls) calls_[call] = fault.calls(call);
    if (power_fails && fault.crash()) happened_.emplace_back("the power failed");
    return done;
  }

  Result<void> open_and_act(storage::Backend& medium) {
    const auto repository =
        TRY(place_.open_on(std::make_unique<Borrowed>(medium), "admin", "admin"));
    return act(*repository);
  }

  Result<void> act(Repository& repository) {
    const auto& context = place_.context();
    switch (phase_) {
      case Phase::backup:
      case Phase::commit: {
        const auto files = contents(9);
        const auto made = TRY(back_up(repository, files, context));
        promised_[made.id] = files;
        return {};
      }
      case Phase::forget:
        return forget_once(repository);
      case Phase::prune:
      case Phase::move:
        TRY(repository.prune({.move_above_percent = 10}, context));
        return {};
      case Phase::verify:
        return judge(TRY(repository.check(CheckDepth::contents, context)));
      case Phase::restore:
        return read_all(repository);
    }
    return {};
  }

  // Everything promised reads back, from a machine that knows nothing as from this one.
  void expect_whole(const std::string& machine) {
    const auto repository = place_.open("admin", machine);
    ASSERT_OK(repository);
    const auto list = (*repository)->snapshots(place_.context());
    ASSERT_OK(list);
    for (const auto& [id, files] : promised_) {
      if (may_be_forgotten(id, *list)) continue;
      const auto read = read_back(**repository, id, place_.context());
      ASSERT_TRUE(read) << read.error().describe();
      EXPECT_EQ(*read, files) << "wrong bytes";
    }
    // A snapshot that shows itself is whole, whether or not it was reported done.
    for (const auto& each : list->snapshots)
      ASSERT_OK(read_back(**repository, each.id, place_.context()));
  }

  void expect_no_complaints() {
    const auto repository = place_.open("admin", "verifier");
    ASSERT_OK(repository);
    const auto report = (*repository)->check(CheckDepth::contents, place_.context());
    ASSERT_OK(report);
    ASSERT_OK(judge(*report));
  }

  // After damage at rest: what cannot be read says so, and so does the check. A newest snapshot
  // that was removed looks to a stranger like a backup that still runs, until its patience is over.
  void expect_honest() {
    if (reads_everything("stranger")) return;
    EXPECT_TRUE(complains("admin")) << "who saw it whole sees nothing";
    if (complains("stranger")) return;
    place_.test.clock.advance(std::chrono::hours(24 * 365));
    EXPECT_TRUE(complains("stranger")) << "a stranger never sees anything";
  }

  TestPlace& place() { return place_; }
  const std::vector<std::string>& happened() const { return happened_; }
  // Of those that can have this fault.
  std::uint64_t calls(FaultKind kind) const {
    std::uint64_t sum = 0;
    for (const auto& [call, count] : calls_) sum += is_possible(kind, call) ? count : 0;
    return sum;
  }

 private:
  // False when something could not be read; what can be read must be right.
  bool reads_everything(const std::string& machine) {
    const auto repository = place_.open("admin", machine);
    if (!repository) return false;
    bool all = true;
    for (const auto& [id, files] : promised_) {
      const auto read = read_back(**repository, id, place_.context());
      all = all && read;
      if (read) {
        EXPECT_EQ(*read, files) << "wrong bytes";
      }
    }
    return all;
  }

  bool complains(const std::string& machine) {
    const auto repository = place_.open("admin", machine);
    if (!repository) return true;
    const auto report = (*repository)->check(CheckDepth::contents, place_.context());
    return !report || !report->findings.empty();
  }

  // That a clock went back is worth a word, and no damage.
  static Result<void> judge(const CheckReport& report) {
    for (const auto& each : report.findings)
      if (each.code != "clock-backwards")
        return fail(Code::damage_found, each.code + " " + each.subject + ": " + each.message);
    if (report.damaged_snapshots.empty()) return {};
    return fail(Code::damage_found, "a damaged snapshot, and no word about why");
  }

  // Where the answer to the first try was lost, the second finds that it has gone.
  Result<void> forget_once(Repository& repository) {
    const bool again = std::exchange(tried_, true);
    auto done = repository.forget(promised_.begin()->first, "test", place_.context());
    if (again && !done && done.error().code() == Code::not_found) return {};
    return done;
  }

  Contents contents(std::uint64_t version) {
    if (phase_ != Phase::prune) return some_files(version);
    Contents files;  // nothing in common with other versions
    for (std::uint64_t i = 0; i < 3; ++i)
      files["file" + std::to_string(i)] = random_bytes(270'000, 1000 * version + i);
    return files;
  }

  void add_snapshot(Repository& repository, std::uint64_t version) {
    const auto files = contents(version);
    place_.test.clock.advance(std::chrono::hours(1));
    const auto made = back_up(repository, files, place_.context());
    ASSERT_OK(made);
    promised_[made->id] = files;
    if (version == 0) oldest_ = made->id;
  }

  void forget_oldest(Repository& repository) {
    ASSERT_OK(repository.forget(oldest_, "test", place_.context()));
    promised_.erase(oldest_);
  }

  bool may_be_forgotten(const SnapshotId& id, const SnapshotList& list) const {
    const auto listed = [&](const auto& each) { return each.id == id; };
    return phase_ == Phase::forget && id == promised_.begin()->first &&
           std::ranges::none_of(list.snapshots, listed);
  }

  Result<void> read_all(Repository& repository) {
    for (const auto& [id, files] : promised_)
      if (TRY(read_back(repository, id, place_.context())) != files)
        return fail(Code::internal, "wrong bytes");
    return {};
  }

  Phase phase_;
  SeededRandom random_;
  TestPlace place_;
  std::map<SnapshotId, Contents> promised_;
  SnapshotId oldest_;
  bool tried_ = false;  // to forget
  std::vector<std::string> happened_;
  std::map<storage::Call, std::uint64_t> calls_;
};

std::string story(const World& world) {
  std::string text;
  for (const auto& each : world.happened()) text += "\n  " + each;
  return text;
}

// Where in the phase a fault may happen: a commit's calls are its last ones.
std::uint64_t places_in(Phase phase, std::uint64_t calls) {
  return phase == Phase::commit ? std::min<std::uint64_t>(calls, 8) : calls;
}

using Play = std::function<void(World& world, storage::FaultScript script)>;

// Plays one fault at a place by chance for each of a few seeds or, where all is played, at each
// place in turn: then the seed is its number.
void play_faults(Phase phase, FaultKind kind, const Play& play) {
  std::uint64_t most = 1;
  for (const auto seed : seeds(kMostCalls)) {
    World twin(phase, seed);
    const auto done = twin.run({.seed = seed}, false);
    ASSERT_TRUE(done) << done.error().describe();
    const auto calls = twin.calls(kind);
    const auto places = places_in(phase, calls);
    ASSERT_GT(places, 0U) << "a fault that this phase cannot have";
    ASSERT_LT(places, kMostCalls);
    most = std::max(most, places);
    if (plays_all() && seed > most) return;
    if (plays_all() && seed > places) continue;
    World world(phase, seed);
    const auto back = plays_all() ? seed - 1 : world.below(places);
    storage::FaultScript script{.seed = seed};
    script.faults = {{kind, std::nullopt, "", calls - back}};
    SCOPED_TRACE("seed " + std::to_string(seed));
    play(world, std::move(script));
    if (testing::Test::HasFailure()) return;
  }
}

using Cell = std::tuple<Phase, FaultKind>;

// Without those that no call of the phase can have.
std::vector<Cell> cells() {
  std::vector<Cell> list;
  for (const auto phase : kPhases)
    for (const auto kind : kFaults) {
      const bool reads = phase == Phase::verify || phase == Phase::restore;
      if (!reads || is_possible(kind, storage::Call::get) || is_possible(kind, storage::Call::list))
        list.emplace_back(phase, kind);
    }
  return list;
}

class FaultMatrix : public testing::TestWithParam<Cell> {};

TEST_P(FaultMatrix, LosesNothingAndSucceedsWhenTriedAgain) {
  const auto [phase, kind] = GetParam();
  const bool killed = kind == FaultKind::kill_before || kind == FaultKind::kill_after;
  const bool forgets = phase == Phase::forget;
  play_faults(phase, kind, [&](World& world, storage::FaultScript script) {
    const auto done = world.run(std::move(script), killed && world.below(2) == 0);
    SCOPED_TRACE(story(world) + (done ? "\n  done" : "\n  " + done.error().describe()));
    EXPECT_FALSE(world.happened().empty());
    world.expect_whole("admin");
    world.expect_whole("stranger");
    if (forgets && done) return;
    const auto again = world.run({}, false);
    EXPECT_TRUE(again) << again.error().describe();
    world.expect_whole("stranger");
    world.expect_no_complaints();
  });
}

std::string name_of_cell(const testing::TestParamInfo<Cell>& cell) {
  const auto [phase, kind] = cell.param;
  return name_of(phase) + "_" + std::string(storage::name_of(kind));
}

INSTANTIATE_TEST_SUITE_P(Calls, FaultMatrix, testing::ValuesIn(cells()), name_of_cell);

// Bad memory between sealing and the medium, in every phase that stores: told or not, what is wrong
// is found, and nobody gets it for right.
class BadMemoryMatrix : public testing::TestWithParam<Phase> {};

TEST_P(BadMemoryMatrix, NeverGivesAWrongByteNorKeepsSilent) {
  play_faults(GetParam(), FaultKind::flip_sent, [](World& world, storage::FaultScript script) {
    const auto done = world.run(std::move(script), false);
    SCOPED_TRACE(story(world) + (done ? "\n  done" : "\n  " + done.error().describe()));
    EXPECT_EQ(world.happened().size(), 1U);
    world.expect_honest();
  });
}

INSTANTIATE_TEST_SUITE_P(Puts, BadMemoryMatrix,
                         testing::Values(Phase::backup, Phase::commit, Phase::forget, Phase::prune,
                                         Phase::move),
                         [](const auto& phase) { return name_of(phase.param); });

enum class Damage : std::uint8_t { flip, truncate, swap, replay, remove };
constexpr Damage kKindsOfDamage[] = {Damage::flip, Damage::truncate, Damage::swap, Damage::replay,
                                     Damage::remove};

void damage(World& world, Damage kind) {
  auto& place = world.place();
  const auto keys = place.keys("");
  const auto& key = keys[world.below(keys.size())];
  auto bytes = place.object(key);
  const auto& other = keys[world.below(keys.size())];
  switch (kind) {
    case Damage::flip:
      bytes[world.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << world.below(8));
      break;
    case Damage::truncate:
      bytes.resize(world.below(bytes.size()));
      break;
    case Damage::swap: {
      const auto there = place.object(other);
      place.replace(other, bytes);
      bytes = there;
      break;
    }
    case Damage::replay:
      bytes = place.object(other);
      break;
    case Damage::remove:
      place.store->remove(key);
      return;
  }
  place.replace(key, bytes);
}

class DamageMatrix : public testing::TestWithParam<Damage> {};

TEST_P(DamageMatrix, NeverGivesAWrongByteNorKeepsSilent) {
  for (const auto seed : seeds(kDamages)) {
    World world(Phase::verify, seed);
    damage(world, GetParam());
    SCOPED_TRACE("seed " + std::to_string(seed));
    world.expect_honest();
    if (testing::Test::HasFailure()) return;
  }
}

std::string name_of_damage(const testing::TestParamInfo<Damage>& damage) {
  constexpr std::string_view kNames[] = {"flip", "truncate", "swap", "replay", "remove"};
  return std::string(kNames[static_cast<std::size_t>(damage.param)]);
}

INSTANTIATE_TEST_SUITE_P(AtRest, DamageMatrix, testing::ValuesIn(kKindsOfDamage), name_of_damage);

class ClockMatrix : public testing::TestWithParam<std::tuple<Phase, int>> {};

TEST_P(ClockMatrix, LosesNothingWhenTheClockJumps) {
  const auto [phase, hours] = GetParam();
  for (const auto seed : seeds(kJumps)) {
    World world(phase, seed);
    world.place().test.clock.set(world.place().test.clock.now() + std::chrono::hours(hours));
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto done = world.run({.seed = seed}, false);
    EXPECT_TRUE(done) << done.error().describe();
    world.expect_whole("stranger");
    world.expect_no_complaints();
    if (testing::Test::HasFailure()) return;
  }
}

std::string name_of_jump(const testing::TestParamInfo<std::tuple<Phase, int>>& jump) {
  const auto [phase, hours] = jump.param;
  return name_of(phase) + (hours < 0 ? "_back_" : "_forth_") + std::to_string(std::abs(hours)) +
         "h";
}

INSTANTIATE_TEST_SUITE_P(Jumps, ClockMatrix,
                         testing::Combine(testing::ValuesIn(kPhases),
                                          testing::Values(-720, -1, 1, 720)),
                         name_of_jump);

}  // namespace
}  // namespace lifeboat::repository
