#pragma once
// Moments as people write them, in the time zone of a service. Thread-safe; the zones come from the
// system's database.
#include "base/clock.h"

namespace lifeboat::policy {

// "2026-11-21T09:45:00Z" or with another offset; without one, as in "2026-11-21 10:45", in the zone
// `tz`: the earlier moment when the clock was set back. Else `usage`.
Result<Time> parse_time(const std::string& text, const std::string& tz);

// The zone that this machine's clock shows: "Europe/Berlin"; UTC when it says none.
std::string machine_zone();

}  // namespace lifeboat::policy
