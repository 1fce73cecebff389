#include "repository/index_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

ChunkId chunk_id(std::uint64_t number) {
  ChunkId id;
  SeededRandom(number + 1).fill(id.bytes);
  return id;
}

// One pack of `count` chunks, counted from `first`, two to a segment.
PackDirectory directory_of(std::uint8_t salt, std::uint64_t first, std::uint64_t count) {
  PackDirectory directory;
  directory.births.push_back({{{salt}}, {{{1}}, 1}, {{salt}}});
  for (std::uint64_t i = 0; i < count; i += 2) {
    PackSegment segment;
    segment.shape = {static_cast<std::uint32_t>(i / 2), 116, 100, Method::stored};
    segment.offset = static_cast<std::uint32_t>(directory.end());
    segment.first_id = static_cast<std::uint32_t>(directory.ids.size());
    segment.chunks = 2;
    directory.segments.push_back(segment);
    directory.ids.push_back(chunk_id(first + i));
    directory.ids.push_back(chunk_id(first + i + 1));
  }
  return directory;
}

class IndexTableTest : public testing::Test {
 protected:
  IndexTableTest() : scratch_(*ScratchDirectory::make()) {}

  // An index object of one pack; its name and the pack's begin with `number`.
  IndexName add(std::uint8_t number, const PackDirectory& directory, bool trusted = true) {
    IndexText text;
    const auto plain = encode_directory(directory);
    text.add({pack_name(number), directory.end() + 200, plain, {{1}}});
    const IndexName name{{number}};
    objects_[name] = {to_bytes(text.bytes()), trusted};
    return name;
  }
  static PackName pack_name(std::uint8_t number) { return {{number}}; }

  Result<std::shared_ptr<const IndexTable>> open() {
    IndexTable::Request request;
    request.cache = cache_;
    request.owner = {{1}};
    for (const auto& [name, object] : objects_) request.objects.push_back(name);
    request.verified = verified_;
    request.load = [this](const IndexName& name) -> Result<std::optional<LoadedIndex>> {
      ++loads_;
      return objects_.at(name);
    };
    loads_ = 0;
    return IndexTable::open(request);
  }

  // The packs that hold the chunk, in the order of the table.
  std::vector<PackName> packs_of(const IndexTable& table, const ChunkId& id) {
    std::vector<PackName> names;
    const auto range = *table.find(id);
    for (auto at = range.first; at < range.last; ++at) {
      const auto place = *table.place(at);
      names.push_back(table.pack(table.segment(place.segment)->pack)->name);
    }
    return names;
  }
  void damage(std::uintmax_t offset) {
    const auto path = cache_ / "index-table";
    auto bytes = *read_file(path);
    bytes[offset] ^= 1U;
    ASSERT_TRUE(write_file(path, bytes));
  }

  ScratchDirectory scratch_;
  fs::path cache_ = scratch_.path() / "cache";
  std::map<IndexName, LoadedIndex> objects_;
  std::vector<IndexName> verified_;
  int loads_ = 0;
};

TEST_F(IndexTableTest, IsEmptyForAnEmptyRepository) {
  const auto table = open();
  ASSERT_TRUE(table) << table.error().describe();
  EXPECT_EQ((*table)->chunks(), 0U);
  EXPECT_TRUE((*table)->find(chunk_id(1))->empty());
}

TEST_F(IndexTableTest, FindsEveryChunkAndNoOther) {
  add(1, directory_of(1, 0, 3000));
  add(2, directory_of(2, 3000, 3000));
  const auto table = *open();
  EXPECT_EQ(table->chunks(), 6000U);
  EXPECT_EQ(table->segments(), 3000U);
  for (std::uint64_t i = 0; i < 6000; ++i) {
    const auto range = *table->find(chunk_id(i));
    ASSERT_EQ(range.last - range.first, 1U) << i;
    const auto place = *table->place(range.first);
    EXPECT_EQ(place.chunk, i % 2);
    const auto segment = *table->segment(place.segment);
    EXPECT_EQ(segment.shape.number, i % 3000 / 2);
    EXPECT_EQ(segment.offset, kPackHeader + i % 3000 / 2 * 116);
    EXPECT_EQ(table->birth(segment.birth)->salt.bytes[0], i / 3000 + 1);
    EXPECT_EQ(table->pack(segment.pack)->name, pack_name(static_cast<std::uint8_t>(i / 3000 + 1)));
  }
  for (std::uint64_t i = 6000; i < 9000; ++i) EXPECT_TRUE(table->find(chunk_id(i))->empty());
}

