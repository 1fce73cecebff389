#include "engine/files/tally.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/json_value.h"

namespace lifeboat::engine::files {
namespace {

EntryInfo file_of(const std::string& path, std::uint64_t size) {
  EntryInfo info;
  info.path = path;
  info.size = size;
  info.modified_ns = static_cast<std::int64_t>(size);
  return info;
}

Metadata plain() {
  Metadata metadata;
  metadata.mode = S_IFREG | 0644;
  return metadata;
}

// The value is worked out independently: sum of the little-endian SHA-256 of "a" and "b", modulo
// 2^256.
TEST(DigestSum, IsTheSumOfTheHashesAsNumbers) {
  DigestSum sum;
  sum.add(view_of("a"));
  sum.add(view_of("b"));
  EXPECT_EQ(sum.hex(), "58498b853465f484bc7b509cf96a4432828e04ff18814c2e151654ca2969bb08");
}

TEST(DigestSum, DoesNotDependOnOrderAndCanBeTakenBack) {
  DigestSum one;
  DigestSum other;
  for (int i = 0; i < 100; ++i) one.add(view_of(std::to_string(i)));
  for (int i = 99; i >= 0; --i) other.add(view_of(std::to_string(i)));
  EXPECT_EQ(one.hex(), other.hex());
  for (int i = 0; i < 100; ++i) one.remove(view_of(std::to_string(i)));
  EXPECT_EQ(one.hex(), std::string(64, '0'));
  one.remove(view_of("x"));
  one.add(view_of("x"));
  EXPECT_EQ(one.hex(), std::string(64, '0'));
}

TEST(Greatest, ForgetsWhatIsTakenBack) {
  Greatest greatest;
  for (int i = 0; i < 1000; ++i) greatest.add(i * 7 % 1000, std::to_string(i));
  EXPECT_EQ(greatest.value(), 999);
  for (int i = 0; i < 1000; ++i)
    if (i * 7 % 1000 > 990) greatest.remove(i * 7 % 1000, std::to_string(i));
  EXPECT_EQ(greatest.value(), 990);
}

TEST(Tally, WhatIsRemovedWasNeverThere) {
  Tally one;
  Tally other;
  one.add(file_of("a", 10), plain());
  one.add(file_of("b", 20), plain());
  one.remove(file_of("b", 20), plain());
  other.add(file_of("a", 10), plain());
  EXPECT_EQ(one.facts(), other.facts());
  EXPECT_EQ(one.facts()["largest"], 10);
}

TEST(Tally, WhatNeedsRootIsInADigestOfItsOwn) {
  Tally one;
  Tally other;
  auto theirs = plain();
  theirs.uid = 33;
  theirs.mode |= 04000U;
  one.add(file_of("a", 10), plain());
  other.add(file_of("a", 10), theirs);
  EXPECT_EQ(one.facts()["tree_digest"], other.facts()["tree_digest"]);
  EXPECT_NE(one.facts()["owners_digest"], other.facts()["owners_digest"]);
}

TEST(Tally, AnOwnerIsTheNameWhenThereIsOne) {
  Tally one;
  Tally other;
  auto named = plain();
  named.user = "www-data";
  auto elsewhere = named;
  elsewhere.uid = 1033;
  one.add(file_of("a", 10), named);
  other.add(file_of("a", 10), elsewhere);
  EXPECT_EQ(one.facts(), other.facts());
}

}  // namespace
}  // namespace lifeboat::engine::files
