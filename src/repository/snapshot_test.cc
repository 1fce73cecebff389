#include <atomic>

#include "repository/test_repository.h"

namespace lifeboat::repository {
namespace {

using storage::Call;
using storage::Fault;
using storage::FaultKind;

class SnapshotTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = place_.create();
    ASSERT_OK(made);
    admin_ = std::move(*made);
  }
  const RunContext& context() { return place_.context(); }
  SnapshotInfo backed_up(Repository& repository, const Contents& files) {
    auto info = back_up(repository, files, context());
    EXPECT_TRUE(info) << info.error().describe();
    return info ? *info : SnapshotInfo{};
  }
  void expect_holds(Repository& repository, const SnapshotId& id, const Contents& files) {
    const auto read = read_back(repository, id, context());
    ASSERT_OK(read);
    EXPECT_TRUE(*read == files);
  }
  RepositoryPointer with_role(Role role, const std::string& name) {
    auto opened = place_.open_new(*admin_, role, name);
    EXPECT_TRUE(opened) << opened.error().describe();
    return opened ? std::move(*opened) : nullptr;
  }
  std::size_t snapshot_count() {
    const auto list = admin_->snapshots(context());
    EXPECT_TRUE(list) << list.error().describe();
    return list ? list->snapshots.size() : 0;
  }

  TestPlace place_;
  RepositoryPointer admin_;
};

TEST_F(SnapshotTest, GivesBackWhatWasWritten) {
  const auto files = some_files();
  const auto info = backed_up(*admin_, files);
  expect_holds(*admin_, info.id, files);
  EXPECT_GT(place_.keys("packs/").size(), 1U);
}

TEST_F(SnapshotTest, IsListedAsItWasCommitted) {
  const auto info = backed_up(*admin_, some_files());
  place_.test.clock.advance(std::chrono::hours(1));
  const auto second = backed_up(*admin_, some_files(1));
  const auto list = admin_->snapshots(context());
  ASSERT_OK(list);
  EXPECT_TRUE(list->findings.empty()) << list->findings[0].message;
  ASSERT_EQ(list->snapshots.size(), 2U);
  EXPECT_EQ(list->snapshots[0].id, info.id);
  EXPECT_EQ(list->snapshots[1].id, second.id);
  EXPECT_EQ(list->snapshots[0].entries, some_files().size());
  EXPECT_EQ(list->snapshots[0].service, "shop");
  EXPECT_EQ(list->snapshots[1].seq, 2U);
}

TEST_F(SnapshotTest, HasNothingBeforeItsCommit) {
  const auto writer = admin_->begin(draft_of(), context());
  ASSERT_OK(writer);
  ASSERT_OK(fill(**writer, some_files(), context()));
  EXPECT_EQ(snapshot_count(), 0U);
  ASSERT_OK((*writer)->commit(context().clock.now(), true, context()));
  EXPECT_EQ(snapshot_count(), 1U);
}

TEST_F(SnapshotTest, KeepsTheOrderOfItsEntries) {
  const auto writer = admin_->begin(draft_of(), context());
  ASSERT_OK(writer);
  std::vector<std::string> order;
  const auto source = (*writer)->begin_source("files", "files");
  ASSERT_OK(source);
  for (int i = 500; i > 0; --i) {
    order.push_back("name" + std::to_string(i * 7919 % 1000));
    ASSERT_OK(add_file(**writer, *source, {order.back(), wordy_bytes(9, 1)}, context()));
  }
  ASSERT_OK((*writer)->finish_source(*source, {}, context()));
  const auto info = (*writer)->commit(context().clock.now(), true, context());
  ASSERT_OK(info);
  const auto snapshot = admin_->open_snapshot(info->id, context());
  ASSERT_OK(snapshot);
  std::vector<std::string> seen;
  const auto visit = [&](EntryRecord&& entry) -> Result<void> {
    seen.push_back(entry.info.path);
    return {};
  };
  ASSERT_OK((*snapshot)->entries((*snapshot)->sources()[0], visit, context()));
  EXPECT_EQ(seen, order);
}

TEST_F(SnapshotTest, ReadsContentInSequenceToo) {
  const auto files = some_files();
  const auto info = backed_up(*admin_, files);
  const auto snapshot = admin_->open_snapshot(info.id, context());
  ASSERT_OK(snapshot);
  const auto visit = [&](EntryRecord&& entry) -> Result<void> {
    const auto reader = (*snapshot)->open_content(entry.chunks, context());
    Bytes bytes(entry.info.size + 1);
    bytes.resize(TRY(reader->read(bytes)));
    EXPECT_TRUE(bytes == files.at(entry.info.path)) << entry.info.path;
    return {};
  };
  ASSERT_OK((*snapshot)->entries((*snapshot)->sources()[0], visit, context()));
}

TEST_F(SnapshotTest, StoresNextToNothingTheSecondTime) {
  const auto files = some_files();
  backed_up(*admin_, files);
  const auto before = place_.bytes_of("packs/");
  const auto second = backed_up(*admin_, files);
  EXPECT_EQ(place_.bytes_of("packs/"), before);
  EXPECT_EQ(second.stored, 0U);
  expect_holds(*admin_, second.id, files);
}

