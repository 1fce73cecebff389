#pragma once
// What of a server a catalog needs, and what a server that lacks it would lose: said before a
// restore begins. Pure functions.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/entry.h"
#include "engine/mongodb/catalog.h"

namespace lifeboat::engine::mongodb {

enum class Feature : std::uint8_t {
  capped,
  clustered,
  collation,
  encrypted_fields,
  expiry,  // TTL, of an index or of a time series
  geo_2d,
  geo_2dsphere,
  geo_haystack,
  hashed,
  hidden,
  partial,
  pre_images,
  sparse,
  text,
  time_series,
  time_series_buckets,  // as a restore brings them: no option needs it
  unique,
  validator,
  view,
  wildcard,
};

std::string_view name_of(Feature feature);
// `corrupt` for a name that no feature has.
Result<Feature> feature_named(std::string_view name);

// Each feature that is used, with the objects that use it: "shop.orders, index by_place".
std::map<Feature, std::vector<std::string>> used_features(const Catalog& catalog);

// A finding for each feature that is used and not offered, naming the objects.
std::vector<Finding> lost_features(const Catalog& catalog, const std::set<Feature>& offered);

// The same where a time series may be brought as its buckets, as snapshots and dumps hold it: where
// those are not offered, it is not made at all.
std::vector<Finding> lost_with_buckets(const Catalog& catalog, const std::set<Feature>& offered);

// The options of a collection, or a collMod of it, without what needs what is not offered.
Bytes options_without_lost(DocumentView options, const std::set<Feature>& offered);
// The collection without the options and the indexes that need what is not offered. A view stays
// one.
Collection without_lost(const Collection& collection, const std::set<Feature>& offered);

}  // namespace lifeboat::engine::mongodb
