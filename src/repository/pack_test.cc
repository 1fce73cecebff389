#include "repository/pack.h"

#include <gtest/gtest.h>

#include "repository/segment_opener.h"
#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

// A pack of two segments: one of three small chunks, one of a single larger one.
class PackTest : public testing::Test {
 protected:
  PackTest() : keys_(test_keys(context_.random)), builder_(keys_, session_, 1U << 20U) {
    builder_.begin(context_.random);
    add({wordy_bytes(3000, 1), Bytes(1, 9), random_bytes(500, 2)});
    add({random_bytes(4000, 3)});
    const auto finished = builder_.finish(context_.random);
    name_ = finished->name;
    bytes_ = to_bytes(finished->bytes);
    plain_ = finished->directory;
    store_.objects[pack_key(name_)] = bytes_;
  }

  void add(const std::vector<Bytes>& chunks) {
    SegmentBuffer buffer(1U << 20U);
    for (const auto& chunk : chunks) {
      buffer.append({ChunkId{crypto::sha256(chunk).bytes}, 0}, chunk);
      chunks_.push_back(chunk);
    }
    SegmentCodec codec(1);
    SegmentKey key(keys_.repository, sessions_.key, builder_.salt());
    const auto raw = buffer.raw();
    const auto encoded = *codec.encode(raw);
    SegmentShape shape{0, static_cast<std::uint32_t>(encoded.body.size() + 16),
                       static_cast<std::uint32_t>(raw.size()), encoded.method};
    shape.number = builder_.reserve(shape.stored, chunks.size());
    Bytes sealed;
    key.seal(shape, encoded.body, sealed);
    builder_.append({builder_.salt(), session_, key.commitment()}, shape, sealed, buffer.ids());
  }

  // Every chunk of the pack, read as a restore does; any failure on the way is the answer.
  Result<std::vector<Bytes>> read_all(const PackContents& contents) {
    SegmentOpener opener(keys_.repository, sessions_);
    std::vector<Bytes> all;
    for (const auto& segment : contents.directory.segments) {
      Bytes stored;
      TRY(store_.get(pack_key(name_), {segment.offset, segment.shape.stored}, stored));
      const auto& birth = contents.directory.births[segment.birth];
      for (const auto chunk : TRY(opener.open(birth, segment.shape, stored)))
        all.push_back(to_bytes(chunk));
    }
    return all;
  }
  Result<std::vector<Bytes>> read_pack() {
    return read_all(TRY(read_pack_directory(store_, keys_, name_)));
  }

  TestContext context_;
  TestStore store_;
  RoleKeys keys_;
  TestSessions sessions_;
  SessionRef session_{{{1, 2, 3}}, 4};
  PackBuilder builder_;
  PackName name_;
  Bytes bytes_;
  Bytes plain_;
  std::vector<Bytes> chunks_;
};

TEST_F(PackTest, GivesBackItsDirectoryAndItsChunks) {
  const auto contents = read_pack_directory(store_, keys_, name_);
  ASSERT_TRUE(contents) << contents.error().describe();
  EXPECT_EQ(contents->size, bytes_.size());
  EXPECT_EQ(contents->plain, plain_);
  EXPECT_EQ(contents->trailer.session, session_);
  ASSERT_EQ(contents->directory.segments.size(), 2U);
  EXPECT_EQ(contents->directory.segments[0].shape.number, 0U);
  EXPECT_EQ(contents->directory.segments[1].shape.number, 1U);
  const auto& ids = contents->directory.ids;
  ASSERT_EQ(ids.size(), chunks_.size());
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(ids[i].bytes, crypto::sha256(chunks_[i]).bytes);
  EXPECT_EQ(*read_all(*contents), chunks_);
}

TEST_F(PackTest, IsNamedByItsHashAndOpensWhole) {
  EXPECT_EQ(crypto::sha256(bytes_).bytes, name_.bytes);
  const auto contents = open_pack(keys_, name_, bytes_);
  ASSERT_TRUE(contents) << contents.error().describe();
  EXPECT_EQ(contents->plain, plain_);
}

TEST_F(PackTest, ReadsADirectoryLongerThanTheFirstGuess) {
  builder_ = PackBuilder(keys_, session_, 4U << 20U);
  builder_.begin(context_.random);
  chunks_.clear();
  for (int i = 0; i < 4; ++i) add(std::vector<Bytes>(4000, Bytes(1, 3)));
  const auto finished = builder_.finish(context_.random);
  store_.objects[pack_key(finished->name)] = to_bytes(finished->bytes);
  const auto contents = read_pack_directory(store_, keys_, finished->name);
  ASSERT_TRUE(contents) << contents.error().describe();
  EXPECT_EQ(contents->directory.ids.size(), 16'000U);
}

TEST_F(PackTest, NeverGivesWrongBytesWhateverByteIsFlipped) {
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    auto& object = store_.objects[pack_key(name_)];
    object[i] ^= 0x41U;
    EXPECT_FALSE(open_pack(keys_, name_, object)) << i;
    const auto read = read_pack();
    EXPECT_TRUE(!read || (*read == chunks_ && i < kPackHeader)) << i;
    object[i] ^= 0x41U;
  }
}

