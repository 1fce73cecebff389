#pragma once
// The system's randomness, fit for keys, and a comparison that tells nothing by its duration.
// Thread-safe.
#include "base/random.h"

namespace lifeboat::crypto {

Random& system_random();

// Sizes are not secret; contents are.
bool constant_time_equal(ByteView one, ByteView other);

}  // namespace lifeboat::crypto
