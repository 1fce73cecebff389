#include "engine/mongodb/gridfs.h"

#include <gmock/gmock.h>

#include "base/json_value.h"
#include "engine/mongodb/test_catalog.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_gridfs.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::chunk_of;
using ::testing::ElementsAre;
using testing::file_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Catalog catalog_with(const std::vector<std::string>& names) {
  Catalog catalog{"shop", {}};
  for (const auto& name : names) catalog.collections.push_back(with_options(name, "{}"));
  return catalog;
}

// Chunks come before files, and in any order.
Json noticed(const std::vector<Bytes>& files, const std::vector<Bytes>& chunks) {
  const auto gridfs = GridFs::begin(catalog_with({"fs.chunks", "fs.files"}));
  EXPECT_TRUE(gridfs) << failure_of(gridfs);
  for (const auto& each : chunks) EXPECT_TRUE(gridfs->watch("fs.chunks")(view_document(each)));
  for (const auto& each : files) EXPECT_TRUE(gridfs->watch("fs.files")(view_document(each)));
  const auto facts = gridfs->finish();
  EXPECT_TRUE(facts) << failure_of(facts);
  return facts.value_or(Json{});
}

// A file of 7 chunks, of which the last is not full, and one of one chunk.
const std::vector<Bytes> kFiles{file_of(1, "plan.pdf", 65, 10), file_of(2, "logo.png", 4, 10)};
std::vector<Bytes> whole_chunks() {
  std::vector<Bytes> chunks{chunk_of(2, 0, 4)};
  for (std::int32_t n = 6; n >= 0; --n) chunks.push_back(chunk_of(1, n, n == 6 ? 5 : 10));
  return chunks;
}

TEST(GridFs, FindsFilesWholeWhoseChunksAreAllThereInWhateverOrder) {
  EXPECT_EQ(noticed(kFiles, whole_chunks()), Json({{"fs",
                                                    {{"files", 2},
                                                     {"chunks", 8},
                                                     {"damaged", 0},
                                                     {"orphans", 0},
                                                     {"first", Json::array()}}}}));
}

struct BrokenFile {
  std::function<void(std::vector<Bytes>&)> plant;
  std::string said;
};

TEST(GridFs, NamesTheChunkThatIsMissingDoubledOrOfAnotherSize) {
  // whole_chunks() has n = 6 of the first file at 1, and n = 0 at 7.
  const std::vector<BrokenFile> all{
      {[](auto& chunks) { chunks.erase(chunks.begin() + 4); }, "chunk n=3 of 7 is missing"},
      {[](auto& chunks) { chunks.erase(chunks.begin() + 7); }, "chunk n=0 of 7 is missing"},
      {[](auto& chunks) { chunks.erase(chunks.begin() + 1); }, "chunk n=6 of 7 is missing"},
      {[](auto& chunks) { chunks.push_back(chunk_of(1, 3, 10)); }, "chunk n=3 of 7 is there twice"},
      {[](auto& chunks) { chunks.push_back(chunk_of(1, 7, 1)); }, "which is one too many"},
      {[](auto& chunks) { chunks.push_back(chunk_of(1, -1, 10)); }, "which is one too many"},
      {[](auto& chunks) { chunks[4] = chunk_of(1, 3, 9); },
       "chunk n=3 of 7 holds 9 bytes instead of 10"},
      {[](auto& chunks) { chunks[1] = chunk_of(1, 6, 10); },
       "chunk n=6 of 7 holds 10 bytes instead of 5"}};
  for (const auto& each : all) {
    auto chunks = whole_chunks();
    each.plant(chunks);
    const auto facts = noticed(kFiles, chunks);
    EXPECT_EQ(facts["fs"]["damaged"], 1) << each.said;
    EXPECT_EQ(facts["fs"]["first"].size(), 1U);
    EXPECT_THAT(facts["fs"]["first"][0].get<std::string>(), HasSubstr("file \"plan.pdf\": "));
    EXPECT_THAT(facts["fs"]["first"][0].get<std::string>(), HasSubstr(each.said));
  }
}

TEST(GridFs, CountsChunksOfNoFileAndTakesNoFileForDamagedByThem) {
  auto chunks = whole_chunks();
  chunks.push_back(chunk_of(3, 0, 10));
  chunks.push_back(bson_of(R"({"_id": 77, "note": "no chunk at all"})"));
  const auto facts = noticed(kFiles, chunks);
  EXPECT_EQ(facts["fs"]["orphans"], 2);
  EXPECT_EQ(facts["fs"]["damaged"], 0);
}

