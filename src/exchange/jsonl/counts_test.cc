#include "exchange/jsonl/counts.h"

#include <gtest/gtest.h>

#include "base/test_context.h"
#include "exchange/jsonl/csv.h"

namespace lifeboat::exchange::jsonl {
namespace {

ExportReport one_collection() {
  ExportReport report;
  report.moment = kNow;
  report.archive = "/x/backup_20251121_094500.tar";
  ExportedCollection orders;
  orders.name = "a,b";
  orders.sum.count = 2;
  orders.sum.bytes = 40;
  orders.sample_hash = "ab";
  report.collections.push_back(orders);
  return report;
}

TEST(Counts, AreAppendedBelowTheNamesOfTheColumns) {
  const auto scratch = ScratchDirectory::make().value();
  const auto file = scratch.path() / "counts.csv";
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(append_counts(file, "shop", one_collection()));
  const std::string line = "2025-11-21T09:45:00Z,shop,\"a,b\",2,40," + std::string(64, '0') +
                           ",ab,backup_20251121_094500.tar\n";
  EXPECT_EQ(to_text(*read_file(file)),
            "time,database,collection,documents,bytes,digest,sample_hash,archive\n" + line + line);
}

TEST(Counts, AreNotWrittenThroughALink) {
  const auto scratch = ScratchDirectory::make().value();
  fs::create_symlink("elsewhere", scratch.path() / "counts.csv");
  EXPECT_FALSE(append_counts(scratch.path() / "counts.csv", "shop", one_collection()));
}

TEST(Counts, QuoteWhatWouldBeTakenForSomethingElse) {
  EXPECT_EQ(csv_field("orders"), "orders");
  EXPECT_EQ(csv_field("say \"x\", y"), "\"say \"\"x\"\", y\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_field("=1+1"), "\"'=1+1\"");
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
