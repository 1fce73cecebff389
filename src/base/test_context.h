#pragma once
// A RunContext for tests: a clock that stands still, seeded randomness, silence. One per test.
#include "base/run_context.h"

namespace lifeboat {

inline constexpr Time kNow{std::chrono::seconds(1'763'718'300)};  // 2025-11-21T09:45:00Z, a Friday

struct TestContext {
  explicit TestContext(std::uint64_t seed = 1) : random(seed) {}
  std::stop_source stop;
  ManualClock clock{kNow};
  SeededRandom random;
  SilentProgress progress;
  SilentLog log;
  RunContext context{stop.get_token(), clock, random, progress, log};
};

}  // namespace lifeboat
