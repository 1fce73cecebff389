#pragma once
// The part of the table of keys that says how long a drill and each of its steps may take.
// Immutable.
#include "config/schema.h"

namespace lifeboat::config {

// The runbook of a drill, whose first row this is, and its time.
std::span<const Row> drill_time_rows();

}  // namespace lifeboat::config
