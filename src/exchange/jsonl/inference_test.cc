#include "exchange/jsonl/inference.h"

#include <gtest/gtest.h>

#include "engine/mongodb/extended_json.h"

namespace lifeboat::exchange::jsonl {
namespace {

std::string rule_of(const Shares& shares, bool has_buckets = false) {
  const auto inferred = infer_time_series(shares, has_buckets);
  if (!inferred) return "none";
  const auto options = engine::mongodb::view_document(inferred->options);
  return engine::mongodb::to_plain_json(*options.document_at("timeseries"),
                                        engine::mongodb::Lossy::refused)
      ->text;
}

const char* const kWithMeta = R"({"timeField": "ts", "metaField": "meta", "granularity": "hours"})";
const char* const kWithout = R"({"timeField": "ts", "granularity": "hours"})";

TEST(TimeSeriesInference, FollowsTheSharesOfTheScripts) {
  EXPECT_EQ(rule_of({50, 50, 50}), kWithMeta);
  EXPECT_EQ(rule_of({50, 30, 20}), kWithMeta);
  EXPECT_EQ(rule_of({50, 29, 50}), "none");
  EXPECT_EQ(rule_of({50, 39, 19}), "none");
  EXPECT_EQ(rule_of({50, 40, 19}), kWithout);
  EXPECT_EQ(rule_of({50, 50, 0}), kWithout);
  EXPECT_EQ(rule_of({0, 0, 0}), "none");
  EXPECT_EQ(rule_of({1, 1, 1}), kWithMeta);
}

TEST(TimeSeriesInference, BelievesAFileOfBuckets) {
  EXPECT_EQ(rule_of({50, 0, 0}, true), kWithMeta);
  EXPECT_TRUE(infer_time_series({50, 0, 0}, true)->is_certain);
}

TEST(TimeSeriesInference, PrintsItsGroundsAndDoubts) {
  const auto certain = infer_time_series({50, 50, 50}, false);
  EXPECT_TRUE(certain->is_certain);
  EXPECT_EQ(certain->grounds,
            "`ts` is a date in 50 of the first 50 (100 %), `meta` an object in 50 of the first 50 "
            "(100 %)");
  const auto doubtful = infer_time_series({50, 45, 0}, false);
  EXPECT_FALSE(doubtful->is_certain);
  EXPECT_EQ(doubtful->grounds, "`ts` is a date in 45 of the first 50 (90 %)");
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
