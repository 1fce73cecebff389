#include "repository/index_object.h"
#include "repository/test_collection.h"
#include "repository/test_packs.h"

namespace lifeboat::repository {
namespace {

// What index objects and packs may say in the hands of a writer who lies about those of others.
class HostileWriter : public CollectionTest {
 protected:
  using Twist = std::function<void(PackListing&, PackDirectory&)>;

  void SetUp() override {
    CollectionTest::SetUp();
    victim_ = with_role(Role::writer, "victim");
    first_ = backed_up(*victim_, 1);
    backed_up(*victim_, 2);
    with_role(Role::writer, "hostile");
    keys_ = keys_in(place_, "hostile");
  }

  PackContents contents_of(const std::string& pack) {
    const auto medium = place_.medium();
    return *read_pack_directory(*medium, keys_, *parse_pack_key(pack));
  }
  // Several times, so that some of the lies are met before the truth.
  void lie(const Twist& twist) {
    for (int i = 0; i < 6; ++i) {
      IndexText text;
      for (const auto& key : place_.keys("packs/")) {
        auto contents = contents_of(key);
        PackListing pack{*parse_pack_key(key), contents.size, {}, keys_.writer};
        twist(pack, contents.directory);
        const auto directory = encode_directory(contents.directory);
        pack.directory = directory;
        text.add(pack);
      }
      publish(text);
    }
  }
  void publish(IndexText& text) {
    const auto object = make_index_object(keys_, text.bytes(), context().random);
    ASSERT_OK(object);
    ASSERT_OK(place_.store->put(index_key(object->name), object->bytes, context().clock.now()));
  }
  // Packs that claim to hold the victim's segments, with what this gives for the true bytes.
  void plant(const std::function<Bytes(ByteView)>& content) {
    for (const auto& key : place_.keys("packs/")) {
      const auto contents = contents_of(key);
      const auto whole = place_.object(key);
      PackBuilder builder(keys_, {keys_.writer, 1}, kMaxPack);
      builder.begin(context().random);
      for (const auto& segment : contents.directory.segments)
        builder.append(contents.directory.births[segment.birth], segment.shape,
                       content(ByteView(whole).subspan(segment.offset, segment.shape.stored)),
                       contents.directory.ids_of(segment));
      const auto pack = builder.finish(context().random);
      ASSERT_OK(pack);
      ASSERT_OK(place_.store->put(pack_key(pack->name), pack->bytes, context().clock.now()));
      IndexText text;
      text.add({pack->name, pack->bytes.size(), pack->directory, keys_.writer});
      publish(text);
    }
  }

  void expect_harm_to_nobody() {
    expect_all_living("lied to");
    expect_dedup();
    forget(first_);
    pruned();
    expect_all_living("pruned");
    expect_dedup();
    const auto report = admin_->check(CheckDepth::contents, context());
    ASSERT_OK(report);
    EXPECT_TRUE(report->damaged_snapshots.empty());
    // Nor after a reader, who saw it all, has told everybody what to trust.
    expect_dedup();
    expect_all_living("verified");
  }
  void expect_dedup() {
    const auto before = place_.bytes_of("packs/");
    const auto machine = place_.open("victim", std::to_string(living_.size()) + " snapshots");
    ASSERT_OK(machine);
    backed_up(**machine, 2);
    // What lay in sparse segments is stored afresh; the rest is not.
    EXPECT_LT(place_.bytes_of("packs/"), before + 10'000);
  }

  RepositoryPointer victim_;
  SnapshotId first_;
  RoleKeys keys_;
};

TEST_F(HostileWriter, WhoSaysNothingHarmsNobody) { expect_harm_to_nobody(); }

TEST_F(HostileWriter, WhoHidesChunksHarmsNobody) {
  lie([](PackListing&, PackDirectory& directory) {
    for (auto& id : directory.ids) id = ChunkId::from(random_bytes(32, id.bytes[0])).value();
  });
  expect_harm_to_nobody();
}

TEST_F(HostileWriter, WhoMixesChunksUpHarmsNobody) {
  lie([](PackListing& pack, PackDirectory& directory) {
    std::ranges::reverse(directory.ids);
    ++pack.size;
  });
  expect_harm_to_nobody();
}

TEST_F(HostileWriter, WhoClaimsAnotherOriginHarmsNobody) {
  lie([&](PackListing& pack, PackDirectory& directory) {
    pack.origin = victim_->writer();
    std::ranges::reverse(directory.ids);
  });
  expect_harm_to_nobody();
}

TEST_F(HostileWriter, WhoClaimsAnotherBirthHarmsNobody) {
  lie([](PackListing&, PackDirectory& directory) {
    for (auto& birth : directory.births) birth.commitment.bytes.fill(1);
  });
  lie([&](PackListing&, PackDirectory& directory) {
    for (auto& birth : directory.births) birth.session = {keys_.writer, 77};
  });
  expect_harm_to_nobody();
}

TEST_F(HostileWriter, WhoTellsTheTruthOfOthersPacksHarmsNobody) {
  lie([](PackListing&, PackDirectory&) {});
  expect_harm_to_nobody();
}

TEST_F(HostileWriter, WhoListsPacksThatAreNotThereHarmsNobody) {
  lie([](PackListing& pack, PackDirectory&) { pack.name.bytes[5] ^= 1U; });
  expect_harm_to_nobody();
}

TEST_F(HostileWriter, WhoPlantsGarbageUnderOthersBirthsHarmsNobody) {
  plant([](ByteView stored) { return random_bytes(stored.size(), 1); });
  expect_harm_to_nobody();
}

TEST_F(HostileWriter, WhoCopiesOthersSegmentsHarmsNobody) {
  plant([](ByteView stored) { return to_bytes(stored); });
  expect_harm_to_nobody();
}

}  // namespace
}  // namespace lifeboat::repository
