#include "storage/wrap/throttle.h"

#include "contract/storage_contract.h"
#include "storage/memory/memory_backend.h"

namespace lifeboat::storage {
namespace {

using namespace std::chrono_literals;

struct ThrottlePlace {
  std::unique_ptr<Backend> open() {
    return std::make_unique<ThrottleBackend>(std::make_unique<MemoryBackend>(store, test.clock),
                                             limits, test.clock);
  }
  TestContext test;
  ThrottleBackend::Limits limits;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
};
INSTANTIATE_TYPED_TEST_SUITE_P(Throttle, StorageContract, ThrottlePlace);

TEST(TokenBucket, LetsOneSecondsWorthPassAndThenTheRate) {
  TokenBucket bucket(1000, 0s);
  EXPECT_EQ(bucket.take(1000, 0s), 0s);
  EXPECT_EQ(bucket.take(500, 0s), 500ms);
  EXPECT_EQ(bucket.take(500, 500ms), 500ms);
  EXPECT_EQ(bucket.take(0, 1s), 0s);
}

TEST(TokenBucket, SavesUpNoMoreThanASecond) {
  TokenBucket bucket(1000, 0s);
  EXPECT_EQ(bucket.take(3000, 1h), 2s);
}

TEST(TokenBucket, WithoutARateNobodyWaits) {
  TokenBucket bucket(0, 0s);
  EXPECT_EQ(bucket.take(UINT64_MAX, 0s), 0s);
}

TEST(Throttle, UpAndDownAreLimitedApart) {
  ThrottlePlace place;
  place.limits = {.upload = 1000, .download = 500};
  const auto backend = place.open();
  ASSERT_TRUE(backend->put("a", Bytes(3000)));
  EXPECT_EQ(place.test.clock.steady(), 2s);
  Bytes into;
  ASSERT_TRUE(backend->get("a", Range{0, 1000}, into));
  EXPECT_EQ(place.test.clock.steady(), 3s);
  ASSERT_TRUE(backend->stat("a"));
  EXPECT_EQ(place.test.clock.steady(), 3s);
}

TEST(Throttle, TheAverageKeepsToTheRate) {
  ThrottlePlace place;
  place.limits = {.upload = 1'000'000};
  const auto backend = place.open();
  for (int number = 0; number < 20; ++number)
    ASSERT_TRUE(backend->put("a/" + std::to_string(number), Bytes(1'000'000)));
  EXPECT_EQ(place.test.clock.steady(), 19s);
}

}  // namespace
}  // namespace lifeboat::storage
