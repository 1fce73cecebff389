#include "exchange/jsonl/export.h"

#include <gmock/gmock.h>

#include "exchange/jsonl/test_exchange.h"

namespace lifeboat::exchange::jsonl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JsonLinesExport : public ExchangeTest {
 protected:
  static std::string text(const fs::path& file) { return to_text(read_file(file).value()); }
  static std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& each : fs::directory_iterator(folder))
      names.push_back(each.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  // {_id: 2, r: /x/ with the options "xi"}: read back they are in order.
  static Bytes regex_with_odd_options() {
    const auto regular = bson(R"({"_id": 2, "r": {"$regularExpression": {"pattern": "x",
                                                                          "options": "ix"}}})");
    auto odd = regular;
    std::swap(odd[odd.size() - 4], odd[odd.size() - 3]);
    return odd;
  }
};

TEST_F(JsonLinesExport, WritesAFileForEachCollectionAndTheirOptions) {
  fill();
  const auto report = export_shop();
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->folder, export_.out_dir / "backup_20251121_094500");
  EXPECT_EQ(report->archive, export_.out_dir / "backup_data/backup_20251121_094500.tar");
  EXPECT_THAT(names_in(report->folder), ElementsAre("a%2Fb c.jsonl", "collections_metadata.json",
                                                    "log.jsonl", "orders.jsonl"));
  EXPECT_EQ(text(report->folder / "a%2Fb c.jsonl"),
            "{\"_id\": {\"$oid\": \"0123456789abcdef01234567\"}, \"n\": {\"$numberDouble\": "
            "\"5.0\"}}\n");
  EXPECT_THAT(text(report->folder / "collections_metadata.json"),
              HasSubstr(R"("log": {"capped": true, "size": 1048576)"));
  EXPECT_EQ(report->sum().count, 303U);
  EXPECT_EQ(report->escaped(), 0U);
}

TEST_F(JsonLinesExport, LeavesNothingHiddenAndTellsWhatTheFormatLacks) {
  fill();
  shop().make_index("orders", "name", true);
  const auto report = export_shop();
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_THAT(names_in(export_.out_dir), ElementsAre("backup_20251121_094500", "backup_data"));
  ASSERT_TRUE(has_finding(report->findings, "indexes-not-exported"));
  EXPECT_THAT(report->findings[0].message, HasSubstr("by_name"));
}

TEST_F(JsonLinesExport, IsPrettyAndCompressedWhereAsked) {
  fill();
  export_.layout = engine::mongodb::JsonLayout::pretty;
  export_.packing = engine::foreign::Packing::tar_gz;
  const auto report = export_shop();
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_THAT(text(report->folder / "log.jsonl"),
              HasSubstr("{\n  \"_id\": {\n    \"$numberInt\": \"2\"\n  }\n}\n{\n"));
  EXPECT_TRUE(report->archive.string().ends_with(".tar.gz"));
  EXPECT_TRUE(import(report->archive)->is_equal());
}

TEST_F(JsonLinesExport, FailsByNameWhereJsonCannotCarryADocument) {
  shop().insert("odd", {bson(R"({"_id": 1})"), regex_with_odd_options()});
  const auto refused = export_shop();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::incomplete) << error_of(refused);
  EXPECT_THAT(error_of(refused), HasSubstr("shop.odd: the document {\"_id\": {\"$numberInt\""));
  EXPECT_THAT(names_in(export_.out_dir), ElementsAre("backup_data"));
  EXPECT_TRUE(fs::is_empty(export_.out_dir / "backup_data"));
}

TEST_F(JsonLinesExport, EscapesWhatJsonCannotCarryWhereAskedAndCountsIt) {
  shop().insert("odd", {bson(R"({"_id": 1})"), regex_with_odd_options()});
  export_.lossy = engine::mongodb::Lossy::escaped;
  const auto report = export_shop();
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->escaped(), 1U);
  EXPECT_THAT(text(report->folder / "odd.jsonl"), HasSubstr(R"({"$lifeboat": {"bson": ")"));
  const auto imported = import(report->archive);
  ASSERT_TRUE(imported) << error_of(imported);
  EXPECT_TRUE(imported->is_equal());
}

TEST_F(JsonLinesExport, RefusesADatabaseThatHoldsNothing) {
  const auto report = export_shop("nothing");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::not_found);
  EXPECT_FALSE(fs::exists(export_.out_dir));
}

TEST_F(JsonLinesExport, StopsAndLeavesNothing) {
  fill();
  test_.stop.request_stop();
  EXPECT_EQ(export_shop().error().code(), Code::interrupted);
  EXPECT_EQ(fs::exists(export_.out_dir / "backup_20251121_094500"), false);
}

TEST_F(JsonLinesExport, ComesBackByteForByte) {
  fill();
  const auto report = export_shop();
  ASSERT_TRUE(report) << error_of(report);
  const auto imported = import(report->archive);
  ASSERT_TRUE(imported) << error_of(imported);
  EXPECT_TRUE(imported->is_equal());
  EXPECT_THAT(collections(), ElementsAre("a/b c", "log", "orders"));
  export_.out_dir = scratch_.path() / "again";
  const auto again = export_shop("restored");
  ASSERT_TRUE(again) << error_of(again);
  for (const auto& each : report->collections)
    EXPECT_EQ(text(again->folder / each.file), text(report->folder / each.file));
  EXPECT_EQ(text(again->folder / "collections_metadata.json"),
            text(report->folder / "collections_metadata.json"));
}

TEST_F(JsonLinesExport, AddsItsCountsToAFile) {
  fill();
  export_.csv = scratch_.path() / "counts.csv";
  ASSERT_TRUE(export_shop());
  ASSERT_TRUE(export_shop());
  const auto counts = text(export_.csv);
  EXPECT_EQ(std::ranges::count(counts, '\n'), 1 + 2 * 3);
  EXPECT_THAT(counts, HasSubstr(",shop,orders,300,"));
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