TEST_F(SnapshotTest, IsWholeWhenAnotherMachineOfTheKeyWritesTheNext) {
  const auto files = some_files();
  backed_up(*admin_, files);
  const auto before = place_.bytes_of("packs/");
  const auto other = place_.open("admin", "another machine");
  ASSERT_OK(other);
  const auto second = backed_up(**other, files);
  EXPECT_EQ(place_.bytes_of("packs/"), before);
  expect_holds(*admin_, second.id, files);
}

// Killed before and after every put: the next run takes up what is there.
TEST_F(SnapshotTest, StoresNothingTwiceButTheOpenPackAfterAnInterruption) {
  const auto files = some_files();
  const auto empty = place_.all();
  backed_up(*admin_, files);
  const auto once = place_.bytes_of("packs/");
  for (const auto kind : {FaultKind::kill_before, FaultKind::kill_after})
    for (std::uint64_t at = 1;; ++at) {
      place_.restore_all(empty);
      const auto machine = "machine" + std::to_string(at) + std::string(name_of(kind));
      auto broken = std::make_unique<storage::FaultBackend>(
          place_.medium(), storage::FaultScript{.faults = {{kind, Call::put, "", at}}});
      {
        const auto repository = place_.open_on(std::move(broken), "admin", machine);
        ASSERT_OK(repository);
        if (back_up(**repository, files, context())) break;
      }
      const auto again = place_.open("admin", machine);
      ASSERT_OK(again);
      const auto info = backed_up(**again, files);
      EXPECT_LE(place_.bytes_of("packs/"), once + kTestPack) << machine;
      expect_holds(**again, info.id, files);
    }
}

TEST_F(SnapshotTest, CanBeWrittenByTwoAtOnce) {
  const auto one = with_role(Role::writer, "one");
  const auto other = with_role(Role::writer, "other");
  const auto first = one->begin(draft_of(), context());
  const auto second = other->begin(draft_of(), context());
  ASSERT_OK(first);
  ASSERT_OK(second);
  ASSERT_OK(fill(**first, some_files(1), context()));
  ASSERT_OK(fill(**second, some_files(2), context()));
  const auto second_info = (*second)->commit(context().clock.now(), true, context());
  const auto first_info = (*first)->commit(context().clock.now(), true, context());
  ASSERT_OK(first_info);
  ASSERT_OK(second_info);
  expect_holds(*admin_, first_info->id, some_files(1));
  expect_holds(*admin_, second_info->id, some_files(2));
  const auto list = admin_->snapshots(context());
  ASSERT_OK(list);
  EXPECT_TRUE(list->findings.empty());
}

TEST_F(SnapshotTest, CanBeWrittenTwiceAtOnceWithOneKey) {
  const auto other = place_.open("admin", "another machine");
  ASSERT_OK(other);
  const auto first = admin_->begin(draft_of(), context());
  const auto second = (*other)->begin(draft_of(), context());
  ASSERT_OK(first);
  ASSERT_OK(second);
  ASSERT_OK(fill(**first, some_files(1), context()));
  ASSERT_OK(fill(**second, some_files(2), context()));
  const auto first_info = (*first)->commit(context().clock.now(), true, context());
  const auto second_info = (*second)->commit(context().clock.now(), true, context());
  ASSERT_OK(first_info);
  ASSERT_OK(second_info);
  EXPECT_NE(first_info->seq, second_info->seq);
  expect_holds(*admin_, first_info->id, some_files(1));
  expect_holds(*admin_, second_info->id, some_files(2));
}

TEST_F(SnapshotTest, IsNoBusinessOfRolesThatMayNot) {
  const auto writer = with_role(Role::writer, "writer");
  const auto reader = with_role(Role::reader, "reader");
  const auto collector = with_role(Role::collector, "collector");
  const auto info = backed_up(*writer, some_files());
  EXPECT_CODE(writer->open_snapshot(info.id, context()), Code::wrong_key);
  EXPECT_CODE(collector->open_snapshot(info.id, context()), Code::wrong_key);
  EXPECT_CODE(reader->begin(draft_of(), context()), Code::wrong_key);
  EXPECT_CODE(collector->begin(draft_of(), context()), Code::wrong_key);
  EXPECT_CODE(writer->forget(info.id, "", context()), Code::wrong_key);
  EXPECT_CODE(reader->forget(info.id, "", context()), Code::wrong_key);
  EXPECT_CODE(writer->prune({}, context()), Code::wrong_key);
  EXPECT_CODE(collector->check(CheckDepth::contents, context()), Code::wrong_key);
  EXPECT_CODE(collector->identify(view_of("guess")), Code::wrong_key);
  EXPECT_CODE(reader->add_key({}, context()), Code::wrong_key);
  expect_holds(*reader, info.id, some_files());
}

