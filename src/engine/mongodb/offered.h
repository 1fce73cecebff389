#pragma once
// What a server can do of all that a catalog may need, as far as its kind and version tell. Pure.
#include <set>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/features.h"

namespace lifeboat::engine::mongodb {

std::set<Feature> offered_by(const ServerFacts& server);

}  // namespace lifeboat::engine::mongodb
