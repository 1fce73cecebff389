#pragma once
// Time series for tests: commands that make them, and measurements.
#include "engine/mongodb/test_entry.h"

namespace lifeboat::engine::mongodb::testing {

inline constexpr std::int64_t kFirstMinute = 1'763'700'000'000;

inline Bytes measurement(const std::string& sensor, std::int64_t minute, double value) {
  return document_of(R"({"at":{"$date":{"$numberLong":")" +
                     std::to_string(kFirstMinute + minute * 60'000) + R"("}},"sensor":")" + sensor +
                     R"(","degrees":)" + std::to_string(value) + "}");
}

inline Bytes make_series(const std::string& name, const std::string& more = "") {
  return document_of(
      R"({"create":")" + name +
      R"(","timeseries":{"timeField":"at","metaField":"sensor","granularity":"minutes"})" + more +
      "}");
}

}  // namespace lifeboat::engine::mongodb::testing
