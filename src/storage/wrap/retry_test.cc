#include "storage/wrap/retry.h"

#include "contract/storage_contract.h"
#include "storage/memory/memory_backend.h"
#include "storage/wrap/fault.h"

namespace lifeboat::storage {
namespace {

// Retry around faults around memory, all opened again on one store.
struct RetryPlace {
  std::unique_ptr<Backend> open() {
    auto inner =
        std::make_unique<FaultBackend>(std::make_unique<MemoryBackend>(store, test.clock), script);
    faults = inner.get();
    return std::make_unique<RetryBackend>(std::move(inner), limits, test.clock, test.random);
  }
  TestContext test;
  RetryLimits limits;
  FaultScript script;
  FaultBackend* faults = nullptr;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
};
INSTANTIATE_TYPED_TEST_SUITE_P(Retry, StorageContract, RetryPlace);

// One lost answer for every third call and more: with retries nobody above may notice.
struct UnreliablePlace : RetryPlace {
  UnreliablePlace() {
    constexpr auto kAlways = UINT64_MAX;
    limits.retries = 60;
    limits.first_wait = Duration(0);
    script.faults = {{.kind = FaultKind::fail_after, .probability = 0.3, .times = kAlways},
                     {.kind = FaultKind::time_out, .probability = 0.2, .times = kAlways},
                     {.kind = FaultKind::fail_before, .probability = 0.2, .times = kAlways}};
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(RetryOverFaults, StorageContract, UnreliablePlace);

class Retry : public testing::Test {
 protected:
  Duration waited() const { return place_.test.clock.steady(); }
  void plan(std::vector<Fault> faults) {
    place_.script.faults = std::move(faults);
    backend_ = place_.open();
  }
  RetryPlace place_;
  std::unique_ptr<Backend> backend_ = place_.open();
};

TEST_F(Retry, APutWhoseAnswerWasLostSucceeds) {
  plan({{.kind = FaultKind::fail_after, .at = 1}});
  EXPECT_TRUE(backend_->put("a", view_of("x")));
  EXPECT_EQ(place_.faults->calls(Call::put), 2U);
}

TEST_F(Retry, WhatIsNotRetryableIsReturnedAtOnce) {
  plan({{.kind = FaultKind::no_space, .at = 1}});
  EXPECT_EQ(backend_->put("a", view_of("x")).error().code(), Code::no_space);
  EXPECT_EQ(place_.faults->calls(), 1U);
  EXPECT_EQ(waited(), Duration(0));
}

TEST_F(Retry, GivesUpAfterItsRetriesWithTheLastError) {
  plan({{.kind = FaultKind::fail_before, .at = 1, .times = 100}});
  Bytes into;
  EXPECT_EQ(backend_->get("a", {}, into).error().code(), Code::unavailable);
  EXPECT_EQ(place_.faults->calls(), 6U);
}

TEST_F(Retry, WaitsTwiceAsLongEachTimeWithJitterAndALimit) {
  using namespace std::chrono_literals;
  place_.limits = {.retries = 5, .first_wait = 1s, .longest_wait = 4s};
  plan({{.kind = FaultKind::fail_before, .at = 1, .times = 100}});
  EXPECT_FALSE(backend_->remove("a"));
  EXPECT_GE(waited(), (1s + 2s + 4s + 4s + 4s) / 2);
  EXPECT_LE(waited(), 1s + 2s + 4s + 4s + 4s);
}

TEST_F(Retry, AListThatBrokeOffVisitsEachObjectOnce) {
  ASSERT_TRUE(backend_->put("a", view_of("x")));
  plan({{.kind = FaultKind::fail_after, .call = Call::list, .at = 1}});
  int visits = 0;
  EXPECT_TRUE(backend_->list("", [&](const ObjectInfo&) -> Result<void> {
    ++visits;
    return {};
  }));
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace lifeboat::storage
