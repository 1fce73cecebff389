#include "repository/chunker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/test_context.h"
#include "crypto/hash.h"
#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kKiB = 1024;

Secret test_key(std::uint8_t fill) { return Secret(Bytes(32, fill)); }

// Feeds the content in pieces, as a stream does.
std::vector<std::size_t> cuts_of(ByteView content, const CutSizes& sizes, std::size_t piece,
                                 std::uint8_t key = 7) {
  const auto table = gear_table(test_key(key));
  Chunker chunker(table, sizes);
  std::vector<std::size_t> lengths;
  std::size_t start = 0;
  std::size_t known = 0;
  while (start < content.size()) {
    const auto length = chunker.cut(content.subspan(start, known - start), known == content.size());
    if (length == 0) {
      known = std::min(known + piece, content.size());
      continue;
    }
    lengths.push_back(length);
    start += length;
  }
  return lengths;
}

CutSizes stream_sizes() { return cut_sizes({.profile = Profile::db_stream}); }

std::set<std::string> ids_of(ByteView content, const CutSizes& sizes) {
  std::set<std::string> ids;
  std::size_t at = 0;
  for (const auto length : cuts_of(content, sizes, content.size())) {
    ids.insert(crypto::sha256(content.subspan(at, length)).hex());
    at += length;
  }
  return ids;
}

TEST(Chunker, CutsAtTheGoldenPoints) {
  const auto content = random_bytes(256 * kKiB, 42);
  const std::vector<std::size_t> golden = {16651, 18847, 20782, 17335, 21924, 18053, 20249,
                                           24941, 18650, 20200, 28134, 19995, 16383};
  EXPECT_EQ(cuts_of(content, stream_sizes(), content.size()), golden);
}

TEST(Chunker, CutsTheSameHoweverTheContentArrives) {
  const auto content = random_bytes(3'000'000);
  for (const auto profile : {Profile::tree, Profile::db_stream, Profile::db_page}) {
    const auto sizes = cut_sizes({.profile = profile});
    const auto whole = cuts_of(content, sizes, content.size());
    EXPECT_EQ(cuts_of(content, sizes, 4096), whole);
    EXPECT_EQ(cuts_of(content, sizes, 65'537), whole);
  }
}

TEST(Chunker, KeepsToItsBoundsAndLosesNothing) {
  for (const std::size_t size : {1UL, 8191UL, 8192UL, 8193UL, 65'536UL, 65'537UL, 2'000'003UL}) {
    const auto content = random_bytes(size, size);
    for (const auto& sizes : {stream_sizes(), cut_sizes({.profile = Profile::tree}),
                              cut_sizes({.profile = Profile::db_stream, .size = 1U << 30U})}) {
      const auto lengths = cuts_of(content, sizes, 10'000);
      std::size_t sum = 0;
      for (const auto length : lengths) {
        sum += length;
        EXPECT_LE(length, sizes.maximum);
        EXPECT_TRUE(length > sizes.minimum || sum == size) << length;
      }
      EXPECT_EQ(sum, size);
    }
  }
}

TEST(Chunker, CutsZeroesAtTheMaximum) {
  const Bytes zeroes(300 * kKiB, 0);
  const auto lengths = cuts_of(zeroes, stream_sizes(), 5000);
  EXPECT_EQ(lengths, (std::vector<std::size_t>{65536, 65536, 65536, 65536, 45056}));
}

TEST(Chunker, HasTheAverageThatTheProfileNames) {
  const auto content = random_bytes(32U << 20U);
  const auto lengths = cuts_of(content, stream_sizes(), content.size());
  const auto average = content.size() / lengths.size();
  EXPECT_GT(average, 14 * kKiB);
  EXPECT_LT(average, 24 * kKiB);
}

TEST(Chunker, FindsMostChunksAgainAfterAnInsertion) {
  const auto content = random_bytes(4U << 20U);
  Bytes shifted = content;
  shifted.insert(shifted.begin() + 1'000'000, {1, 2, 3, 4, 5});
  const auto before = ids_of(content, stream_sizes());
  const auto after = ids_of(shifted, stream_sizes());
  const auto fresh = std::ranges::count_if(after, [&](auto& id) { return !before.contains(id); });
  EXPECT_LE(fresh, 4);
}

TEST(Chunker, CutsElsewhereUnderAnotherKey) {
  const auto content = random_bytes(1U << 20U);
  EXPECT_NE(cuts_of(content, stream_sizes(), content.size(), 7),
            cuts_of(content, stream_sizes(), content.size(), 8));
}

TEST(Chunker, CutsPagesAtMultiplesOfTheUnit) {
  EXPECT_EQ(cut_sizes({.profile = Profile::db_page, .unit = 4096}).maximum, 16 * kKiB);
  EXPECT_EQ(cut_sizes({.profile = Profile::db_page, .unit = 65'536}).maximum, 64 * kKiB);
  const auto content = random_bytes(40 * kKiB);
  const auto lengths = cuts_of(content, cut_sizes({.profile = Profile::db_page}), 1000);
  EXPECT_EQ(lengths, (std::vector<std::size_t>{16 * kKiB, 16 * kKiB, 8 * kKiB}));
}

TEST(Chunker, LeavesAFileOfSixtyFourKibibytesWhole) {
  const auto content = random_bytes(64 * kKiB);
  const auto sizes = cut_sizes({.profile = Profile::tree});
  EXPECT_EQ(cuts_of(content, sizes, 4096), (std::vector<std::size_t>{64 * kKiB}));
}

TEST(Chunker, HasNoChunkForNoContent) {
  const auto table = gear_table(test_key(7));
  EXPECT_EQ(Chunker(table, stream_sizes()).cut({}, true), 0U);
}

}  // namespace
}  // namespace lifeboat::repository
