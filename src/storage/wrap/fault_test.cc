#include "storage/wrap/fault.h"

#include <bit>

#include "contract/storage_contract.h"
#include "storage/memory/memory_backend.h"

namespace lifeboat::storage {
namespace {

struct FaultPlace {
  std::unique_ptr<Backend> open() {
    return std::make_unique<FaultBackend>(std::make_unique<MemoryBackend>(store, test.clock),
                                          script);
  }
  TestContext test;
  FaultScript script;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fault, StorageContract, FaultPlace);

class Faults : public testing::Test {
 protected:
  FaultBackend& plan(std::vector<Fault> faults) {
    place_.script.faults = std::move(faults);
    backend_ = place_.open();
    return static_cast<FaultBackend&>(*backend_);
  }
  bool is_there(const Key& key) const { return place_.store->find(key).has_value(); }
  static Code code_of(const Result<void>& result) {
    return result ? Code::internal : result.error().code();
  }
  FaultPlace place_;
  std::unique_ptr<Backend> backend_;
};

TEST_F(Faults, BeforeNothingIsDoneAndAfterAllIs) {
  auto& backend =
      plan({{.kind = FaultKind::fail_before, .at = 1}, {.kind = FaultKind::fail_after, .at = 2}});
  EXPECT_EQ(code_of(backend.put("a", view_of("x"))), Code::unavailable);
  EXPECT_FALSE(is_there("a"));
  EXPECT_TRUE(backend.put("b", view_of("x")).error().retryable());
  EXPECT_TRUE(is_there("b"));
  EXPECT_TRUE(backend.put("c", view_of("x")));
  EXPECT_EQ(backend.happened(),
            (std::vector<std::string>{"put a: fail_before", "put b: fail_after"}));
}

TEST_F(Faults, ChooseByCallPrefixAndCount) {
  auto& backend = plan(
      {{.kind = FaultKind::io_error, .call = Call::put, .prefix = "packs/", .at = 2, .times = 2}});
  EXPECT_TRUE(backend.put("packs/1", view_of("x")));
  EXPECT_TRUE(backend.put("index/1", view_of("x")));
  EXPECT_TRUE(backend.stat("packs/1"));
  EXPECT_EQ(code_of(backend.put("packs/2", view_of("x"))), Code::io_error);
  EXPECT_EQ(code_of(backend.put("packs/3", view_of("x"))), Code::io_error);
  EXPECT_TRUE(backend.put("packs/4", view_of("x")));
  EXPECT_EQ(backend.calls(Call::put), 5U);
  EXPECT_EQ(backend.calls(), 6U);
}

TEST_F(Faults, OfAReadOnlyMediumRefuseWhatWouldChangeIt) {
  auto& backend = plan({{.kind = FaultKind::read_only, .at = 2, .times = UINT64_MAX}});
  EXPECT_TRUE(backend.put("a", view_of("x")));
  EXPECT_EQ(code_of(backend.put("b", view_of("x"))), Code::permission_denied);
  EXPECT_EQ(code_of(backend.remove("a")), Code::permission_denied);
  EXPECT_TRUE(backend.stat("a"));
  EXPECT_FALSE(is_there("b"));
}

TEST_F(Faults, ABitThatFlipsOnItsWayIsStoredAndNobodyIsTold) {
  auto& backend = plan({{.kind = FaultKind::flip_sent, .at = 1}});
  EXPECT_TRUE(backend.put("a", view_of("text")));
  EXPECT_TRUE(backend.put("b", view_of("text")));
  int bits = 0;
  const auto& stored = *place_.store->find("a")->bytes;
  for (std::size_t i = 0; i < stored.size(); ++i)
    bits += std::popcount(static_cast<unsigned>(stored[i] ^ view_of("text")[i]));
  EXPECT_EQ(bits, 1);
  EXPECT_EQ(to_text(*place_.store->find("b")->bytes), "text");
}

TEST_F(Faults, TheSameSeedMakesTheSameFaults) {
  const std::vector<Fault> some{{.kind = FaultKind::fail_before, .probability = 0.3, .times = 999}};
  const auto run = [&](std::uint64_t seed) {
    place_.script.seed = seed;
    auto& backend = plan(some);
    for (int number = 0; number < 100; ++number) (void)backend.stat("k/" + std::to_string(number));
    return backend.happened();
  };
  const auto first = run(7);
  EXPECT_GT(first.size(), 15U);
  EXPECT_LT(first.size(), 45U);
  EXPECT_EQ(run(7), first);
  EXPECT_NE(run(8), first);
}

TEST_F(Faults, ATimeOutIsSometimesDoneAndSometimesNot) {
  auto& backend = plan({{.kind = FaultKind::time_out, .at = 1, .times = 100}});
  int done = 0;
  for (int number = 0; number < 100; ++number) {
    const auto key = "k/" + std::to_string(number);
    EXPECT_EQ(code_of(backend.put(key, view_of("x"))), Code::timed_out);
    if (is_there(key)) ++done;
  }
  EXPECT_GT(done, 20);
  EXPECT_LT(done, 80);
}

TEST_F(Faults, ATornWriteIsInvisibleOnAnAtomicMediumAndAPartOnAnother) {
  const std::vector<Fault> torn{{.kind = FaultKind::torn_write, .at = 1}};
  EXPECT_EQ(code_of(plan(torn).put("a", Bytes(1000, 7))), Code::unavailable);
  EXPECT_FALSE(is_there("a"));
  place_.script.atomic = false;
  EXPECT_EQ(code_of(plan(torn).put("b", Bytes(1000, 7))), Code::unavailable);
  ASSERT_TRUE(is_there("b"));
  EXPECT_LT(place_.store->find("b")->bytes->size(), 1000U);
}

TEST_F(Faults, AFlippedBitIsOneBitOfWhatWasRead) {
  auto& backend = plan({{.kind = FaultKind::flip_bit, .at = 1}});
  ASSERT_TRUE(backend.put("a", Bytes(100, 0)));
  Bytes into;
  ASSERT_TRUE(backend.get("a", {}, into));
  int ones = 0;
  for (const auto byte : into) ones += __builtin_popcount(byte);
  EXPECT_EQ(ones, 1);
  ASSERT_TRUE(backend.get("a", {}, into));
  EXPECT_EQ(into, Bytes(100, 0));
}

TEST_F(Faults, AStaleListLacksTheNewestPutsOnly) {
  auto& backend = plan({{.kind = FaultKind::stale_list, .at = 1}});
  for (int number = 0; number < 9; ++number)
    ASSERT_TRUE(backend.put(std::to_string(number), view_of("x")));
  const auto list = [&] {
    std::set<Key> keys;
    EXPECT_TRUE(backend.list("", [&](const ObjectInfo& info) -> Result<void> {
      keys.insert(info.key);
      return {};
    }));
    return keys;
  };
  const auto stale = list();
  EXPECT_GE(stale.size(), 6U);
  EXPECT_FALSE(stale.contains("8"));
  EXPECT_TRUE(stale.contains("5"));
  EXPECT_EQ(list().size(), 9U);
}

TEST_F(Faults, AfterAKillEveryCallFails) {
  int kills = 0;
  place_.script.on_kill = [&] { ++kills; };
  auto& backend = plan({{.kind = FaultKind::kill_after, .call = Call::put, .at = 2}});
  EXPECT_TRUE(backend.put("a", view_of("x")));
  EXPECT_FALSE(backend.put("b", view_of("x")).error().retryable());
  EXPECT_EQ(kills, 1);
  EXPECT_TRUE(is_there("b"));
  EXPECT_EQ(code_of(backend.put("c", view_of("x"))), Code::unavailable);
  EXPECT_EQ(code_of(backend.remove("a")), Code::unavailable);
  EXPECT_FALSE(is_there("c"));
  EXPECT_TRUE(is_there("a"));
}

TEST_F(Faults, AKillBeforeLeavesTheMediumAsItWas) {
  auto& backend = plan({{.kind = FaultKind::kill_before, .call = Call::remove, .at = 1}});
  ASSERT_TRUE(backend.put("a", view_of("x")));
  EXPECT_FALSE(backend.remove("a"));
  EXPECT_TRUE(is_there("a"));
}

TEST_F(Faults, ACrashLosesExactlyWhatWasNotAcknowledged) {
  auto& backend = plan({{.kind = FaultKind::fail_after, .prefix = "lost/", .at = 1, .times = 99}});
  ASSERT_TRUE(backend.put("kept", view_of("x")));
  EXPECT_FALSE(backend.put("lost/a", view_of("x")));
  EXPECT_FALSE(backend.put("lost/a", view_of("x")));
  EXPECT_TRUE(is_there("lost/a"));
  ASSERT_TRUE(backend.crash());
  EXPECT_TRUE(is_there("kept"));
  EXPECT_FALSE(is_there("lost/a"));
}

TEST_F(Faults, ACrashBringsBackWhatWasRemovedWithoutAcknowledgement) {
  auto& backend = plan({{.kind = FaultKind::fail_after, .call = Call::remove, .at = 1}});
  ASSERT_TRUE(backend.put("a", view_of("old")));
  EXPECT_FALSE(backend.remove("a"));
  EXPECT_FALSE(is_there("a"));
  ASSERT_TRUE(backend.crash());
  ASSERT_TRUE(is_there("a"));
  EXPECT_EQ(to_text(*place_.store->find("a")->bytes), "old");
}

TEST_F(Faults, ARetriedAndAcknowledgedPutSurvivesTheCrash) {
  auto& backend = plan({{.kind = FaultKind::fail_after, .at = 1}});
  EXPECT_FALSE(backend.put("a", view_of("x")));
  EXPECT_TRUE(backend.put("a", view_of("x")));
  ASSERT_TRUE(backend.crash());
  EXPECT_TRUE(is_there("a"));
}

}  // namespace
}  // namespace lifeboat::storage
