#include "repository/segment.h"

#include <gtest/gtest.h>

#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

SegmentBuffer filled(const std::vector<Bytes>& chunks) {
  SegmentBuffer buffer(4U << 20U);
  for (const auto& chunk : chunks) buffer.append({}, chunk);
  return buffer;
}

TEST(SegmentBuffer, GivesBackTheChunksItWasGiven) {
  const std::vector<Bytes> chunks = {random_bytes(1, 1), random_bytes(70'000, 2), Bytes(500, 0)};
  auto buffer = filled(chunks);
  std::vector<ByteView> parsed;
  ASSERT_TRUE(parse_segment(buffer.raw(), parsed));
  ASSERT_EQ(parsed.size(), chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(parsed[i], chunks[i])) << i;
}

TEST(SegmentBuffer, TakesPendingBytesAlongWhenItIsCleared) {
  SegmentBuffer buffer(1U << 20U);
  SegmentBuffer next(1U << 20U);
  const auto content = random_bytes(1000, 1);
  std::ranges::copy(content, buffer.room().begin());
  buffer.extend(content.size());
  buffer.close_chunk(600);
  buffer.move_pending_to(next);
  EXPECT_TRUE(std::ranges::equal(next.pending(), ByteView(content).subspan(600)));
  EXPECT_TRUE(buffer.pending().empty());
  EXPECT_EQ(buffer.chunks(), 1U);
  buffer.clear();
  EXPECT_EQ(buffer.chunks(), 0U);
  next.close_chunk(100);
  next.clear();
  EXPECT_TRUE(std::ranges::equal(next.pending(), ByteView(content).subspan(700)));
}

TEST(SegmentBuffer, IsFullAtItsTargetOrAtItsNumberOfChunks) {
  SegmentBuffer buffer(1U << 20U);
  for (std::size_t i = 0; i + 1 < kSegmentFill; ++i) buffer.append({}, Bytes(1, 7));
  EXPECT_FALSE(buffer.full(256U << 10U));
  buffer.append({}, Bytes(1, 7));
  EXPECT_TRUE(buffer.full(256U << 10U));
  std::vector<ByteView> parsed;
  ASSERT_TRUE(parse_segment(buffer.raw(), parsed));
  EXPECT_EQ(parsed.size(), kSegmentFill);
}

TEST(ParseSegment, RefusesWhatDoesNotAddUp) {
  std::vector<ByteView> parsed;
  const auto refused = [&](ByteWriter& raw) {
    const auto result = parse_segment(raw.bytes(), parsed);
    return !result && result.error().code() == Code::corrupt;
  };
  EXPECT_TRUE(refused(ByteWriter().u32(0)));
  EXPECT_TRUE(refused(ByteWriter().u32(65'536).u32(1).u8(0)));
  EXPECT_TRUE(refused(ByteWriter().u32(1).u32(0)));
  EXPECT_TRUE(refused(ByteWriter().u32(1).u32(2).u8(0)));
  EXPECT_TRUE(refused(ByteWriter().u32(1).u32(1).u8(0).u8(0)));
  EXPECT_TRUE(refused(ByteWriter().u32(2).u32(0xffffffff).u32(2).u8(0)));
  EXPECT_FALSE(refused(ByteWriter().u32(1).u32(1).u8(0)));
}

TEST(SegmentCodec, CompressesTextAndStoresNoise) {
  SegmentCodec codec(1);
  const auto text = wordy_bytes(300'000, 1);
  const auto small = codec.encode(text);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->method, Method::zstd);
  EXPECT_LT(small->body.size(), text.size() * 6 / 10);
  Bytes memory;
  EXPECT_TRUE(
      std::ranges::equal(*codec.decode(small->method, small->body, text.size(), memory), text));

  const auto noise = random_bytes(300'000, 2);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(codec.encode(noise)->method, Method::stored);
  EXPECT_EQ(codec.encode(text)->method, Method::zstd) << "text after noise is compressed again";
}

TEST(SegmentCodec, RefusesFramesOfAnotherLength) {
  SegmentCodec codec(1);
  const auto text = wordy_bytes(10'000, 1);
  auto frame = to_bytes(codec.encode(text)->body);
  Bytes memory;
  EXPECT_FALSE(codec.decode(Method::zstd, frame, 9'999, memory));
  EXPECT_FALSE(codec.decode(Method::zstd, frame, 10'001, memory));
  EXPECT_FALSE(codec.decode(Method::zstd, frame, kMaxSegmentRaw + 1, memory));
  EXPECT_FALSE(codec.decode(Method::stored, frame, frame.size() - 1, memory));
  append(frame, to_bytes(frame));
  EXPECT_FALSE(codec.decode(Method::zstd, frame, 20'000, memory)) << "two frames";
  frame.resize(frame.size() / 2 - 1);
  EXPECT_FALSE(codec.decode(Method::zstd, frame, 10'000, memory)) << "a torn frame";
}

class SegmentKeyTest : public testing::Test {
 protected:
  const RepositoryId repository_{{1}};
  const Bytes session_ = Bytes(32, 5);
  const Salt salt_{{7}};
  const Bytes body_ = random_bytes(1000, 3);
  const SegmentShape shape_{3, 1016, 1000, Method::stored};
};

TEST_F(SegmentKeyTest, OpensWhatItSealed) {
  SegmentKey key(repository_, session_, salt_);
  Bytes sealed;
  key.seal(shape_, body_, sealed);
  Bytes opened;
  ASSERT_TRUE(SegmentKey(repository_, session_, salt_).open(shape_, sealed, opened));
  EXPECT_EQ(opened, body_);
}

TEST_F(SegmentKeyTest, RefusesEveryOtherShapeRepositoryAndBirth) {
  SegmentKey key(repository_, session_, salt_);
  Bytes sealed;
  key.seal(shape_, body_, sealed);
  Bytes opened;
  EXPECT_FALSE(key.open({4, 1016, 1000, Method::stored}, sealed, opened));
  EXPECT_FALSE(key.open({3, 1015, 1000, Method::stored}, sealed, opened));
  EXPECT_FALSE(key.open({3, 1016, 1001, Method::stored}, sealed, opened));
  EXPECT_FALSE(key.open({3, 1016, 1000, Method::zstd}, sealed, opened));
  EXPECT_FALSE(SegmentKey({{2}}, session_, salt_).open(shape_, sealed, opened));
  EXPECT_FALSE(SegmentKey(repository_, session_, {{8}}).open(shape_, sealed, opened));
  EXPECT_FALSE(SegmentKey(repository_, Bytes(32, 6), salt_).open(shape_, sealed, opened));
  EXPECT_TRUE(key.open(shape_, sealed, opened));
}

TEST_F(SegmentKeyTest, CommitsToItsSessionKeyAndBirth) {
  const auto commitment = SegmentKey(repository_, session_, salt_).commitment();
  EXPECT_EQ(SegmentKey(repository_, session_, salt_).commitment(), commitment);
  EXPECT_NE(SegmentKey(repository_, Bytes(32, 6), salt_).commitment(), commitment);
  EXPECT_NE(SegmentKey(repository_, session_, {{8}}).commitment(), commitment);
}

}  // namespace
}  // namespace lifeboat::repository
