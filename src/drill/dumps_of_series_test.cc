#include "drill/test_dumps.h"

namespace lifeboat::drill {
namespace {

using engine::mongodb::testing::document;
using engine::mongodb::testing::document_of;
using engine::mongodb::testing::log_entry;
using ::testing::HasSubstr;

constexpr const char* kSeriesMetadata =
    R"({"options": {"timeseries": {"timeField": "ts"}}, "type": "timeseries"})";

using SeriesDumpDrill = DumpDrill;

TEST_F(SeriesDumpDrill, DecidesNothingAboutWhatCannotBeBroughtBackYet) {
  const auto folder = add_folder("1", many_documents(200));
  const auto log = dumps_ / "1" / "oplog.bson";
  const auto with_entry = [&](const std::string& object) {
    EXPECT_TRUE(write_file(log, log_entry(10, R"("op":"c","ns":"shop.$cmd","o":)" + object)));
    return drilled();
  };
  expect_stopped(with_entry(R"({"create":"r","timeseries":{"timeField":"ts"}})"),
                 Verdict::unverified, "foreign-log");
  EXPECT_EQ(with_entry(R"({"create":"r"})").verdict, Verdict::proven);
  const auto series = with_entry(R"({"create":"system.buckets.r","timeseries":{"timeField":"t"}})");
  expect_stopped(series, Verdict::unverified, "foreign-server-lacks");
  fs::remove(log);
  write_text(folder / "users.metadata.json", kSeriesMetadata);
  expect_stopped(drilled(), Verdict::unverified, "foreign-time-series");
}

// The drill's server has no time series: that is no fault of the dump.
TEST_F(SeriesDumpDrill, DecidesNothingAboutATimeSeriesThatItsServerLacksAndFailsWithoutItsBuckets) {
  const auto folder = add_folder("1", many_documents(200));
  write_text(folder / "weather.metadata.json", kSeriesMetadata);
  const auto buckets = folder / "system.buckets.weather.bson";
  EXPECT_TRUE(write_file(buckets, document(1)));
  const auto lacking = drilled();
  expect_stopped(lacking, Verdict::unverified, "foreign-server-lacks");
  EXPECT_THAT(lacking.reason, HasSubstr("shop.weather"));
  cut(buckets, 1);
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  fs::remove(buckets);
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  EXPECT_TRUE(write_file(buckets, document(1)));
  fs::remove(folder / "weather.metadata.json");
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  fs::remove(buckets);
  EXPECT_EQ(drilled().verdict, Verdict::proven);
}

// The server is the stand-in: this program, started as mongod is.
TEST_F(SeriesDumpDrill, ProvesATimeSeriesOnAServerThatTakesItsBuckets) {
  const auto folder = add_folder("1", many_documents(200));
  write_text(folder / "weather.metadata.json", kSeriesMetadata);
  const auto bucket = document_of(R"({"_id": 1, "control": {"version": 1, "min": {"x": 1},
                                      "max": {"x": 2}}, "data": {"x": {"0": 1, "1": 2}}})");
  const auto buckets = folder / "system.buckets.weather.bson";
  EXPECT_TRUE(write_file(buckets, bucket));
  auto request = request_of("mongodump");
  request.options.server = fs::read_symlink("/proc/self/exe").string();
  request.foreign[0].options.server = "MongoDB 7.0";
  const auto whole = drilled(request);
  EXPECT_EQ(whole.verdict, Verdict::proven) << whole.reason;
  EXPECT_EQ(asked_of(whole, "import.legacy").message, "204 documents compared");
  auto twice = bucket;
  append(twice, bucket);
  EXPECT_TRUE(write_file(buckets, twice));
  expect_stopped(drilled(request), Verdict::failed, "foreign-not-taken");
}

}  // namespace
}  // namespace lifeboat::drill
