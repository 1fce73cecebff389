#include "repository/test_packs.h"

namespace lifeboat::repository {
namespace {

// A backup whose process ends at some call to the storage, and the next one after it.
class Resume : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(place_.create());
    keys_ = keys_in(place_, "admin");
    empty_ = place_.all();
    for (std::uint64_t i = 0; i < 8; ++i)
      files_["large" + std::to_string(i)] = random_bytes(270'000, i);
  }

  // False when the backup has fewer calls.
  bool end_after(std::uint64_t call, const std::string& machine) {
    place_.restore_all(empty_);
    const storage::FaultScript script{
        .faults = {{storage::FaultKind::kill_after, std::nullopt, "", call}}};
    auto backend = std::make_unique<storage::FaultBackend>(place_.medium(), script);
    const auto& fault = *backend;
    const auto opened = place_.open_on(std::move(backend), "admin", machine);
    if (!opened) return true;
    std::ignore = back_up(**opened, files_, place_.context());
    return !fault.happened().empty();
  }
  void back_up_again(const std::string& machine) {
    const auto repository = place_.open("admin", machine);
    ASSERT_OK(repository);
    const auto made = back_up(**repository, files_, place_.context());
    ASSERT_OK(made);
    const auto read = read_back(**repository, made->id, place_.context());
    ASSERT_OK(read);
    EXPECT_TRUE(*read == files_);
  }
  TestPlace place_;
  RoleKeys keys_;
  std::map<std::string, Bytes> empty_;
  Contents files_;
};

TEST_F(Resume, StoresNothingTwiceWhereverTheBackupBeforeEnded) {
  std::uint64_t call = 1;
  for (;; call += kCallStep) {
    const auto machine = "ended after call " + std::to_string(call);
    SCOPED_TRACE(machine);
    if (!end_after(call, machine)) break;
    back_up_again(machine);
    EXPECT_EQ(bytes_stored_twice(place_, keys_), 0U);
    if (HasFailure()) return;
  }
  EXPECT_GT(call, 20U);
}

// And so the count above counts.
TEST_F(Resume, StoresTwiceWhatAnotherMachineRemembers) {
  std::uint64_t most = 0;
  for (std::uint64_t call = 1; end_after(call, "dies " + std::to_string(call)); call += kCallStep) {
    back_up_again("another " + std::to_string(call));
    if (HasFailure()) return;
    most = std::max(most, bytes_stored_twice(place_, keys_));
  }
  EXPECT_GT(most, 1'000'000U);
}

}  // namespace
}  // namespace lifeboat::repository
