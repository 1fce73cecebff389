// The fault matrix: one fault at one storage call of one phase, then the machine starts again. What
// was committed before must read back to the last byte, what was reported done must be there, and
// the phase must succeed when it is tried again. A seed plays the same case again:
//   LIFEBOAT_FAULT_SEED=<seed> fault_matrix --gtest_filter=<test>
#include "fault/world.h"

namespace lifeboat::repository {
namespace {

using storage::FaultKind;
constexpr std::uint64_t kMostCalls = 400;  // more than any phase here makes
constexpr std::uint64_t kJumps = 8;        // of each clock in each phase
constexpr std::uint64_t kSampledLasting = 1;
constexpr std::uint64_t kFewer = 10;  // calls, where readers share what one of them read

// Whether the fault happened.
using Play = std::function<bool(World& world, storage::FaultScript script)>;

// Plays `last`, a fault at the last of the phase's calls, at one of so many places before that.
// Where several read at once, a run may come to fewer calls than its twin did: then the fault has
// not happened, and is played one call earlier.
void play_fault(Phase phase, storage::Fault last, std::uint64_t seed, const Play& play) {
  const auto places = places_in(phase, last.at);
  for (std::uint64_t fewer = 0; fewer < kFewer && fewer < last.at; ++fewer) {
    World world(phase, seed);
    const auto back = plays_all() ? seed - 1 : world.below(places);
    storage::FaultScript script{.seed = seed};
    script.faults = {last};
    script.faults[0].at = std::max<std::uint64_t>(1, last.at - std::min(last.at, back + fewer));
    if (play(world, std::move(script)) || testing::Test::HasFailure()) return;
  }
  FAIL() << "the fault never happened";
}

// Plays one fault at a place by chance for each of a few seeds or, where all is played, at each
// place in turn: then the seed is its number.
void play_faults(Phase phase, FaultKind kind, const Play& play, std::uint64_t sampled = kSampled) {
  std::uint64_t most = 1;
  for (const auto seed : seeds(kMostCalls, sampled)) {
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
    SCOPED_TRACE("seed " + std::to_string(seed));
    play_fault(phase, {kind, std::nullopt, "", calls}, seed, play);
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
    if (world.happened().empty()) return false;
    SCOPED_TRACE(story(world) + (done ? "\n  done" : "\n  " + done.error().describe()));
    world.expect_whole("admin");
    world.expect_whole("stranger");
    if (forgets && done) return true;
    const auto again = world.run({}, false);
    EXPECT_TRUE(again) << again.error().describe();
    world.expect_whole("stranger");
    world.expect_no_complaints();
    return true;
  });
}

std::string name_of_cell(const testing::TestParamInfo<Cell>& cell) {
  const auto [phase, kind] = cell.param;
  return name_of(phase) + "_" + std::string(storage::name_of(kind));
}

INSTANTIATE_TEST_SUITE_P(Calls, FaultMatrix, testing::ValuesIn(cells()), name_of_cell);

// A fault that lasts: the disk stays full, or is mounted read-only, or nobody answers for longer
// than anybody tries again. The phase ends and says which; when the trouble is over, it succeeds.
class LastingFaults : public testing::TestWithParam<Cell> {};

Code code_of_trouble(FaultKind kind) {
  if (kind == FaultKind::no_space) return Code::no_space;
  return kind == FaultKind::read_only ? Code::permission_denied : Code::unavailable;
}

TEST_P(LastingFaults, EndThePhaseByTheirNameLoseNothingAndPass) {
  const auto [phase, kind] = GetParam();
  // What a check notes down for others is all that it stores, last of all: it ends well without.
  const bool may_end_well = phase == Phase::verify;
  const bool must_end_well = may_end_well && kind != FaultKind::fail_before;
  play_faults(
      phase, kind,
      [&](World& world, storage::FaultScript script) {
        script.faults[0].times = UINT64_MAX;
        const auto done = world.run_patiently(std::move(script));
        if (world.happened().empty()) return false;
        SCOPED_TRACE(story(world) + (done ? "\n  done" : "\n  " + done.error().describe()));
        EXPECT_TRUE(done ? may_end_well : !must_end_well);
        if (!done) {
          EXPECT_EQ(done.error().code(), code_of_trouble(kind));
        }
        world.expect_whole("admin");
        world.expect_whole("stranger");
        const auto again = world.run({}, false);
        EXPECT_TRUE(again) << again.error().describe();
        world.expect_whole("stranger");
        world.expect_no_complaints();
        return true;
      },
      kSampledLasting);
}

std::vector<Cell> lasting_cells() {
  std::vector<Cell> list;
  for (const auto phase : kPhases)
    for (const auto kind : {FaultKind::no_space, FaultKind::read_only, FaultKind::fail_before})
      if (phase != Phase::restore || kind == FaultKind::fail_before) list.emplace_back(phase, kind);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Calls, LastingFaults, testing::ValuesIn(lasting_cells()), name_of_cell);

// Its twin: what passes before everybody has given up is nobody's concern.
class ShortStorm : public testing::TestWithParam<Phase> {};

TEST_P(ShortStorm, IsNotNoticed) {
  play_faults(
      GetParam(), FaultKind::fail_before,
      [](World& world, storage::FaultScript script) {
        script.faults[0].times = storage::RetryLimits{}.retries;
        const auto done = world.run_patiently(std::move(script));
        if (world.happened().empty()) return false;
        SCOPED_TRACE(story(world));
        EXPECT_TRUE(done) << done.error().describe();
        EXPECT_EQ(world.happened().size(), storage::RetryLimits{}.retries);
        world.expect_whole("stranger");
        return true;
      },
      kSampledLasting);
}

INSTANTIATE_TEST_SUITE_P(Calls, ShortStorm, testing::ValuesIn(kPhases),
                         [](const auto& phase) { return name_of(phase.param); });

// Bad memory between sealing and the medium, in every phase that stores: told or not, what is wrong
// is found, and nobody gets it for right.
class BadMemoryMatrix : public testing::TestWithParam<Phase> {};

TEST_P(BadMemoryMatrix, NeverGivesAWrongByteNorKeepsSilent) {
  play_faults(GetParam(), FaultKind::flip_sent, [](World& world, storage::FaultScript script) {
    const auto done = world.run(std::move(script), false);
    SCOPED_TRACE(story(world) + (done ? "\n  done" : "\n  " + done.error().describe()));
    EXPECT_EQ(world.happened().size(), 1U);
    world.expect_honest();
    return true;
  });
}

INSTANTIATE_TEST_SUITE_P(Puts, BadMemoryMatrix,
                         testing::Values(Phase::backup, Phase::commit, Phase::forget, Phase::prune,
                                         Phase::move),
                         [](const auto& phase) { return name_of(phase.param); });

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
