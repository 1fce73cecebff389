#pragma once
// What the configuration says of how a MongoDB server is read. Values only.
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace lifeboat::engine::mongodb {

enum class ReadPreference : std::uint8_t { primary, secondary, secondary_preferred };

struct Options {
  ReadPreference read_preference = ReadPreference::primary;
  Duration max_lag = std::chrono::seconds(30);  // of a secondary behind the primary
  bool fuzzy = false;                // a sharded cluster may be copied, though as of no one moment
  bool series_as_documents = false;  // time series that have buckets too
};

}  // namespace lifeboat::engine::mongodb
