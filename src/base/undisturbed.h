#pragma once
// For what must be done also after a request to stop: what was made is removed, what was ended is
// begun again, what was found is written down. Pure.
#include "base/run_context.h"

namespace lifeboat {

inline RunContext undisturbed(const RunContext& context) {
  return {std::stop_token{}, context.clock, context.random, context.progress, context.log};
}

}  // namespace lifeboat
