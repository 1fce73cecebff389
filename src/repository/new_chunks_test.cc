#include "repository/new_chunks.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"

namespace lifeboat::repository {
namespace {

ChunkId numbered(std::uint64_t number) {
  ChunkId id;
  SeededRandom(number + 1).fill(id.bytes);
  return id;
}

TEST(NewChunks, TakesEachChunkOnce) {
  NewChunks chunks({});
  EXPECT_FALSE(*chunks.contains(numbered(1)));
  EXPECT_TRUE(*chunks.insert(numbered(1)));
  EXPECT_FALSE(*chunks.insert(numbered(1)));
  EXPECT_TRUE(*chunks.contains(numbered(1)));
}

TEST(NewChunks, RemembersWhatItSpilled) {
  NewChunks chunks({}, 16 * 100);
  for (std::uint64_t i = 0; i < 30'000; ++i) ASSERT_TRUE(*chunks.insert(numbered(i))) << i;
  for (std::uint64_t i = 0; i < 30'000; ++i) ASSERT_FALSE(*chunks.insert(numbered(i))) << i;
  for (std::uint64_t i = 30'000; i < 31'000; ++i) ASSERT_FALSE(*chunks.contains(numbered(i)));
}

TEST(NewChunks, GivesAChunkToOneOfSeveralThreads) {
  NewChunks chunks({}, 16 * 200);
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < 10'000; ++i)
          if (*chunks.insert(numbered(i))) ++taken;
      });
  }
  EXPECT_EQ(taken, 10'000);
}

}  // namespace
}  // namespace lifeboat::repository
