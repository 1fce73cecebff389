#include "repository/chunk_writer.h"

#include <gtest/gtest.h>

#include <thread>

#include "repository/segment_opener.h"
#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

class TornReader final : public Reader {
 public:
  explicit TornReader(ByteView bytes) : rest_(bytes) {}
  Result<std::size_t> read(ByteSpan into) override {
    if (fails_after && read_ >= *fails_after) return fail(Code::source_unreadable, "gone");
    const auto size = std::min(into.size(), rest_.size());
    std::copy_n(rest_.begin(), size, into.begin());
    rest_ = rest_.subspan(size);
    read_ += size;
    return size;
  }
  std::optional<std::size_t> fails_after;

 private:
  ByteView rest_;
  std::size_t read_ = 0;
};

// Text-like without end, made as it is read.
class EndlessText final : public Reader {
 public:
  explicit EndlessText(std::uint64_t size) : left_(size) {}
  Result<std::size_t> read(ByteSpan into) override {
    const auto size = std::min<std::uint64_t>(into.size(), left_);
    random_.fill(into.first(size));
    left_ -= size;
    return size;
  }

 private:
  std::uint64_t left_;
  SeededRandom random_{77};
};

class ChunkWriterTest : public testing::Test {
 protected:
  ChunkWriterTest() : scratch_(*ScratchDirectory::make()) { options_.workers = 4; }

  Result<std::shared_ptr<const IndexTable>> open_index() {
    IndexTable::Request request;
    request.cache = scratch_.path() / "cache";
    request.owner = keys_.writer;
    for (const auto& key : store_.keys("index/")) request.objects.push_back(*parse_index_key(key));
    request.load = [this](const IndexName& name) -> Result<std::optional<LoadedIndex>> {
      auto opened = TRY(open_index_object(keys_, name, store_.objects.at(index_key(name))));
      return LoadedIndex{std::move(opened.plain), opened.signer.id == keys_.writer};
    };
    return IndexTable::open(request);
  }

  std::unique_ptr<ChunkWriter> begin(Exclusions exclusions = {}) {
    auto writer = ChunkWriter::open({store_,
                                     keys_,
                                     {keys_.writer, ++seq_},
                                     Secret(sessions_.key),
                                     *open_index(),
                                     std::move(exclusions),
                                     options_,
                                     scratch_.path() / "cache"},
                                    context());
    EXPECT_TRUE(writer) << writer.error().describe();
    return std::move(*writer);
  }
  Result<StoredStream> add(ChunkWriter& writer, ByteView content, Profile profile = Profile::tree) {
    TornReader reader(content);
    return writer.add_stream({profile, 0, content.size()}, reader, context());
  }
  // One whole session with this content.
  StoredStream back_up(ByteView content) {
    const auto writer = begin();
    auto stored = add(*writer, content);
    EXPECT_TRUE(stored) << stored.error().describe();
    const auto flushed = writer->flush(context());
    EXPECT_TRUE(flushed) << flushed.error().describe();
    return std::move(*stored);
  }

  // All chunks of all packs, found without any index.
  std::map<ChunkId, Bytes> all_chunks() {
    std::map<ChunkId, Bytes> chunks;
    SegmentOpener opener(keys_.repository, sessions_);
    for (const auto& key : store_.keys("packs/")) {
      const auto& bytes = store_.objects[key];
      const auto pack = open_pack(keys_, *PackName::from_hex(key.substr(9)), bytes);
      EXPECT_TRUE(pack) << pack.error().describe();
      for (const auto& segment : pack->directory.segments) {
        const auto stored = ByteView(bytes).subspan(segment.offset, segment.shape.stored);
        const auto& birth = pack->directory.births[segment.birth];
        const auto opened = opener.open(birth, segment.shape, stored);
        EXPECT_TRUE(opened) << opened.error().describe();
        for (std::size_t i = 0; i < segment.chunks; ++i) {
          const auto id = pack->directory.ids_of(segment)[i];
          EXPECT_EQ(crypto::hmac_sha256(keys_.chunk_id.view(), (*opened)[i]).bytes, id.bytes);
          EXPECT_TRUE(chunks.emplace(id, to_bytes((*opened)[i])).second) << "stored twice";
        }
      }
    }
    return chunks;
  }
  Bytes assemble(const StoredStream& stored) { return assemble(stored, all_chunks()); }
  static Bytes assemble(const StoredStream& stored, const std::map<ChunkId, Bytes>& chunks) {
    Bytes content;
    for (const auto& chunk : stored.chunks) {
      EXPECT_TRUE(chunks.contains(chunk.id));
      EXPECT_EQ(chunks.at(chunk.id).size(), chunk.length);
      append(content, chunks.at(chunk.id));
    }
    EXPECT_EQ(content.size(), stored.size);
    return content;
  }
  std::vector<std::pair<Salt, std::uint32_t>> used(const ChunkWriter& writer) {
    std::vector<std::pair<Salt, std::uint32_t>> segments;
    writer.segments_used()->used.visit(
        [&](const Salt& birth, std::uint32_t number) { segments.emplace_back(birth, number); });
    return segments;
  }
  const RunContext& context() const { return context_.context; }

