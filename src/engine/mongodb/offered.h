#pragma once
// What a server can do of all that a catalog may need, as far as its kind and version tell. Pure.
#include <optional>
#include <set>
#include <string>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/features.h"

namespace lifeboat::engine::mongodb {

std::set<Feature> offered_by(const ServerFacts& server);

// Why buckets of a time series of `product` ("MongoDB 7.0.12"; without a version where nobody knows
// it) are not for this server, which is at `place`: an older one may not know their form, and would
// keep what it cannot read. Goes on after "its buckets"; empty where they are.
std::string why_too_old(std::string_view product, const std::string& place,
                        const ServerFacts& server);

// A loss of its own, kOlderServer, where the server at `place` is a MongoDB of an earlier release
// than the `product` that was backed up. What a later one keeps, an earlier one may read in another
// way or not at all: MongoDB knows only the way up.
std::optional<Finding> older_server(const std::string& product, const std::string& place,
                                    const ServerFacts& server);

}  // namespace lifeboat::engine::mongodb
