#include "engine/mongodb/offered.h"

#include <array>

#include "engine/losses.h"

namespace lifeboat::engine::mongodb {
namespace {

struct Lifespan {
  Feature feature;
  double since;
  double until;  // the first version without it
};

constexpr double kForEver = 1000;
constexpr std::array kLifespans{
    Lifespan{Feature::capped, 0, kForEver},
    Lifespan{Feature::clustered, 5.3, kForEver},
    Lifespan{Feature::collation, 0, kForEver},
    Lifespan{Feature::encrypted_fields, 6.0, kForEver},
    Lifespan{Feature::expiry, 0, kForEver},
    Lifespan{Feature::geo_2d, 0, kForEver},
    Lifespan{Feature::geo_2dsphere, 0, kForEver},
    Lifespan{Feature::geo_haystack, 0, 5.0},
    Lifespan{Feature::hashed, 0, kForEver},
    Lifespan{Feature::hidden, 4.4, kForEver},
    Lifespan{Feature::partial, 0, kForEver},
    Lifespan{Feature::pre_images, 6.0, kForEver},
    Lifespan{Feature::sparse, 0, kForEver},
    Lifespan{Feature::text, 0, kForEver},
    Lifespan{Feature::time_series, 5.0, kForEver},
    Lifespan{Feature::time_series_buckets, 5.0, 8.3},
    Lifespan{Feature::unique, 0, kForEver},
    Lifespan{Feature::validator, 0, kForEver},
    Lifespan{Feature::view, 0, kForEver},
    Lifespan{Feature::wildcard, 4.2, kForEver},
};

}  // namespace

// FerretDB 1 takes no option of a collection or an index but these; what FerretDB 2 takes is not
// known here, so it is asked as the MongoDB that it says it is.
std::set<Feature> offered_by(const ServerFacts& server) {
  const auto& ferretdb = server.ferretdb;
  if (ferretdb.starts_with("v1.") || ferretdb.starts_with("1."))
    return {Feature::capped, Feature::unique};
  const double release = server.release();
  std::set<Feature> offered;
  for (const auto& each : kLifespans)
    if (release >= each.since && release < each.until) offered.insert(each.feature);
  return offered;
}

std::string why_too_old(std::string_view product, const std::string& place,
                        const ServerFacts& server) {
  if (release_of(product.substr(product.find(' ') + 1)) <= server.release()) return {};
  return " are of " + std::string(product) + ", and " + place + " is " + server.product();
}

std::optional<Finding> older_server(const std::string& product, const std::string& place,
                                    const ServerFacts& server) {
  const bool are_alike = product.starts_with("MongoDB ") && server.ferretdb.empty();
  if (!are_alike || why_too_old(product, place, server).empty()) return std::nullopt;
  return Finding{std::string(kOlderServer), place,
                 "it is older than the server that was backed up (" + product + ")", false};
}

}  // namespace lifeboat::engine::mongodb
