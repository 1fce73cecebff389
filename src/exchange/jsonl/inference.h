#pragma once
// Whether the collection of an archive without metadata was a time series: the rule of the JSONL
// scripts, with its grounds. Pure.
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace lifeboat::exchange::jsonl {

inline constexpr std::string_view kTimeField = "ts";
inline constexpr std::string_view kMetaField = "meta";
inline constexpr std::uint64_t kLookedAt = 50;  // the first so many documents

struct Shares {
  std::uint64_t looked_at = 0;
  std::uint64_t with_time = 0;  // `ts` is a date
  std::uint64_t with_meta = 0;  // `meta` is an object
};

struct Inference {
  Bytes options;            // {timeseries: {timeField, metaField, granularity}}
  std::string grounds;      // for people, with the shares
  bool is_certain = false;  // all that was looked at agrees
};

// A file of buckets says it for certain; else `ts` in 60 % and `meta` in 40 % of the documents, or
// `ts` in 80 %. Nothing for an ordinary collection.
std::optional<Inference> infer_time_series(const Shares& shares, bool has_buckets);

}  // namespace lifeboat::exchange::jsonl
