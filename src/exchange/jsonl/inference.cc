#include "exchange/jsonl/inference.h"

#include <fmt/format.h>

#include "engine/mongodb/bson.h"

namespace lifeboat::exchange::jsonl {
namespace {

constexpr std::uint64_t kTimeWithMeta = 60;  // percent
constexpr std::uint64_t kMetaWithTime = 40;
constexpr std::uint64_t kTimeAlone = 80;

Bytes time_series_options(bool with_meta) {
  engine::mongodb::DocumentBuilder rule;
  rule.text("timeField", kTimeField);
  if (with_meta) rule.text("metaField", kMetaField);
  rule.text("granularity", "hours");
  return engine::mongodb::DocumentBuilder().document("timeseries", rule.take()).take();
}

bool is_share(std::uint64_t part, std::uint64_t whole, std::uint64_t percent) {
  return whole > 0 && part * 100 >= whole * percent;
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{} of the first {} ({} %)", part, whole, whole == 0 ? 0 : part * 100 / whole);
}

}  // namespace

std::optional<Inference> infer_time_series(const Shares& shares, bool has_buckets) {
  const auto whole = shares.looked_at;
  if (has_buckets)
    return Inference{time_series_options(true), "the archive holds a file of its buckets", true};
  const auto time = "`ts` is a date in " + share_text(shares.with_time, whole);
  if (is_share(shares.with_time, whole, kTimeWithMeta) &&
      is_share(shares.with_meta, whole, kMetaWithTime))
    return Inference{time_series_options(true),
                     time + ", `meta` an object in " + share_text(shares.with_meta, whole),
                     shares.with_time == whole && shares.with_meta == whole};
  if (is_share(shares.with_time, whole, kTimeAlone))
    return Inference{time_series_options(false), time, shares.with_time == whole};
  return std::nullopt;
}

}  // namespace lifeboat::exchange::jsonl
