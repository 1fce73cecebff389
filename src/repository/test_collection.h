#pragma once
// For this room's tests: a repository whose living snapshots are known, to be forgotten and pruned.
#include "repository/test_repository.h"

namespace lifeboat::repository {

constexpr PruneOptions kPrune{};

class CollectionTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = place_.create();
    ASSERT_OK(made);
    admin_ = std::move(*made);
  }
  const RunContext& context() { return place_.context(); }

  RepositoryPointer with_role(Role role, const std::string& name) {
    auto opened = place_.open_new(*admin_, role, name);
    EXPECT_TRUE(opened) << opened.error().describe();
    return opened ? std::move(*opened) : nullptr;
  }
  SnapshotId backed_up(Repository& repository, std::uint64_t version) {
    auto info = back_up(repository, some_files(version), context());
    EXPECT_TRUE(info) << info.error().describe();
    if (!info) return {};
    living_[info->id] = version;
    return info->id;
  }
  void forget(const SnapshotId& id) {
    ASSERT_OK(admin_->forget(id, "test", context()));
    living_.erase(id);
  }
  PruneReport pruned(const PruneOptions& options = kPrune) {
    auto report = admin_->prune(options, context());
    EXPECT_TRUE(report) << report.error().describe();
    return report ? *report : PruneReport{};
  }

  // The collection finds everything of a backup that was running before it.
  void commit_and_prune(SnapshotWriter& running, std::uint64_t version) {
    const auto info = running.commit(context().clock.now(), true, context());
    ASSERT_OK(info);
    living_[info->id] = version;
    pruned();
    expect_all_living("after");
    expect_no_damage();
  }

  // A bit of what makes the object what it is.
  void flip(const std::string& key) {
    auto bytes = place_.object(key);
    bytes[bytes.size() / 2] ^= 1U;
    place_.replace(key, bytes);
  }

  // Every living snapshot is listed and gives back every byte; nobody sees damage.
  void expect_all_living(const std::string& when) {
    SCOPED_TRACE(when);
    const auto reader = place_.open("admin", "a machine that knows nothing " + when);
    ASSERT_OK(reader);
    const auto list = (*reader)->snapshots(context());
    ASSERT_OK(list);
    EXPECT_EQ(list->snapshots.size(), living_.size());
    for (const auto& [id, version] : living_) {
      const auto read = read_back(**reader, id, context());
      ASSERT_OK(read);
      EXPECT_TRUE(*read == some_files(version)) << "version " << version;
    }
  }
  void expect_no_damage() {
    const auto report = admin_->check(CheckDepth::contents, context());
    ASSERT_OK(report);
    for (const auto& each : report->findings)
      ADD_FAILURE() << each.code << " " << each.subject << ": " << each.message;
    EXPECT_TRUE(report->damaged_snapshots.empty());
  }

  TestPlace place_;
  RepositoryPointer admin_;
  std::map<SnapshotId, std::uint64_t> living_;  // and which version of the files each holds
};

}  // namespace lifeboat::repository