// Its checksums are right, and it says to hold more than it does.
TEST_F(IndexTableTest, ACacheThatSaysTooMuchIsMadeAgain) {
  add(1, directory_of(1, 0, 10));
  for (std::size_t section = 0; section < 5; ++section) {
    SCOPED_TRACE(section);
    ASSERT_TRUE(make_directories(cache_));
    const auto file = open_file(cache_ / "index-table", O_RDWR | O_CREAT | O_TRUNC);
    ASSERT_TRUE(file);
    std::array<Section, 5> sections{};
    sections.fill({1, 0});
    sections.at(section).records = UINT64_MAX;
    ByteWriter header;
    header.u64(2).raw(WriterId{{1}}.view());
    for (const auto& each : sections) header.u64(each.first_page).u64(each.records);
    ASSERT_TRUE(PagedWriter(file->get()).finish(header.bytes()));
    const auto table = open();
    ASSERT_TRUE(table) << table.error().describe();
    EXPECT_EQ((*table)->chunks(), 10U);
  }
}

TEST_F(IndexTableTest, KeepsAllPlacesOfAChunk) {
  add(1, directory_of(1, 0, 10));
  add(2, directory_of(2, 4, 10));
  const auto table = *open();
  EXPECT_EQ(packs_of(*table, chunk_id(1)), (std::vector{pack_name(1)}));
  EXPECT_EQ(packs_of(*table, chunk_id(5)), (std::vector{pack_name(1), pack_name(2)}));
}

TEST_F(IndexTableTest, IsTakenFromTheCacheTheSecondTime) {
  add(1, directory_of(1, 0, 100));
  ASSERT_TRUE(open());
  EXPECT_EQ(loads_, 1);
  const auto table = *open();
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(packs_of(*table, chunk_id(99)), (std::vector{pack_name(1)}));
}

TEST_F(IndexTableTest, ReadsOnlyNewObjectsAndKeepsTheNumbersOfSegments) {
  add(5, directory_of(5, 0, 1000));
  const auto first = *open();
  add(2, directory_of(2, 1000, 1000));
  const auto second = *open();
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(second->chunks(), 2000U);
  for (std::uint64_t i = 0; i < 1000; ++i)
    EXPECT_EQ(first->place(first->find(chunk_id(i))->first)->segment,
              second->place(second->find(chunk_id(i))->first)->segment);
  EXPECT_EQ(packs_of(*second, chunk_id(1500)), (std::vector{pack_name(2)}));
  EXPECT_EQ(first->chunks(), 1000U) << "the old table is still whole";
}

TEST_F(IndexTableTest, IsBuiltAnewWhenAnObjectHasGone) {
  const auto name = add(1, directory_of(1, 0, 100));
  add(2, directory_of(2, 100, 100));
  ASSERT_TRUE(open());
  objects_.erase(name);
  const auto table = *open();
  EXPECT_EQ(loads_, 1);
  EXPECT_TRUE(table->find(chunk_id(1))->empty());
  EXPECT_EQ(packs_of(*table, chunk_id(150)), (std::vector{pack_name(2)}));
}

TEST_F(IndexTableTest, IsBuiltAnewWhenAnyByteOfItIsDamaged) {
  add(1, directory_of(1, 0, 500));
  ASSERT_TRUE(open());
  const auto size = fs::file_size(cache_ / "index-table");
  for (std::uintmax_t offset = 0; offset < size; offset += 997) {
    if (offset >= 1064 && offset < kPageSize) continue;  // nothing is there
    damage(offset);
    const auto table = open();
    ASSERT_TRUE(table) << offset;
    EXPECT_EQ(loads_, 1) << offset;
    EXPECT_EQ(packs_of(**table, chunk_id(77)), (std::vector{pack_name(1)}));
  }
}

TEST_F(IndexTableTest, IsBuiltAnewWhenItIsTornOrAnotherWriters) {
  add(1, directory_of(1, 0, 500));
  ASSERT_TRUE(open());
  const auto size = fs::file_size(cache_ / "index-table");
  for (const auto torn : {std::uintmax_t{0}, std::uintmax_t{100}, size / 2, size - 1}) {
    fs::resize_file(cache_ / "index-table", torn);
    ASSERT_TRUE(open()) << torn;
    EXPECT_EQ(loads_, 1) << torn;
  }
}

