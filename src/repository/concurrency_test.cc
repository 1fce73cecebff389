// Writers, a collector that forgets and prunes, and a reader that verifies: in threads of their own
// on one medium, until every writer has made its snapshots.
#include <atomic>
#include <mutex>
#include <thread>

#include "repository/test_repository.h"

namespace lifeboat::repository {
namespace {

constexpr int kRounds = 3;
constexpr std::size_t kKept = 3;  // snapshots that the collector leaves alone
constexpr auto kForEver = std::chrono::hours(24 * 365);

// Half of it is the same in all versions, whoever writes them.
Contents shared_files(std::uint64_t version) {
  return {{"same", random_bytes(270'000, 1)},
          {"own", random_bytes(270'000, 100 + version)},
          {"small", wordy_bytes(500, version)}};
}

class Concurrency : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    auto made = place_.create();
    ASSERT_OK(made);
    admin_ = std::move(*made);
    reader_ = with_role(Role::reader, "reader");
    for (int i = 0; i < GetParam(); ++i)
      writers_.push_back(with_role(Role::writer, "writer" + std::to_string(i)));
    place_.watch = [](storage::Call, const std::string&) { std::this_thread::yield(); };
  }
  const RunContext& context() { return place_.context(); }

  RepositoryPointer with_role(Role role, const std::string& name) {
    auto opened = place_.open_new(*admin_, role, name);
    EXPECT_TRUE(opened) << opened.error().describe();
    return std::move(*opened);
  }

  // Nobody ends its sessions, however far the clock is turned by those who wait for them.
  Result<SnapshotInfo> back_up_patiently(Repository& repository, std::uint64_t version) {
    auto draft = draft_of();
    draft.patience = 10 * kForEver;
    const auto writer = TRY(repository.begin(draft, context()));
    TRY(fill(*writer, shared_files(version), context()));
    return writer->commit(context().clock.now(), true, context());
  }

  // Of two versions that each, so that writers come back to what may have been collected meanwhile.
  void write_all(Repository& repository, std::uint64_t number) {
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      const auto version = number + round % 2;
      const auto info = back_up_patiently(repository, version);
      EXPECT_TRUE(info) << info.error().describe();
      const std::lock_guard lock(guard_);
      if (info) living_[info->id] = version;
    }
    --writing_;
  }

  std::optional<SnapshotId> choose_one_to_forget() {
    const std::lock_guard lock(guard_);
    if (living_.size() <= kKept) return std::nullopt;
    const auto id = living_.begin()->first;
    living_.erase(id);
    return id;
  }

  void collect_all() {
    do {
      if (const auto id = choose_one_to_forget()) {
        const auto done = admin_->forget(*id, "test", context());
        EXPECT_TRUE(done) << done.error().describe();
      }
      const auto pruned = admin_->prune({.wait = kForEver}, context());
      EXPECT_TRUE(pruned) << pruned.error().describe();
    } while (writing_ > 0);
  }

  void verify_all() {
    do expect_no_damage();
    while (writing_ > 0);
  }

  void expect_no_damage() {
    const auto report = reader_->check(CheckDepth::contents, context());
    ASSERT_OK(report);
    for (const auto& each : report->findings)
      ADD_FAILURE() << each.code << " " << each.subject << ": " << each.message;
    EXPECT_TRUE(report->damaged_snapshots.empty());
  }

  void expect_all_living() {
    const auto stranger = place_.open("admin", "a machine that knows nothing");
    ASSERT_OK(stranger);
    const auto list = (*stranger)->snapshots(context());
    ASSERT_OK(list);
    EXPECT_EQ(list->snapshots.size(), living_.size());
    for (const auto& [id, version] : living_) {
      const auto read = read_back(**stranger, id, context());
      ASSERT_OK(read);
      EXPECT_TRUE(*read == shared_files(version)) << "version " << version;
    }
  }

  TestPlace place_;
  RepositoryPointer admin_;
  RepositoryPointer reader_;
  std::vector<RepositoryPointer> writers_;
  std::atomic<int> writing_ = 0;
  std::mutex guard_;                            // for living_
  std::map<SnapshotId, std::uint64_t> living_;  // acknowledged, and which version each holds
};

TEST_P(Concurrency, OfWritersACollectorAndAReaderLosesNothingThatWasAcknowledged) {
  writing_ = GetParam();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < writers_.size(); ++i)
      threads.emplace_back([this, i] { write_all(*writers_[i], i); });
    threads.emplace_back([this] { collect_all(); });
    threads.emplace_back([this] { verify_all(); });
  }
  EXPECT_GE(living_.size(), kKept);
  expect_all_living();
  expect_no_damage();
  ASSERT_OK(admin_->prune({}, context()));
  expect_all_living();
}

INSTANTIATE_TEST_SUITE_P(Writers, Concurrency, testing::Values(2, 4, 8),
                         [](const auto& count) { return std::to_string(count.param); });

}  // namespace
}  // namespace lifeboat::repository