TEST(GridFs, TakesAnEmptyFileWithAndWithoutAnEmptyChunk) {
  const auto empty = file_of(1, "empty", 0, 10);
  EXPECT_EQ(noticed({empty}, {})["fs"]["damaged"], 0);
  EXPECT_EQ(noticed({empty}, {chunk_of(1, 0, 0)})["fs"]["damaged"], 0);
  EXPECT_EQ(noticed({empty}, {chunk_of(1, 0, 1)})["fs"]["damaged"], 1);
}

TEST(GridFs, IsNotMisledByWhatAHostileServerSaysOfAFile) {
  const auto most = std::numeric_limits<std::int64_t>::max();
  const auto facts = noticed({file_of(1, "huge", most, 1), file_of(2, "negative", -1, 10),
                              file_of(3, "none", 10, 0), bson_of(R"({"_id": 4})")},
                             {chunk_of(1, 0, 1)});
  EXPECT_EQ(facts["fs"]["damaged"], 4);
  EXPECT_THAT(facts["fs"]["first"][0].get<std::string>(), HasSubstr("chunk n=1 of 92233720"));
  EXPECT_THAT(facts["fs"]["first"][1].get<std::string>(), HasSubstr("no length or no size"));
  EXPECT_THAT(facts["fs"]["first"][3].get<std::string>(), HasSubstr("file 4: "));
}

TEST(GridFs, NamesTheFirstDamagedFilesAndCountsAll) {
  std::vector<Bytes> files;
  for (std::int32_t i = 0; i < 50; ++i) files.push_back(file_of(i, "f", 10, 10));
  const auto facts = noticed(files, {});
  EXPECT_EQ(facts["fs"]["damaged"], 50);
  EXPECT_EQ(facts["fs"]["first"].size(), 20U);
}

TEST(GridFs, LeavesCollectionsAloneThatOnlyAreCalledSo) {
  EXPECT_THAT(noticed({bson_of(R"({"_id": 1, "path": "a"})")}, {bson_of(R"({"_id": 1, "n": 2})")}),
              IsEmpty());
  const auto gridfs = GridFs::begin(catalog_with({"files", "chunks", "orders"}));
  ASSERT_TRUE(gridfs);
  for (const auto* name : {"files", "chunks", "orders"}) EXPECT_FALSE(gridfs->watch(name));
  EXPECT_THAT(gridfs->finish().value(), IsEmpty());
}

class GridFsBackup : public testing::ShopTest {
 protected:
  void upload() const {
    live().insert("fs.files", kFiles);
    live().insert("fs.chunks", whole_chunks());
  }
  static std::vector<std::string> codes(const contract::Capture& capture) {
    std::vector<std::string> codes;
    for (const auto& each : capture.outcome.findings) codes.push_back(each.code);
    return codes;
  }
};

TEST_F(GridFsBackup, RecordsThatAllFilesAreWholeAndSaysNothing) {
  upload();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_THAT(codes(*captured), ElementsAre("consistency-per-collection"));
  const auto& recorded = captured->outcome.facts["gridfs"];
  EXPECT_EQ(recorded["fs"]["chunks"], 8);
  EXPECT_EQ(recorded["fs"]["damaged"], 0);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(restored_facts().value()["gridfs"], recorded);
}

TEST_F(GridFsBackup, WarnsOfAHoleThatWasThereBefore) {
  upload();
  live().remove_one("fs.chunks", testing::id_of_chunk(1, 3));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_THAT(codes(*captured), ElementsAre("gridfs-damaged", "consistency-per-collection"));
  const auto& finding = captured->outcome.findings[0];
  EXPECT_FALSE(finding.incomplete);
  EXPECT_THAT(finding.message,
              HasSubstr("1 of the 2 files in GridFS fs are not whole; first file \"plan.pdf\": "
                        "chunk n=3 of 7 is missing"));
}

TEST_F(GridFsBackup, FindsAHoleThatWasMadeInWhatWasRestored) {
  upload();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  restored().remove_one("fs.chunks", testing::id_of_chunk(2, 0));
  EXPECT_EQ(restored_facts().value()["gridfs"]["fs"]["damaged"], 1);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
