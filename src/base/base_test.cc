#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_value.h"
#include "base/secret.h"
#include "base/test_context.h"

namespace lifeboat {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return fail(Code::usage, "odd");
  return number / 2;
}
Result<int> quarter_of(int number) { return TRY(half_of(TRY(half_of(number)))); }

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(*quarter_of(12), 3);
  EXPECT_EQ(quarter_of(6).error().message(), "odd");
}

TEST(Error, EveryCodeHasANameAndAHint) {
  for (int code = 0; code <= static_cast<int>(Code::interrupted); ++code) {
    EXPECT_FALSE(info_of(static_cast<Code>(code)).name.empty());
    EXPECT_FALSE(info_of(static_cast<Code>(code)).hint.empty());
  }
}

TEST(Error, ContextReadsFromOuterToInner) {
  const auto error = Error(Code::io_error, "broken").add_context("pack 7").add_context("backup");
  EXPECT_EQ(error.describe(), "backup: pack 7: broken");
}

TEST(Bytes, HexAndBase64RoundTripAndRefuseRubbish) {
  const auto bytes = to_bytes("any carnal pleas");
  EXPECT_EQ(to_base64(bytes), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_EQ(to_text(*from_base64("YW55IGNhcm5hbCBwbGVhcw==")), "any carnal pleas");
  EXPECT_EQ(*from_hex(to_hex(bytes)), bytes);
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_base64("a"));
  EXPECT_FALSE(from_base64("a$=="));
}

TEST(ByteReader, ReadsWhatWasWrittenAndNothingPastTheEnd) {
  ByteWriter writer;
  writer.u8(7).u16(300).u32(70'000).u64(1ULL << 40U).sized("name");
  ByteReader reader(writer.bytes());
  EXPECT_EQ(*reader.u8(), 7);
  EXPECT_EQ(*reader.u16(), 300);
  EXPECT_EQ(*reader.u32(), 70'000U);
  EXPECT_EQ(*reader.u64(), 1ULL << 40U);
  EXPECT_EQ(*reader.sized_text(), "name");
  EXPECT_TRUE(reader.expect_end());
  EXPECT_EQ(reader.u8().error().code(), Code::corrupt);
}

TEST(ByteReader, RefusesALengthOverItsLimitBeforeReading) {
  ByteWriter writer;
  writer.u32(0xFFFFFFFF);
  EXPECT_EQ(ByteReader(writer.bytes()).sized(1024).error().code(), Code::corrupt);
}

TEST(Json, RefusesDuplicateKeysAndDeepNesting) {
  EXPECT_TRUE(parse_json(R"({"a":1,"b":{"a":2}})"));
  EXPECT_FALSE(parse_json(R"({"a":1,"a":2})"));
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')));
  EXPECT_FALSE(parse_json("{"));
}

TEST(Json, CanonicalTextIsSortedAndCompact) {
  EXPECT_EQ(canonical_json(*parse_json(R"({"b": 1, "a": [true, null]})")),
            R"({"a":[true,null],"b":1})");
}

TEST(Clock, TimesRoundTripAndOffsetsApply) {
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-11-20T14:32:07Z")), "2026-11-20T14:32:07Z");
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-11-20T15:32:07.25+01:00")),
            "2026-11-20T14:32:07.250000Z");
  EXPECT_EQ(to_the_second(*parse_rfc3339("2026-11-20T15:32:07.999999Z")), "2026-11-20T15:32:07Z");
  EXPECT_FALSE(parse_rfc3339("2026-02-30T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("yesterday"));
  EXPECT_FALSE(parse_rfc3339("2026-11-20T14:32:07"));
}

TEST(Clock, DurationsAndSizesAreReadWithTheirUnits) {
  EXPECT_EQ(*parse_duration("90s"), std::chrono::seconds(90));
  EXPECT_EQ(*parse_duration("2d"), std::chrono::hours(48));
  EXPECT_FALSE(parse_duration("2 fortnights"));
  EXPECT_FALSE(parse_duration("-1h"));
  EXPECT_EQ(*parse_size("50MB/s"), 50'000'000U);
  EXPECT_EQ(*parse_size("4 GiB"), 4ULL << 30U);
  EXPECT_FALSE(parse_size("lots"));
  EXPECT_EQ(describe_size(1'400'000), "1.4 MB");
  EXPECT_EQ(describe_duration(std::chrono::seconds(200)), "3 min 20 s");
  EXPECT_EQ(describe_duration(std::chrono::milliseconds(1250)), "1.2 s");
  EXPECT_EQ(describe_duration(std::chrono::milliseconds(35)), "35 ms");
}

TEST(File, WritesAreAtomicAndReadBack) {
  auto scratch = ScratchDirectory::make();
  ASSERT_TRUE(scratch);
  const auto path = scratch->path() / "a" / "b.txt";
  EXPECT_EQ(write_file(path, view_of("x")).error().code(), Code::not_found);
  ASSERT_TRUE(make_directories(path.parent_path()));
  ASSERT_TRUE(write_file(path, view_of("one")));
  ASSERT_TRUE(write_file(path, view_of("two")));
  EXPECT_EQ(to_text(*read_file(path)), "two");
  EXPECT_EQ(read_file(path, 2).error().code(), Code::corrupt);
}

TEST(File, AScratchDirectoryGoesAway) {
  fs::path kept;
  {
    auto scratch = ScratchDirectory::make();
    kept = scratch->path();
    EXPECT_TRUE(fs::exists(kept));
  }
  EXPECT_FALSE(fs::exists(kept));
}

TEST(Random, TheSameSeedGivesTheSameBytes) {
  EXPECT_EQ(SeededRandom(7).hex(8), SeededRandom(7).hex(8));
  EXPECT_NE(SeededRandom(7).hex(8), SeededRandom(8).hex(8));
}

TEST(RunContext, AStopRequestIsAnInterruption) {
  TestContext test;
  EXPECT_TRUE(test.context.check_stop());
  test.stop.request_stop();
  EXPECT_EQ(test.context.check_stop().error().code(), Code::interrupted);
}

}  // namespace
}  // namespace lifeboat