TEST_F(PackTest, NeverGivesWrongBytesWhereverItIsTorn) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) {
    auto& object = store_.objects[pack_key(name_)];
    object = to_bytes(ByteView(bytes_).first(size));
    EXPECT_FALSE(open_pack(keys_, name_, object)) << size;
    EXPECT_FALSE(read_pack()) << size;
  }
}

TEST_F(PackTest, TellsAWrongKeyFromDamage) {
  auto other = test_keys(context_.random);
  other.index = Secret(Bytes(32, 1));
  EXPECT_EQ(read_pack_directory(store_, other, name_).error().code(), Code::wrong_key);
  sessions_.key = Bytes(32, 6);
  EXPECT_EQ(read_pack().error().code(), Code::wrong_key);
}

TEST_F(PackTest, KeepsTheBirthOfASegmentThatIsMoved) {
  const auto contents = *read_pack_directory(store_, keys_, name_);
  const auto& segment = contents.directory.segments[1];
  const auto& birth = contents.directory.births[segment.birth];
  PackBuilder target(keys_, {{{8}}, 9}, 1U << 20U);
  target.begin(context_.random);
  target.append(birth, segment.shape,
                ByteView(bytes_).subspan(segment.offset, segment.shape.stored),
                contents.directory.ids_of(segment));
  const auto finished = target.finish(context_.random);
  name_ = finished->name;
  store_.objects[pack_key(name_)] = to_bytes(finished->bytes);
  EXPECT_EQ(*read_pack(), std::vector<Bytes>{chunks_.back()});
}

TEST_F(PackTest, FitsWhatItsSizeAllows) {
  PackBuilder small(keys_, session_, 10'000);
  small.begin(context_.random);
  EXPECT_TRUE(small.fits(20'000, 1)) << "an empty pack takes any segment";
  small.reserve(5000, 10);
  EXPECT_TRUE(small.fits(3500, 10));
  EXPECT_FALSE(small.fits(5000, 10));
  EXPECT_FALSE(small.fits(100, 200)) << "the directory counts too";
}

TEST(PackTrailer, ReadsWhatItWrote) {
  const PackTrailer trailer{500, 3, {{{1}}, 2}, {{3}}};
  EXPECT_EQ(*parse_trailer(encode_trailer(trailer)), trailer);
  auto bytes = encode_trailer(trailer);
  bytes.back() = 'X';
  EXPECT_FALSE(parse_trailer(bytes));
  EXPECT_FALSE(parse_trailer(ByteView(bytes).first(63)));
  EXPECT_FALSE(parse_trailer(encode_trailer({500, 0, {{{1}}, 2}, {{3}}})));
  EXPECT_FALSE(parse_trailer(encode_trailer({kMaxPack + 1, 3, {{{1}}, 2}, {{3}}})));
}

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    directory_.births.push_back({{{1}}, {{{2}}, 3}, {{4}}});
    directory_.segments.push_back({0, {7, 216, 200, Method::stored}, kPackHeader, 0, 2});
    directory_.segments.push_back({0, {8, 100, 200, Method::zstd}, kPackHeader + 216, 2, 1});
    directory_.ids.resize(3);
  }
  bool parses() const { return parse_directory(encode_directory(directory_)).has_value(); }
  PackDirectory directory_;
};

TEST_F(DirectoryTest, ReadsWhatItWrote) {
  const auto bytes = encode_directory(directory_);
  EXPECT_EQ(bytes.size(), directory_size(1, 2, 3));
  EXPECT_EQ(*parse_directory(bytes), directory_);
}

TEST_F(DirectoryTest, RefusesEveryTornText) {
  const auto bytes = encode_directory(directory_);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse_directory(ByteView(bytes).first(size))) << size;
}

TEST_F(DirectoryTest, RefusesSegmentsThatDoNotLieBackToBack) {
  directory_.segments[1].offset += 1;
  EXPECT_FALSE(parses());
}

TEST_F(DirectoryTest, RefusesImpossibleSegments) {
  const auto good = directory_.segments[1];
  const auto refused = [&](auto change) {
    directory_.segments[1] = good;
    change(directory_.segments[1]);
    return !parses();
  };
  EXPECT_FALSE(refused([](PackSegment&) {}));
  EXPECT_TRUE(refused([](PackSegment& s) { s.birth = 1; }));
  EXPECT_TRUE(refused([](PackSegment& s) { s.shape.raw = kMaxSegmentRaw + 1; }));
  EXPECT_TRUE(refused([](PackSegment& s) { s.shape.stored = 217; }));
  EXPECT_TRUE(refused([](PackSegment& s) { s.shape.stored = 16; }));
  EXPECT_TRUE(refused([](PackSegment& s) { s.shape.method = Method::stored; }));
  EXPECT_TRUE(refused([](PackSegment& s) { s.shape.method = static_cast<Method>(2); }));
  EXPECT_TRUE(refused([](PackSegment& s) { s.shape.raw = 8; }));
}

}  // namespace
}  // namespace lifeboat::repository
