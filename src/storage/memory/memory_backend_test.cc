#include "storage/memory/memory_backend.h"

#include "contract/storage_contract.h"

namespace lifeboat::storage {
namespace {

struct MemoryPlace {
  std::unique_ptr<Backend> open() { return std::make_unique<MemoryBackend>(store, test.clock); }
  TestContext test;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StorageContract, MemoryPlace);

TEST(MemoryBackend, OneNameIsOneStoreForTheWholeProcess) {
  TestContext test;
  const auto open = [&](OpenMode mode) {
    return MemoryBackend::open("one-name", mode, test.clock);
  };
  EXPECT_EQ(open(OpenMode::existing).error().code(), Code::not_found);
  auto first = open(OpenMode::create);
  ASSERT_TRUE((*first)->put("a", view_of("x")));
  EXPECT_TRUE((*open(OpenMode::existing))->stat("a"));
  EXPECT_EQ(open(OpenMode::create).error().code(), Code::exists);
  ASSERT_TRUE((*first)->remove("a"));
  EXPECT_TRUE(open(OpenMode::create));
}

TEST(MemoryBackend, TellsTheInjectedClocksTime) {
  MemoryPlace place;
  const auto backend = place.open();
  place.test.clock.advance(std::chrono::hours(5));
  ASSERT_TRUE(backend->put("a", view_of("x")));
  EXPECT_EQ(backend->stat("a")->stored_at, place.test.clock.now());
}

}  // namespace
}  // namespace lifeboat::storage
