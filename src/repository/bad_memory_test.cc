// A bit that changed in a chunk after it got its id, and was sealed like that: the seal and the
// pack are whole, and yet nobody gets the wrong bytes.
#include "repository/index_object.h"
#include "repository/segment_opener.h"
#include "repository/session.h"
#include "repository/test_collection.h"
#include "repository/test_packs.h"

namespace lifeboat::repository {
namespace {

class BadMemory : public CollectionTest {
 protected:
  void SetUp() override {
    CollectionTest::SetUp();
    id_ = backed_up(*admin_, 1);
    store_.backend = place_.medium();
    store_.config = *parse_config(place_.object("config"));
    store_.keys = keys_in(place_, "admin");
  }

  // Packs and indexes as a machine writes them that changes this byte of the first chunk.
  void store_again(std::uint8_t change) {
    const auto packs = place_.keys("packs/");
    const auto indexes = place_.keys("index/");
    IndexText text;
    for (const auto& key : packs) store_pack_again(key, change, text);
    const auto index = make_index_object(store_.keys, text.bytes(), context().random);
    ASSERT_OK(index);
    place_.replace(index_key(index->name), index->bytes);
    for (const auto& key : packs) place_.store->remove(key);
    for (const auto& key : indexes) place_.store->remove(key);
  }
  void store_pack_again(const std::string& key, std::uint8_t change, IndexText& text) {
    const auto bytes = place_.object(key);
    const auto pack = open_pack(store_.keys, *parse_pack_key(key), bytes);
    ASSERT_OK(pack);
    PackBuilder builder(store_.keys, pack->trailer.session, kMaxPack);
    builder.begin(context().random);
    for (const auto& segment : pack->directory.segments) {
      const auto& birth = pack->directory.births[segment.birth];
      const auto stored = ByteView(bytes).subspan(segment.offset, segment.shape.stored);
      const auto sealed = seal_again(birth, segment.shape, stored, change);
      builder.append(birth, sealed.first, sealed.second, pack->directory.ids_of(segment));
    }
    const auto made = builder.finish(context().random);
    ASSERT_OK(made);
    place_.replace(pack_key(made->name), made->bytes);
    text.add({made->name, made->bytes.size(), made->directory, store_.keys.writer});
  }
  std::pair<SegmentShape, Bytes> seal_again(const PackBirth& birth, SegmentShape shape,
                                            ByteView stored, std::uint8_t change) {
    SessionRing ring(store_);
    SegmentOpener opener(store_.keys.repository, ring);
    EXPECT_TRUE(opener.open(birth, shape, stored));
    auto raw = opener.take_raw();
    raw[raw.size() / 2] ^= change;
    shape.method = Method::stored;
    shape.raw = static_cast<std::uint32_t>(raw.size());
    shape.stored = shape.raw + 16;
    SegmentKey key(store_.keys.repository, (*ring.find(birth.session))->view(), birth.salt);
    Bytes sealed;
    key.seal(shape, raw, sealed);
    return {shape, sealed};
  }
  Result<Contents> read_by_a_stranger() {
    const auto stranger = TRY(place_.open("admin", "a machine that knows nothing"));
    return read_back(*stranger, id_, context());
  }

  Store store_;
  SnapshotId id_;
};

TEST_F(BadMemory, IsNotMistakenForGood) {
  store_again(0);
  expect_all_living("stored again");
  expect_no_damage();
}

TEST_F(BadMemory, GivesNobodyAWrongByte) {
  store_again(1);
  EXPECT_CODE(read_by_a_stranger(), Code::damage_found);
}

TEST_F(BadMemory, IsFoundByTheCheckOfContents) {
  store_again(1);
  const auto machine = place_.open("admin", "verifier");
  ASSERT_OK(machine);
  const auto report = (*machine)->check(CheckDepth::contents, context());
  ASSERT_OK(report);
  EXPECT_FALSE(report->findings.empty());
  EXPECT_EQ(report->damaged_snapshots, std::vector{id_.hex()});
}

}  // namespace
}  // namespace lifeboat::repository