  TestContext context_;
  ScratchDirectory scratch_;
  TestStore store_;
  RoleKeys keys_ = test_keys(context_.random);
  TestSessions sessions_;
  Options options_;
  std::uint64_t seq_ = 0;
};

TEST_F(ChunkWriterTest, GivesBackContentOfEverySize) {
  std::vector<Bytes> contents;
  for (const std::size_t size :
       {0UL, 1UL, 65'535UL, 65'536UL, 65'537UL, 1'048'576UL, 3'000'000UL, 20'000'000UL})
    contents.push_back(wordy_bytes(size, size));
  const auto writer = begin();
  std::vector<StoredStream> stored;
  for (const auto& content : contents) stored.push_back(*add(*writer, content));
  ASSERT_TRUE(writer->flush(context()));
  const auto chunks = all_chunks();
  for (std::size_t i = 0; i < contents.size(); ++i)
    EXPECT_TRUE(assemble(stored[i], chunks) == contents[i]) << contents[i].size();
  EXPECT_TRUE(stored[0].chunks.empty());
  EXPECT_EQ(stored[1].chunks.size(), 1U);
  EXPECT_LT(writer->stats().bytes_stored, writer->stats().bytes_new * 6 / 10);
}

TEST_F(ChunkWriterTest, StoresNothingForAnEmptySession) {
  const auto writer = begin();
  ASSERT_TRUE(writer->flush(context()));
  EXPECT_TRUE(store_.objects.empty());
}

TEST_F(ChunkWriterTest, StoresEqualContentOnceWithinASession) {
  const auto content = wordy_bytes(2'000'000, 1);
  const auto writer = begin();
  const auto first = *add(*writer, content);
  const auto second = *add(*writer, content);
  EXPECT_EQ(first.chunks, second.chunks);
  ASSERT_TRUE(writer->flush(context()));
  EXPECT_TRUE(assemble(second) == content);
  EXPECT_EQ(writer->stats().bytes_new, content.size());
  EXPECT_EQ(writer->stats().chunks_reused, second.chunks.size());
}

TEST_F(ChunkWriterTest, StoresZeroesAsOrdinaryChunksAndOnce) {
  const Bytes zeroes(5'000'000, 0);
  const auto stored = back_up(zeroes);
  EXPECT_TRUE(assemble(stored) == zeroes);
  EXPECT_EQ(all_chunks().size(), 2U) << "the maximum, and the rest";
}

TEST_F(ChunkWriterTest, StoresNothingAgainInTheNextSession) {
  const auto content = wordy_bytes(2'000'000, 1);
  const auto first = back_up(content);
  const auto objects = store_.objects;
  const auto writer = begin();
  const auto second = *add(*writer, content);
  ASSERT_TRUE(writer->flush(context()));
  EXPECT_EQ(second.chunks, first.chunks);
  EXPECT_EQ(store_.objects, objects);
  EXPECT_EQ(writer->stats().bytes_new, 0U);
}

TEST_F(ChunkWriterTest, StoresOnlyWhatChanged) {
  auto content = wordy_bytes(8'000'000, 1);
  back_up(content);
  content[4'000'000] ^= 1U;
  const auto writer = begin();
  const auto stored = *add(*writer, content);
  ASSERT_TRUE(writer->flush(context()));
  EXPECT_LE(writer->stats().bytes_new, 2U << 20U);
  EXPECT_TRUE(assemble(stored) == content);
}

TEST_F(ChunkWriterTest, NamesExactlyTheSegmentsThatTheSnapshotUses) {
  const auto content = wordy_bytes(3'000'000, 1);
  const auto other = wordy_bytes(3'000'000, 2);
  auto writer = begin();
  const auto kept = *add(*writer, content);
  ASSERT_TRUE(add(*writer, other));
  ASSERT_TRUE(writer->flush(context()));
  const auto all = used(*writer);

  writer = begin();
  EXPECT_TRUE(writer->reuse(kept.chunks));
  const auto some = used(*writer);
  EXPECT_LT(some.size(), all.size());
  EXPECT_GE(some.size(), all.size() / 3);
  for (const auto& segment : some) EXPECT_EQ(std::ranges::count(all, segment), 1);
}

TEST_F(ChunkWriterTest, ReusesOnlyListsThatAreWhollyThere) {
  const auto stored = back_up(wordy_bytes(3'000'000, 1));
  const auto writer = begin();
  EXPECT_TRUE(writer->reuse(stored.chunks));
  auto chunks = stored.chunks;
  chunks.back().id.bytes[0] ^= 1U;
  EXPECT_FALSE(writer->reuse(chunks));
  EXPECT_TRUE(writer->reuse({}));
}

TEST_F(ChunkWriterTest, DoesNotReferToPacksOfAnotherWriter) {
  const auto content = wordy_bytes(500'000, 1);
  const auto stored = back_up(content);
  SeededRandom random(99);
  keys_ = test_keys(random);
  const auto writer = begin();
  EXPECT_FALSE(writer->reuse(stored.chunks));
  ASSERT_TRUE(add(*writer, content));
  EXPECT_EQ(writer->stats().bytes_new, content.size());
}

TEST_F(ChunkWriterTest, DoesNotReferToWhatACollectionLists) {
  const auto content = wordy_bytes(500'000, 1);
  const auto stored = back_up(content);
  const auto pack = *PackName::from_hex(store_.keys("packs/")[0].substr(9));
  EXPECT_FALSE(begin({.packs = {pack}, .segments = {}})->reuse(stored.chunks));
  const auto writer = begin();
  ASSERT_TRUE(writer->reuse(stored.chunks));
  const auto [birth, number] = used(*writer)[0];
  EXPECT_FALSE(begin({.packs = {}, .segments = {{birth, number}}})->reuse(stored.chunks));
  EXPECT_TRUE(begin({.packs = {}, .segments = {{birth, 999}}})->reuse(stored.chunks));
}

TEST_F(ChunkWriterTest, TakesStreamsFromSeveralThreads) {
  store_.pack_size = 300'000;
  std::vector<Bytes> contents;
  for (std::uint64_t i = 0; i < 40; ++i)
    contents.push_back(wordy_bytes(1000 + i * i * 3000, i % 30));
  const auto writer = begin();
  std::vector<StoredStream> stored(contents.size());
  {
    std::vector<std::jthread> threads;
    std::atomic<std::size_t> next = 0;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (auto i = next++; i < contents.size(); i = next++)
          stored[i] = *add(*writer, contents[i], Profile::db_stream);
      });
  }
  ASSERT_TRUE(writer->flush(context()));
  const auto chunks = all_chunks();
  for (std::size_t i = 0; i < contents.size(); ++i)
    EXPECT_TRUE(assemble(stored[i], chunks) == contents[i]) << i;
  EXPECT_GT(writer->stats().packs, 10U);
  EXPECT_LE(writer->lanes(), 4U);
}

TEST_F(ChunkWriterTest, TakesContentPieceByPiece) {
  const auto content = wordy_bytes(3'000'000, 4);
  const auto writer = begin();
  const auto stream = writer->open_stream({Profile::db_stream, 0, 0});
  for (std::size_t at = 0; at < content.size(); at += 777'777) {
    const auto piece = ByteView(content).subspan(at, std::min(777'777UL, content.size() - at));
    ASSERT_TRUE(stream->write(piece, context()));
  }
  const auto stored = *stream->finish(context());
  const auto again = *add(*writer, content, Profile::db_stream);
  EXPECT_EQ(stored.chunks, again.chunks) << "pieces do not matter";
  EXPECT_TRUE(writer->open_stream({})->finish(context())->chunks.empty());
  ASSERT_TRUE(writer->flush(context()));
  EXPECT_TRUE(assemble(stored) == content);
}

TEST_F(ChunkWriterTest, KeepsMemoryBoundedOverALongStream) {
  options_.workers = 2;
  store_.pack_size = 1U << 20U;
  const auto writer = begin();
  EndlessText text(60U << 20U);
  ASSERT_TRUE(writer->add_stream({Profile::tree, 0, 60U << 20U}, text, context()));
  EXPECT_LE(writer->lanes(), 2U);
  EXPECT_EQ(writer->stats().bytes_read, 60U << 20U);
}

TEST_F(ChunkWriterTest, StaysUsableWhenContentCannotBeRead) {
  const auto content = wordy_bytes(3'000'000, 1);
  const auto writer = begin();
  TornReader torn(content);
  torn.fails_after = 2'000'000;
  const auto failed = writer->add_stream({Profile::tree, 0, content.size()}, torn, context());
  EXPECT_EQ(failed.error().code(), Code::source_unreadable);
  const auto stored = *add(*writer, content);
  ASSERT_TRUE(writer->flush(context()));
  EXPECT_TRUE(assemble(stored) == content);
}

TEST_F(ChunkWriterTest, EndsWhenItIsInterrupted) {
  const auto writer = begin();
  context_.stop.request_stop();
  EXPECT_EQ(add(*writer, Bytes(100, 1)).error().code(), Code::interrupted);
}

TEST_F(ChunkWriterTest, NeedsAKeyThatMayWrite) {
  keys_ = test_keys(context_.random, Role::collector);
  const auto writer = ChunkWriter::open(
      {store_, keys_, {}, Secret(sessions_.key), *open_index(), {}, options_, {}}, context());
  EXPECT_EQ(writer.error().code(), Code::wrong_key);
}

// Cuts the storage off at each put in turn; the next session must complete, storing nothing twice
// but the packs that were not whole.
TEST_F(ChunkWriterTest, TakesUpWhatACrashLeftAtEachPut) {
  store_.pack_size = 300'000;
  options_.workers = 1;
  const auto content = wordy_bytes(3'000'000, 1);
  for (int puts = 0;; ++puts) {
    store_.objects.clear();
    store_.puts_left = puts;
    bool failed = false;
    {
      const auto writer = begin();
      failed = !add(*writer, content) || !writer->flush(context());
    }
    store_.puts_left = -1;
    if (!failed) break;
    EXPECT_EQ(store_.keys("index/").size(), 0U);
    EXPECT_EQ(store_.keys("packs/").size(), static_cast<std::size_t>(puts));
    const auto writer = begin();
    const auto stored = *add(*writer, content);
    ASSERT_TRUE(writer->flush(context()));
    EXPECT_TRUE(assemble(stored) == content) << puts;
    const auto again = begin();
    EXPECT_TRUE(again->reuse(stored.chunks)) << "everything is in an index now";
    EXPECT_EQ(used(*again).size(), used(*writer).size());
  }
}

TEST_F(ChunkWriterTest, DoesNotTakeUpPacksThatACollectionListsOrThatHaveGone) {
  store_.pack_size = 300'000;
  const auto content = wordy_bytes(3'000'000, 1);
  store_.puts_left = 4;
  {
    const auto writer = begin();
    EXPECT_FALSE(add(*writer, content) && writer->flush(context()));
  }
  store_.puts_left = -1;
  auto packs = store_.keys("packs/");
  ASSERT_EQ(packs.size(), 4U);
  store_.objects.erase(packs[0]);
  store_.objects[packs[1]][5'000] ^= 1U;
  store_.objects[packs[2]].resize(1000);
  const auto writer = begin({.packs = {*PackName::from_hex(packs[3].substr(9))}, .segments = {}});
  ASSERT_TRUE(add(*writer, content));
  EXPECT_GT(writer->stats().bytes_new, content.size() * 7 / 10);
  EXPECT_LT(writer->stats().bytes_new, content.size());
}

}  // namespace
}  // namespace lifeboat::repository
