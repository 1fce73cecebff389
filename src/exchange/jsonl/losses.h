#pragma once
// What of an archive a server cannot do, and the archive without it. Pure functions.
#include <set>

#include "engine/mongodb/features.h"

namespace lifeboat::exchange::jsonl {

// The collection without the options that need what is not offered. A view stays one.
engine::mongodb::Collection without_lost(const engine::mongodb::Collection& collection,
                                         const std::set<engine::mongodb::Feature>& offered);

}  // namespace lifeboat::exchange::jsonl
