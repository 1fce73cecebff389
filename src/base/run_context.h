#pragma once
// Everything that varies from run to run and is not the job itself. Passed by reference, never kept
// beyond the call; each member is thread-safe.
#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"

namespace lifeboat {

struct RunContext {
  std::stop_token stop;
  const Clock& clock;
  Random& random;
  Progress& progress;
  Log& log;

  // `interrupted` once somebody asked to stop; long loops call it often.
  Result<void> check_stop() const {
    if (stop.stop_requested()) return fail(Code::interrupted, "interrupted");
    return {};
  }
};

}  // namespace lifeboat
