#include "exchange/sample_hash.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/json_reader.h"

namespace lifeboat::exchange {
namespace {

using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentView;
using engine::mongodb::JsonReader;

std::string printed(const std::string& json) {
  const auto document = engine::mongodb::from_extended_json(json).value();
  return python_json(*DocumentView::check(document)).value();
}

std::string printed_number(double number) {
  const auto document = DocumentBuilder().number("a", number).take();
  return python_json(*DocumentView::check(document)).value();
}

TEST(PythonJson, SortsKeysAndSpacesAsPythonDoes) {
  EXPECT_EQ(printed(R"({"b":[1,{"z":1,"y":[]}],"a":{"c":null,"B":true}})"),
            R"({"a": {"B": true, "c": null}, "b": [1, {"y": [], "z": 1}]})");
  EXPECT_EQ(printed("{}"), "{}");
}

TEST(PythonJson, IsAsciiOnly) {
  EXPECT_EQ(printed("{\"é\":\"日\\u007f\\n\\u0001\\\"\\\\/\xf0\x9f\x98\x80\"}"),
            R"({"\u00e9": "\u65e5\u007f\n\u0001\"\\/\ud83d\ude00"})");
}

TEST(PythonJson, RoundsNumbersAsPythonDoes) {
  EXPECT_EQ(printed_number(5), R"({"a": 5.0})");
  EXPECT_EQ(printed_number(0.1), R"({"a": 0.1})");
  EXPECT_EQ(printed_number(-0.0), R"({"a": -0.0})");
  EXPECT_EQ(printed_number(1e15), R"({"a": 1000000000000000.0})");
  EXPECT_EQ(printed_number(1e16), R"({"a": 1e+16})");
  EXPECT_EQ(printed_number(1.5e300), R"({"a": 1.5e+300})");
  EXPECT_EQ(printed_number(0.0001), R"({"a": 0.0001})");
  EXPECT_EQ(printed_number(0.00001), R"({"a": 1e-05})");
  EXPECT_EQ(printed_number(1.0 / 3), R"({"a": 0.3333333333333333})");
}

TEST(PythonJson, PrintsEveryTypeAsJsonUtilDoes) {
  EXPECT_EQ(
      printed(R"({"a":{"$date":{"$numberLong":"1763718300000"}},
                        "b":{"$date":{"$numberLong":"1763718300007"}},
                        "c":{"$date":{"$numberLong":"-1"}},
                        "d":{"$timestamp":{"t":1,"i":2}},"e":{"$numberLong":"5"},
                        "f":{"$regularExpression":{"pattern":"^a/","options":"i"}},
                        "g":{"$binary":{"base64":"AQI=","subType":"80"}},
                        "h":{"$oid":"0123456789abcdef01234567"},"i":{"$numberDecimal":"1.10"},
                        "j":{"$code":"x","$scope":{"y":1}},"k":{"$symbol":"s"},"l":{"$minKey":1},
                        "m":{"$code":"x"},"n":{"$undefined":true}})"),
      R"({"a": {"$date": "2025-11-21T09:45:00Z"}, "b": {"$date": "2025-11-21T09:45:00.007Z"}, )"
      R"("c": {"$date": {"$numberLong": "-1"}}, "d": {"$timestamp": {"i": 2, "t": 1}}, )"
      R"("e": 5, "f": {"$regularExpression": {"options": "i", "pattern": "^a/"}}, )"
      R"("g": {"$binary": {"base64": "AQI=", "subType": "80"}}, )"
      R"("h": {"$oid": "0123456789abcdef01234567"}, "i": {"$numberDecimal": "1.10"}, )"
      R"("j": {"$code": "x", "$scope": {"y": 1}}, "k": "s", "l": {"$minKey": 1}, )"
      R"("m": {"$code": "x"}, "n": null})");
}

TEST(PythonJson, TakesTheInnerSizeOffAnOldBinary) {
  const std::string json = R"({"a": {"$binary": {"base64": "AQI=", "subType": "02"}}})";
  EXPECT_EQ(printed(json), json);
}

TEST(PythonJson, RefusesTextThatIsNotUtf8) {
  const auto document = DocumentBuilder().text("a", "\xff").take();
  EXPECT_EQ(python_json(*DocumentView::check(document)).error().code(), Code::corrupt);
}

// The files of a plain tar archive, by name.
std::map<std::string, Bytes> files_in(const std::string& archive) {
  constexpr std::size_t kBlock = 512;
  const auto repository = fs::path(__FILE__).parent_path().parent_path().parent_path();
  const auto tar = read_file(repository / "tests/fixtures/jsonl" / archive).value();
  std::map<std::string, Bytes> files;
  for (std::size_t at = 0; at + kBlock <= tar.size() && tar[at] != 0;) {
    const auto* header = reinterpret_cast<const char*>(tar.data()) + at;
    const auto size = std::stoul(std::string(header + 124, 11), nullptr, 8);
    files[header] = to_bytes(ByteView(tar).subspan(at + kBlock, size));
    at += kBlock + (size + kBlock - 1) / kBlock * kBlock;
  }
  return files;
}

std::string sample_hash_of(ByteView jsonl, std::uint64_t most) {
  SampleHash hash(most);
  JsonReader reader;
  const auto read = reader.feed(jsonl, [&](std::string_view text) -> Result<void> {
    const auto document = TRY(engine::mongodb::from_extended_json(text));
    return hash.add(TRY(DocumentView::check(document)));
  });
  EXPECT_TRUE(read && reader.finish());
  return hash.finish();
}

// Every line: file, sample size, hash, what the time-series inference says.
void expect_recorded_hashes(const std::string& archive) {
  const auto repository = fs::path(__FILE__).parent_path().parent_path().parent_path();
  const auto table = read_file(repository / "tests/fixtures/jsonl/sample_hashes.tsv").value();
  const auto files = files_in(archive);
  std::istringstream lines(to_text(table));
  std::string file, hash, line;
  std::uint64_t most = 0;
  std::size_t checked = 0;
  std::getline(lines, line);
  while (lines >> file >> most >> hash && std::getline(lines, line)) {
    ASSERT_TRUE(files.contains(file)) << file;
    EXPECT_EQ(sample_hash_of(files.at(file), most), hash) << file << " " << most;
    ++checked;
  }
  EXPECT_EQ(checked, 27U);
}

TEST(SampleHash, IsTheOneThatTheScriptsPrint) {
  expect_recorded_hashes("backup_20261121_094500.tar");
}

TEST(SampleHash, IsTheSameForDocumentsOverManyLines) {
  expect_recorded_hashes("backup_20261121_094501_pretty.tar");
}

TEST(SampleHash, BeyondTheSampleNothingCounts) {
  EXPECT_EQ(sample_hash_of(to_bytes("{\"a\":1}{\"b\":2}"), 1),
            sample_hash_of(to_bytes("{\"a\":1}"), 100));
  EXPECT_NE(sample_hash_of(to_bytes("{\"a\":1}{\"b\":2}"), 2),
            sample_hash_of(to_bytes("{\"a\":1}"), 2));
}

}  // namespace
}  // namespace lifeboat::exchange
