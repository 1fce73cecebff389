#include "repository/entry_record.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace lifeboat::repository {
namespace {

// Gives a few bytes a read, so that records are met in pieces.
class SlowReader final : public Reader {
 public:
  explicit SlowReader(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(ByteSpan into) override {
    const auto count = std::min(into.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

EntryRecord sample(std::string path, std::size_t chunks) {
  EntryRecord entry;
  entry.info.path = std::move(path);
  entry.info.modified_ns = -5;
  entry.info.profile = Profile::tree;
  entry.info.unit = 4096;
  entry.info.metadata = to_bytes("metadata");
  SeededRandom random(chunks);
  for (std::size_t i = 0; i < chunks; ++i) {
    entry.chunks.push_back({ChunkId{random.array<32>()}, 1000});
    entry.info.size += 1000;
  }
  return entry;
}

Result<std::vector<EntryRecord>> decode_all(Bytes stream) {
  SlowReader reader(std::move(stream));
  EntryDecoder decoder(reader);
  std::vector<EntryRecord> entries;
  while (auto entry = TRY(decoder.next())) entries.push_back(std::move(*entry));
  return entries;
}

TEST(EntryRecords, ComeBackInTheirOrder) {
  Bytes stream;
  const auto one = sample("folder/one", 3);
  const auto large = sample("folder/large", 30'000);
  auto root = sample("", 0);
  root.info.kind = EntryKind::directory;
  for (const auto& each : {root, one, large, one}) append(stream, encode_entry(each).value());
  const auto back = decode_all(stream).value();
  ASSERT_EQ(back.size(), 4U);
  EXPECT_EQ(back[0].info.path, "");
  EXPECT_EQ(back[1].info.path, "folder/one");
  EXPECT_EQ(back[1].info.modified_ns, -5);
  EXPECT_EQ(back[1].info.unit, 4096U);
  EXPECT_EQ(to_text(back[1].info.metadata), "metadata");
  EXPECT_EQ(back[2].chunks, large.chunks);
  EXPECT_EQ(back[3].chunks, one.chunks);
}

TEST(EntryRecords, WithPathsThatLeaveTheFolderAreRefused) {
  for (const auto* path : {"..", "../x", "a/../b", "/etc/passwd", "a//b", "a/", ".", "./a", "a/."})
    EXPECT_EQ(encode_entry(sample(path, 0)).error().code(), Code::usage) << path;
  EXPECT_FALSE(encode_entry(sample(std::string("a\0b", 3), 0)));
  EXPECT_FALSE(encode_entry(sample("", 1)));
  EXPECT_TRUE(encode_entry(sample("..a/b..c/...", 0)));
}

TEST(EntryRecords, FromAHostileStreamAreCheckedLikeOnesWritten) {
  auto bytes = encode_entry(sample("aa/bb", 1)).value();
  bytes[8 + 0] = '.';  // the path's first two letters become ".."
  bytes[8 + 1] = '.';
  EXPECT_EQ(decode_all(bytes).error().code(), Code::corrupt);
}

TEST(EntryRecords, WhoseChunksDoNotAddUpAreCorrupt) {
  auto entry = sample("a", 2);
  entry.info.size = 1999;
  EXPECT_FALSE(encode_entry(entry));
  entry = sample("a", 1);
  entry.chunks[0].length = 0;
  EXPECT_FALSE(encode_entry(entry));
  entry.chunks[0].length = (1U << 20U) + 1;
  EXPECT_FALSE(encode_entry(entry));
}

TEST(EntryRecords, ThatEndTooEarlyAreCorrupt) {
  const auto bytes = encode_entry(sample("a/b", 2)).value();
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_all(to_bytes(ByteView(bytes).first(size)))) << size;
}

TEST(EntryRecords, OfAHugeDeclaredLengthAreRefusedWithoutMemory) {
  ByteWriter writer;
  writer.u32(0xFFFF'FFFFU);
  EXPECT_EQ(decode_all(writer.take()).error().code(), Code::corrupt);
  writer.clear();
  writer.u32(1U << 30U).u32(3);
  EXPECT_EQ(decode_all(writer.take()).error().code(), Code::corrupt);
}

}  // namespace
}  // namespace lifeboat::repository