TEST_F(IndexTableTest, WorksWithoutAWritableCache) {
  add(1, directory_of(1, 0, 100));
  cache_ = "/proc/nowhere";
  const auto table = open();
  ASSERT_TRUE(table) << table.error().describe();
  EXPECT_EQ(packs_of(**table, chunk_id(3)), (std::vector{pack_name(1)}));
}

TEST_F(IndexTableTest, ListsAPackOnceThoughSeveralObjectsDo) {
  const auto directory = directory_of(1, 0, 100);
  add(1, directory);
  objects_[{{9}}] = objects_[{{1}}];
  const auto table = *open();
  EXPECT_EQ(table->packs(), 1U);
  EXPECT_EQ(packs_of(*table, chunk_id(3)).size(), 1U);
}

TEST_F(IndexTableTest, LetsNoUntrustedListingHideATrustedOne) {
  const auto lie = directory_of(1, 500, 100);
  add(1, lie, false);
  IndexText text;
  const auto plain = encode_directory(directory_of(1, 0, 100));
  text.add({pack_name(1), directory_of(1, 0, 100).end() + 200, plain, {{1}}});
  objects_[{{9}}] = {to_bytes(text.bytes()), true};
  const auto table = *open();
  const auto range = *table->find(chunk_id(3));
  ASSERT_FALSE(range.empty());
  EXPECT_TRUE(table->pack(table->segment(table->place(range.first)->segment)->pack)->trusted);
  const auto lied = *table->find(chunk_id(503));
  ASSERT_FALSE(lied.empty());
  EXPECT_FALSE(table->pack(table->segment(table->place(lied.first)->segment)->pack)->trusted);
}

TEST_F(IndexTableTest, TrustsAnObjectThatAStatementVouchesForLater) {
  const auto name = add(1, directory_of(1, 0, 100), false);
  const auto trusted = [&](const IndexTable& table) {
    const auto range = *table.find(chunk_id(3));
    bool any = false;
    for (auto at = range.first; at < range.last; ++at)
      any = any || table.pack(table.segment(table.place(at)->segment)->pack)->trusted;
    return any;
  };
  EXPECT_FALSE(trusted(**open()));
  verified_.push_back(name);
  EXPECT_TRUE(trusted(**open()));
  EXPECT_EQ(loads_, 1);
  EXPECT_TRUE(trusted(**open()));
  EXPECT_EQ(loads_, 0);
}

TEST(IndexObject, OpensWhatItSealedAndNothingElse) {
  TestContext context;
  const auto keys = test_keys(context.random);
  IndexText text;
  const auto plain = encode_directory(directory_of(1, 0, 10));
  text.add({{{7}}, 5000, plain, {}});
  const auto object = *make_index_object(keys, text.bytes(), context.random);
  const auto opened = open_index_object(keys, object.name, object.bytes);
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_EQ(opened->signer.id, keys.writer);
  EXPECT_TRUE(std::ranges::equal(opened->plain, text.bytes()));
  EXPECT_FALSE(open_index_object(keys, {{1}}, object.bytes));
  for (std::size_t i = 0; i < object.bytes.size(); ++i) {
    auto bytes = object.bytes;
    bytes[i] ^= 4U;
    IndexName name;
    EXPECT_FALSE(open_index_object(keys, object.name, bytes)) << i;
    name.bytes = crypto::sha256(bytes).bytes;
    EXPECT_FALSE(open_index_object(keys, name, bytes)) << i;
  }
}

TEST(IndexObject, RefusesTornTextsAndImpossibleSizes) {
  IndexText text;
  const auto directory = directory_of(1, 0, 10);
  const auto plain = encode_directory(directory);
  const auto accept = [](const auto&, const auto&) { return Result<void>{}; };
  text.add({{{7}}, directory.end() + kPackTrailer - 1, plain, {}});
  EXPECT_FALSE(parse_index(text.bytes(), accept));
  text.clear();
  text.add({{{7}}, directory.end() + kPackTrailer, plain, {}});
  const auto whole = to_bytes(text.bytes());
  EXPECT_TRUE(parse_index(whole, accept));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_index(ByteView(whole).first(size), accept)) << size;
}

}  // namespace
}  // namespace lifeboat::repository
