#pragma once
// libcurl as all clients of this room begin it. Thread-safe.
#include "base/clock.h"

namespace lifeboat::net {

// Once for the process, whoever comes first.
void begin_library();

// As CURLOPT_TIMEOUT_MS takes it.
inline long milliseconds_of(Duration time) {
  return static_cast<long>(std::chrono::floor<std::chrono::milliseconds>(time).count());
}

}  // namespace lifeboat::net
