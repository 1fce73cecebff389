#pragma once
// The part of the table of keys that says in which way a drill is done: from a cold start, and how
// long it and each of its steps may take. Immutable.
#include "config/schema.h"

namespace lifeboat::config {

// They stand after where the drill restores from.
std::span<const Row> drill_rows();

}  // namespace lifeboat::config
