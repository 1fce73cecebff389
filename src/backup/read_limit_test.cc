#include "backup/read_limit.h"

#include <gtest/gtest.h>

#include "base/test_context.h"

namespace lifeboat::backup {
namespace {

// Gives as much as is asked for, until it fails.
class Endless final : public Reader {
 public:
  Result<std::size_t> read(ByteSpan into) override {
    if (fails) return fail(Code::source_unreadable, "gone");
    return into.size();
  }
  bool fails = false;
};

TEST(ReadLimit, KeepsToItsRate) {
  TestContext test;
  ReadLimit limit(1'000'000);
  const auto begun = test.clock.steady();
  for (int i = 0; i < 11; ++i) limit.take(500'000, test.clock);
  // The first may begin at once.
  EXPECT_EQ(test.clock.steady() - begun, std::chrono::seconds(5));
}

TEST(ReadLimit, OfNothingIsNone) {
  TestContext test;
  ReadLimit limit(0);
  const auto begun = test.clock.steady();
  limit.take(1U << 30U, test.clock);
  EXPECT_EQ(test.clock.steady(), begun);
}

TEST(PacedReader, RemembersWhatWentWrongAndStopsWhenAsked) {
  TestContext test;
  ReadLimit limit(0);
  Endless source;
  PacedReader reader(source, limit, test.context);
  Bytes into(100);
  EXPECT_EQ(*reader.read(into), 100U);
  EXPECT_FALSE(reader.error());
  source.fails = true;
  EXPECT_FALSE(reader.read(into));
  EXPECT_EQ(reader.error()->code(), Code::source_unreadable);
  test.stop.request_stop();
  EXPECT_EQ(reader.read(into).error().code(), Code::interrupted);
}

}  // namespace
}  // namespace lifeboat::backup