TEST_F(SnapshotTest, IsWrittenAgainWithoutReadingByAWriteOnlyKey) {
  const auto writer = with_role(Role::writer, "writer");
  backed_up(*writer, some_files());
  const auto before = place_.bytes_of("packs/");
  std::vector<std::string> read;
  place_.watch = [&](Call call, const std::string& key) {
    if (call == Call::get && key.starts_with("packs/")) read.push_back(key);
  };
  const auto second = backed_up(*writer, some_files());
  place_.watch = {};
  EXPECT_TRUE(read.empty());
  EXPECT_EQ(place_.bytes_of("packs/"), before);
  expect_holds(*admin_, second.id, some_files());
}

TEST_F(SnapshotTest, SaysSessionVoidedWhenACollectionEndedIt) {
  const auto writer = with_role(Role::writer, "writer");
  auto draft = draft_of();
  draft.patience = std::chrono::hours(1);
  const auto open = writer->begin(draft, context());
  ASSERT_OK(open);
  ASSERT_OK(fill(**open, some_files(), context()));
  backed_up(*admin_, some_files(9));
  const auto gone = backed_up(*admin_, some_files(1));
  place_.test.clock.advance(std::chrono::hours(2));
  ASSERT_OK(admin_->forget(gone.id, "test", context()));
  const auto pruned = admin_->prune({}, context());
  ASSERT_OK(pruned);
  EXPECT_EQ(pruned->sessions_voided, 1U);
  EXPECT_CODE((*open)->commit(context().clock.now(), true, context()), Code::session_voided);
  const auto again = backed_up(*writer, some_files());
  expect_holds(*admin_, again.id, some_files());
}

TEST_F(SnapshotTest, IsCommittedOnce) {
  const auto writer = admin_->begin(draft_of(), context());
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->commit(context().clock.now(), true, context()));
  EXPECT_FALSE((*writer)->commit(context().clock.now(), true, context()));
}

TEST_F(SnapshotTest, TellsOfAClockThatWentBack) {
  backed_up(*admin_, some_files());
  place_.test.clock.set(place_.test.clock.now() - std::chrono::hours(24 * 365 * 10));
  const auto second = backed_up(*admin_, some_files(1));
  const auto list = admin_->snapshots(context());
  ASSERT_OK(list);
  ASSERT_EQ(list->findings.size(), 1U);
  EXPECT_EQ(list->findings[0].code, "clock-backwards");
  EXPECT_EQ(second.seq, 2U);
  expect_holds(*admin_, second.id, some_files(1));
}

TEST_F(SnapshotTest, IsWholeUnderAnAbsurdClock) {
  for (const auto time : {Time(std::chrono::seconds(0)), Time(std::chrono::seconds(-5)),
                          Time(std::chrono::seconds(253'402'300'799))}) {
    place_.test.clock.set(time);
    const auto files = some_files(static_cast<std::uint64_t>(time.time_since_epoch().count()));
    const auto info = backed_up(*admin_, files);
    expect_holds(*admin_, info.id, files);
  }
  EXPECT_EQ(snapshot_count(), 3U);
}

TEST_F(SnapshotTest, EndsItsWritersDeadSessionsFirst) {
  {
    ASSERT_OK(admin_->begin(draft_of(), context()));
  }
  const auto second = backed_up(*admin_, some_files());
  EXPECT_EQ(second.seq, 2U);
  EXPECT_EQ(place_.keys("snapshots/").size(), 2U);
  EXPECT_EQ(snapshot_count(), 1U);
}

// An old object that cannot be read must not end all backups; what cannot be told apart stays open.
TEST_F(SnapshotTest, IsMadeAlthoughAnOldHeadCannotBeReadAndThenEndsNoSession) {
  backed_up(*admin_, some_files());
  {
    const auto one = admin_->begin(draft_of(), context());
    ASSERT_OK(one);
    ASSERT_OK(admin_->begin(draft_of(), context()));
  }
  ASSERT_EQ(place_.keys("sessions/").size(), 3U);
  const auto head = place_.keys("snapshots/").front();
  storage::FaultScript script{.faults = {{.kind = FaultKind::io_error,
                                          .call = Call::get,
                                          .prefix = head,
                                          .at = 1,
                                          .times = UINT64_MAX}}};
  const auto faulty =
      place_.open_on(std::make_unique<storage::FaultBackend>(place_.medium(), std::move(script)),
                     "admin", "admin");
  ASSERT_OK(faulty);
  const auto second = backed_up(**faulty, some_files(1));
  EXPECT_EQ(place_.keys("snapshots/").size(), 2U) << "voids";
  expect_holds(*admin_, second.id, some_files(1));
  std::atomic<int> reads = 0;
  place_.watch = [&](Call call, const std::string& key) {
    reads += call == Call::get && key == head ? 1 : 0;
  };
  backed_up(*admin_, some_files(2));
  place_.watch = {};
  EXPECT_EQ(reads, 1) << "for all sessions together";
  EXPECT_EQ(place_.keys("snapshots/").size(), 5U);
  EXPECT_EQ(snapshot_count(), 3U);
}

TEST_F(SnapshotTest, IsNotFoundWhenItIsNone) {
  EXPECT_CODE(admin_->open_snapshot(SnapshotId{{1}}, context()), Code::not_found);
}

}  // namespace
}  // namespace lifeboat::repository
