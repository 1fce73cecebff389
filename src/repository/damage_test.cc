// Every kind of object, each damaged in every way: a check finds it and names what it reaches, and
// reading gives an error or the right bytes.
#include "repository/test_repository.h"

namespace lifeboat::repository {
namespace {

class DamageTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = place_.create();
    ASSERT_OK(made);
    admin_ = std::move(*made);
    first_ = backed_up(1);
    second_ = backed_up(2);
    const Json note{{"snapshot", first_.hex()}, {"text", "before the move"}};
    ASSERT_OK(admin_->add_statement("note", note, context()));
    const Json other{{"snapshot", second_.hex()}, {"text", "after the move"}};
    ASSERT_OK(admin_->add_statement("note", other, context()));
    whole_ = place_.all();
  }
  const RunContext& context() { return place_.context(); }
  SnapshotId backed_up(std::uint64_t version) {
    const auto info = back_up(*admin_, some_files(version), context());
    EXPECT_TRUE(info) << info.error().describe();
    return info ? info->id : SnapshotId{};
  }

  Result<CheckReport> check(CheckDepth depth) {
    // A machine that remembers nothing but its key.
    const auto opened = TRY(place_.open("admin", "machine" + std::to_string(++machines_)));
    return opened->check(depth, context());
  }
  static std::string told(const CheckReport& report) {
    std::string text;
    for (const auto& each : report.findings)
      text += each.code + " " + each.subject + ": " + each.message + "\n";
    return text;
  }
  // An error, or a finding about this object.
  void expect_found(CheckDepth depth, const std::string& key, const std::string& how) {
    const auto report = check(depth);
    if (!report) return expect_damage_error(report.error(), key + " " + how);
    const auto about = [&](const Finding& each) {
      return each.subject == key || each.message.find(key) != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(report->findings, about)) << key << " " << how << "\n"
                                                              << told(*report);
  }
  static void expect_damage_error(const Error& error, const std::string& what) {
    const auto code = error.code();
    const bool clear = code == Code::corrupt || code == Code::damage_found ||
                       code == Code::not_found || code == Code::wrong_key ||
                       code == Code::unsupported_format;
    EXPECT_TRUE(clear) << what << ": " << error.describe();
  }
  // The right bytes or a clear error. Says whether both could be read.
  bool expect_never_wrong(const std::string& what) {
    const auto opened = place_.open("admin", "machine" + std::to_string(++machines_));
    if (!opened) expect_damage_error(opened.error(), what);
    if (!opened) return false;
    bool whole = true;
    for (const auto& [id, version] :
         std::map<SnapshotId, std::uint64_t>{{first_, 1}, {second_, 2}}) {
      const auto read = read_back(**opened, id, context());
      if (!read) expect_damage_error(read.error(), what);
      EXPECT_TRUE(!read || *read == some_files(version)) << what;
      whole = whole && read;
    }
    return whole;
  }

  using Change = std::function<void(const std::string& key)>;
  void try_each(const std::string& folder, CheckDepth depth, const Change& change,
                const std::string& how) {
    for (const auto& key : place_.keys(folder)) {
      change(key);
      expect_found(depth, key, how);
      expect_never_wrong(key + " " + how);
      place_.restore_all(whole_);
    }
  }
  void truncate(const std::string& key, std::size_t size) {
    auto bytes = place_.object(key);
    bytes.resize(size);
    place_.replace(key, bytes);
  }
  void flip(const std::string& key, std::size_t at) {
    auto bytes = place_.object(key);
    bytes[at] ^= static_cast<std::uint8_t>(1U << at % 8);
    place_.replace(key, bytes);
  }
  // A new statement that nobody can read: its key, and what it was.
  std::pair<std::string, Bytes> damaged_statement(const std::string& kind, const Json& body) {
    const auto id = admin_->add_statement(kind, body, context());
    EXPECT_TRUE(id) << id.error().describe();
    const auto key = "statements/" + kind + "/" + id.value_or("");
    const auto whole = place_.object(key);
    flip(key, whole.size() / 2);
    return {key, whole};
  }
  // Truncated, flipped at several places, swapped with another of its kind.
  void try_changes(const std::string& folder, CheckDepth depth) {
    ASSERT_FALSE(place_.keys(folder).empty());
    try_each(
        folder, depth, [&](const auto& key) { truncate(key, place_.object(key).size() / 2); },
        "cut in half");
    try_each(
        folder, depth, [&](const auto& key) { truncate(key, place_.object(key).size() - 1); },
        "one byte shorter");
    try_each(folder, depth, [&](const auto& key) { truncate(key, 0); }, "emptied");
    for (const std::size_t share : {0, 1, 40, 70, 99})
      try_each(
          folder, depth,
          [&](const auto& key) { flip(key, (place_.object(key).size() - 1) * share / 99); },
          "flipped at " + std::to_string(share) + " of 99");
    const auto keys = place_.keys(folder);
    if (keys.size() < 2) return;
    const auto one = place_.object(keys[0]);
    const auto other = place_.object(keys[1]);
    place_.replace(keys[0], other);
    place_.replace(keys[1], one);
    expect_found(depth, keys[0], "swapped");
    expect_found(depth, keys[1], "swapped");
    expect_never_wrong("swapped " + folder);
    place_.restore_all(whole_);
  }

  TestPlace place_;
  RepositoryPointer admin_;
  SnapshotId first_;
  SnapshotId second_;
  std::map<std::string, Bytes> whole_;
  int machines_ = 0;
};

TEST_F(DamageTest, ASnapshotThatCannotBeReadIsNamedByWhatElseIsKnown) {
  const auto key = place_.keys("snapshots/").front();
  auto object = place_.object(key);
  object[object.size() / 2] ^= 1U;
  place_.replace(key, object);
  const auto told_of = [&](const SnapshotList& list) {
    for (const auto& each : list.findings)
      if (each.subject == key) return each.message;
    return std::string();
  };
  const auto list = admin_->snapshots(context());
  ASSERT_OK(list);
  EXPECT_TRUE(told_of(*list).starts_with(
      "the snapshot of \"shop\" on host, stored at 2025-11-21T09:45:00Z, cannot be read: "))
      << told_of(*list);
  for (const auto& session : place_.keys("sessions/")) place_.store->remove(session);
  const auto less = admin_->snapshots(context());
  ASSERT_OK(less);
  EXPECT_TRUE(told_of(*less).starts_with("a snapshot of unknown origin, stored at "))
      << told_of(*less);
}

TEST_F(DamageTest, IsNotFoundWhereThereIsNone) {
  for (const auto depth : {CheckDepth::objects, CheckDepth::hashes, CheckDepth::contents}) {
    const auto report = check(depth);
    ASSERT_OK(report);
    EXPECT_TRUE(report->findings.empty()) << told(*report);
    EXPECT_TRUE(report->damaged_snapshots.empty());
    EXPECT_EQ(report->snapshots, 2U);
  }
  EXPECT_TRUE(expect_never_wrong("whole"));
}

TEST_F(DamageTest, OfTheConfigIsFound) { try_changes("config", CheckDepth::objects); }
TEST_F(DamageTest, OfKeySlotsIsFound) {
  ASSERT_OK(place_.open_new(*admin_, Role::writer, "writer"));
  whole_ = place_.all();
  try_changes("keys/", CheckDepth::objects);
}
TEST_F(DamageTest, OfSessionsIsFound) { try_changes("sessions/", CheckDepth::objects); }
TEST_F(DamageTest, OfIndexObjectsIsFound) { try_changes("index/", CheckDepth::objects); }
TEST_F(DamageTest, OfSnapshotsIsFound) { try_changes("snapshots/", CheckDepth::objects); }
TEST_F(DamageTest, OfStatementsIsFound) { try_changes("statements/", CheckDepth::objects); }
TEST_F(DamageTest, OfPacksIsFoundByTheirHashes) { try_changes("packs/", CheckDepth::hashes); }
TEST_F(DamageTest, OfPacksIsFoundByTheirContents) { try_changes("packs/", CheckDepth::contents); }

TEST_F(DamageTest, OfACollectionIsFound) {
  ASSERT_OK(admin_->forget(first_, "test", context()));
  std::pair<std::string, Bytes> collect;
  place_.watch = [&](storage::Call call, const std::string& key) {
    if (call == storage::Call::remove && key.starts_with("collect/"))
      collect = {key, place_.object(key)};
  };
  ASSERT_OK(admin_->prune({}, context()));
  place_.watch = {};
  const auto& [key, bytes] = collect;
  for (const std::size_t share : {0, 20, 60, 99}) {
    auto flipped = bytes;
    flipped[(bytes.size() - 1) * share / 99] ^= 4U;
    place_.replace(key, flipped);
    expect_found(CheckDepth::objects, key, "flipped");
    ASSERT_OK(admin_->prune({}, context()));
    EXPECT_FALSE(place_.store->find(key)) << "its statement says that it is over";
  }
  place_.replace(key, ByteView(bytes).first(bytes.size() / 2));
  expect_found(CheckDepth::objects, key, "cut in half");
  place_.store->remove(key);
  // Nobody can tell what it names, so nobody finishes it, and a backup refers to nothing.
  const std::string other = "collect/00000000000000aa";
  place_.replace(other, bytes);
  expect_found(CheckDepth::objects, other, "replayed under another number");
  EXPECT_CODE(admin_->prune({}, context()), Code::corrupt);
  const auto before = place_.bytes_of("packs/");
  ASSERT_OK(back_up(*admin_, some_files(1), context()));
  EXPECT_GT(place_.bytes_of("packs/"), before + 1'000'000) << "all of it anew";
  place_.store->remove(other);
  EXPECT_EQ(back_up(*admin_, some_files(1), context())->stored, 0U) << "plain again";
}

TEST_F(DamageTest, NamesTheSnapshotsThatAPackReaches) {
  for (const auto& key : place_.keys("packs/"))
    for (const auto depth : {CheckDepth::objects, CheckDepth::hashes, CheckDepth::contents}) {
      place_.store->remove(key);
      const auto report = check(depth);
      ASSERT_OK(report);
      EXPECT_FALSE(report->damaged_snapshots.empty()) << key;
      for (const auto& [id, version] : std::map<SnapshotId, int>{{first_, 1}, {second_, 2}}) {
        const bool named = std::ranges::count(report->damaged_snapshots, id.hex()) > 0;
        const auto read = read_back(*admin_, id, context());
        EXPECT_EQ(named, !read.has_value()) << key << " version " << version;
        EXPECT_TRUE(read || read.error().code() == Code::damage_found);
      }
      place_.restore_all(whole_);
    }
}

TEST_F(DamageTest, IsStoredAgainByTheNextBackupOfAnybodyOnceItWasFound) {
  const auto writer = place_.open_new(*admin_, Role::writer, "writer");
  ASSERT_OK(writer);
  whole_ = place_.all();
  for (const auto depth : {CheckDepth::hashes, CheckDepth::contents}) {
    place_.test.clock.advance(std::chrono::seconds(1));
    ASSERT_OK(check(CheckDepth::contents));  // so that others dedup against all this, too
    for (const auto& key : place_.keys("packs/")) flip(key, place_.object(key).size() / 2);
    const auto unseen = back_up(*admin_, some_files(1), context());
    ASSERT_OK(unseen);
    EXPECT_FALSE(read_back(*admin_, unseen->id, context())) << "nobody has looked yet";
    ASSERT_OK(check(depth));
    for (auto* machine : {admin_.get(), writer->get()}) {
      const auto again = back_up(*machine, some_files(1), context());
      ASSERT_OK(again);
      EXPECT_EQ(read_back(*admin_, again->id, context()).value(), some_files(1));
    }
    EXPECT_TRUE(read_back(*admin_, first_, context())) << "by what was stored again";
    place_.restore_all(whole_);
  }
}

TEST_F(DamageTest, OfASessionIsStoredAgainOnceItWasFound) {
  const auto key = place_.keys("sessions/").front();
  place_.store->remove(key);
  const auto report = check(CheckDepth::contents);
  ASSERT_OK(report);
  EXPECT_FALSE(report->damaged_snapshots.empty());
  const auto reopened = place_.open("admin", "another machine");
  ASSERT_OK(reopened);
  const auto again = back_up(**reopened, some_files(1), context());
  ASSERT_OK(again);
  const auto read = read_back(**reopened, again->id, context());
  ASSERT_OK(read);
  EXPECT_EQ(*read, some_files(1));
}

TEST_F(DamageTest, ThatACopyMendedIsUsedAgainOnceItWasReadToTheEnd) {
  const auto stored_by_a_backup = [&] {
    const auto info = back_up(*admin_, some_files(2), context());
    EXPECT_TRUE(info) << info.error().describe();
    return info ? info->stored : 0;
  };
  const auto nothing_new = stored_by_a_backup();
  whole_ = place_.all();
  const auto packs = place_.keys("packs/");
  for (const auto& key : packs) flip(key, place_.object(key).size() / 2);
  ASSERT_OK(check(CheckDepth::hashes));
  for (const auto& key : packs) place_.replace(key, whole_.at(key));
  ASSERT_OK(check(CheckDepth::hashes));
  const auto anew = stored_by_a_backup();
  EXPECT_GT(anew, nothing_new + 500'000) << "hashes alone do not say that it can be opened";
  place_.test.clock.advance(std::chrono::seconds(1));
  ASSERT_OK(check(CheckDepth::contents));
  EXPECT_LT(stored_by_a_backup(), anew / 2);
}

TEST_F(DamageTest, IsNotTakenBackByACheckThatHadReadBeforeIt) {
  std::atomic<bool> has_read = false;
  place_.watch = [&](storage::Call call, const std::string& key) {
    if (call == storage::Call::get && key.starts_with("packs/")) has_read = true;
    if (call != storage::Call::list || !has_read.exchange(false) || machines_ > 1) return;
    for (const auto& pack : place_.keys("packs/")) flip(pack, place_.object(pack).size() / 2);
    place_.test.clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(check(CheckDepth::hashes));
    place_.test.clock.advance(std::chrono::seconds(1));
  };
  const auto report = check(CheckDepth::contents);
  place_.watch = {};
  ASSERT_OK(report);
  EXPECT_EQ(machines_, 2) << "nobody looked meanwhile";
  EXPECT_TRUE(report->damaged_snapshots.empty()) << "it was whole when it was read";
  const auto again = back_up(*admin_, some_files(1), context());
  ASSERT_OK(again);
  const auto read = read_back(*admin_, again->id, context());
  ASSERT_OK(read);
  EXPECT_EQ(*read, some_files(1));
}

TEST_F(DamageTest, IsSaidToBeRecordedOnlyWhereItWas) {
  ASSERT_OK(place_.open_new(*admin_, Role::writer, "writer"));
  for (const auto& key : place_.keys("packs/")) flip(key, place_.object(key).size() / 2);
  const auto recorded = [&](std::unique_ptr<storage::Backend> medium, const std::string& key,
                            CheckDepth depth) {
    const auto opened = place_.open_on(std::move(medium), key, "machine of " + key);
    const auto report = opened ? (*opened)->check(depth, context()) : fail(opened.error());
    EXPECT_TRUE(report) << report.error().describe();
    EXPECT_TRUE(depth == CheckDepth::objects || !report->damaged_snapshots.empty());
    return report && report->recorded;
  };
  EXPECT_FALSE(recorded(place_.medium(), "admin", CheckDepth::objects)) << "nothing was read";
  EXPECT_FALSE(recorded(place_.medium(), "writer", CheckDepth::hashes)) << "it may not say so";
  for (const auto depth : {CheckDepth::hashes, CheckDepth::contents}) {
    const storage::Fault full{storage::FaultKind::no_space, storage::Call::put, "statements/", 1};
    EXPECT_FALSE(recorded(std::make_unique<storage::FaultBackend>(
                              place_.medium(), storage::FaultScript{.faults = {full}}),
                          "admin", depth));
    EXPECT_TRUE(recorded(place_.medium(), "admin", depth));
  }
}

TEST_F(DamageTest, NamesTheSnapshotsThatASessionReaches) {
  for (const bool gone : {true, false}) {
    const auto key = place_.keys("sessions/").back();
    if (gone) place_.store->remove(key);
    if (!gone) flip(key, 20);
    const auto report = check(CheckDepth::objects);
    ASSERT_OK(report);
    ASSERT_EQ(report->damaged_snapshots.size(), 1U) << told(*report);
    EXPECT_EQ(report->damaged_snapshots[0], second_.hex());
    expect_found(CheckDepth::objects, key, gone ? "missing" : "flipped");
    const auto opened = place_.open("admin", "a machine that reads");
    ASSERT_OK(opened);
    const auto read = read_back(**opened, second_, context());
    EXPECT_CODE(read, gone ? Code::damage_found : Code::corrupt);
    EXPECT_NE(read.error().describe().find(key), std::string::npos) << read.error().describe();
    place_.restore_all(whole_);
  }
}

TEST_F(DamageTest, OfAllIndexObjectsIsSurvivedAndTold) {
  for (const auto& key : place_.keys("index/")) place_.store->remove(key);
  const auto report = check(CheckDepth::contents);
  ASSERT_OK(report);
  EXPECT_TRUE(report->damaged_snapshots.empty()) << told(*report);
  ASSERT_FALSE(report->findings.empty());
  EXPECT_EQ(report->findings[0].code, "index-missing");
  EXPECT_TRUE(expect_never_wrong("without an index"));
}

TEST_F(DamageTest, AMissingSnapshotIsAnAlarmForThoseWhoSawIt) {
  place_.store->remove(place_.keys("snapshots/").front());
  expect_found(CheckDepth::objects, place_.keys("sessions/").front().replace(0, 8, "snapshots"),
               "missing");
}

// A void in its place would end the alarm, and let a collection take what it refers to.
TEST_F(DamageTest, AMissingSnapshotStaysAnAlarmWhateverItsWriterDoesADayLater) {
  for (const bool remembered : {true, false}) {
    const auto keys = place_.keys("snapshots/");
    // The newest is missed by who saw it, an older one by whoever reads the heads of later ones.
    const auto lost = remembered ? keys.back() : keys.front();
    place_.store->remove(lost);
    place_.test.clock.advance(std::chrono::hours(25));
    const auto writer = remembered ? RepositoryPointer() : *place_.open("admin", "another machine");
    ASSERT_OK(back_up(remembered ? *admin_ : *writer, some_files(3), context()));
    EXPECT_FALSE(place_.store->find(lost)) << "a void";
    const auto list = (remembered ? *admin_ : *writer).snapshots(context());
    ASSERT_OK(list);
    ASSERT_EQ(list->lost.size(), 1U);
    EXPECT_EQ(list->lost[0].key, lost);
    EXPECT_CODE((remembered ? *admin_ : *writer).prune({}, context()), Code::refused);
    place_.replace(lost, whole_.at(lost));
    EXPECT_TRUE(expect_never_wrong("put back"));
    place_.restore_all(whole_);
  }
}

TEST_F(DamageTest, OfAHoldLetsNobodyForgetWhatItMayHold) {
  const Json hold{{"snapshot", first_.hex()}, {"reason", "audit"}};
  const auto [key, whole] = damaged_statement("hold", hold);
  EXPECT_CODE(admin_->forget(first_, "test", context()), Code::refused);
  EXPECT_CODE(admin_->forget(second_, "test", context()), Code::refused);
  place_.replace(key, whole);
  EXPECT_CODE(admin_->forget(first_, "test", context()), Code::refused);
  ASSERT_OK(admin_->forget(second_, "test", context()));
}

TEST_F(DamageTest, OfAProofLetsNobodyForgetWhatItMayProve) {
  const Json proof{{"snapshot", first_.hex()},
                   {"service", "shop"},
                   {"verdict", "proven"},
                   {"evidence", Json::object()}};
  const auto [key, whole] = damaged_statement("proven", proof);
  EXPECT_CODE(admin_->forget(second_, "test", context()), Code::refused);
  place_.replace(key, whole);
  ASSERT_OK(admin_->forget(second_, "test", context()));
}

TEST_F(DamageTest, AMissingConfigIsNamed) {
  place_.store->remove("config");
  EXPECT_CODE(place_.open("admin"), Code::corrupt);
  const auto report = admin_->check(CheckDepth::objects, context());
  ASSERT_OK(report);
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].subject, "config");
}

TEST_F(DamageTest, OfTheOnlySlotIsToldFromAWrongKey) {
  const auto wrong = place_.open("stranger");
  EXPECT_CODE(wrong, Code::wrong_key);
  const auto slot = place_.keys("keys/").front();
  flip(slot, place_.object(slot).size() / 2);
  const auto damaged = place_.open("admin", "another");
  EXPECT_CODE(damaged, Code::corrupt);
  EXPECT_NE(damaged.error().message(), wrong.error().message());
  place_.store->remove(slot);
  EXPECT_CODE(place_.open("admin", "another"), Code::corrupt);
}

TEST_F(DamageTest, IsNotWhatAWrongPassphraseIs) {
  Repository& admin = *admin_;
  ASSERT_OK(admin.add_key({Role::reader, "person", Passphrase{Secret(wordy_bytes(12, 1))}, {}},
                          context()));
  const auto open = [&](std::uint64_t seed) {
    return Repository::open(place_.medium(), Passphrase{Secret(wordy_bytes(12, seed))},
                            place_.options("person"), context());
  };
  ASSERT_OK(open(1));
  const auto wrong = open(2);
  EXPECT_CODE(wrong, Code::wrong_key);
  for (const auto& key : place_.keys("keys/")) flip(key, 60);
  const auto damaged = open(1);
  EXPECT_CODE(damaged, Code::corrupt);
  EXPECT_NE(damaged.error().message(), wrong.error().message());
}

TEST_F(DamageTest, IsNotWhatANewerVersionWrote) {
  auto text = to_text(place_.object("config"));
  text.replace(text.find("\"format\":1"), 10, "\"format\":2");
  place_.replace("config", view_of(text));
  EXPECT_CODE(place_.open("admin", "another"), Code::unsupported_format);
  place_.restore_all(whole_);
  text = to_text(place_.object("config"));
  text.replace(text.find("\"read\":[]"), 9, "\"read\":[\"x\"]");
  place_.replace("config", view_of(text));
  EXPECT_FALSE(place_.open("admin", "another"));
}

TEST_F(DamageTest, AnEmptyPlaceIsNotFound) {
  TestPlace empty;
  EXPECT_CODE(empty.open("admin"), Code::not_found);
  empty.replace("holiday.jpg", wordy_bytes(10, 1));
  EXPECT_CODE(empty.open("admin"), Code::not_found);
}

TEST_F(DamageTest, IsNoNewRepositoryOverAnOldOne) {
  EXPECT_CODE(place_.create(), Code::exists);
  place_.store->remove("config");
  EXPECT_CODE(place_.create(), Code::exists);
}

TEST_F(DamageTest, AnObjectOfAnOlderStateTellsNoLie) {
  ASSERT_OK(admin_->forget(first_, "test", context()));
  ASSERT_OK(admin_->prune({}, context()));
  // Everything that was removed comes back, as from an old copy.
  for (const auto& [key, bytes] : whole_)
    if (!place_.store->find(key)) place_.replace(key, bytes);
  const auto list = admin_->snapshots(context());
  ASSERT_OK(list);
  ASSERT_EQ(list->snapshots.size(), 1U);
  EXPECT_EQ(list->snapshots[0].id, second_);
  const auto report = check(CheckDepth::contents);
  ASSERT_OK(report);
  EXPECT_TRUE(report->damaged_snapshots.empty());
  ASSERT_OK(admin_->prune({}, context()));
  const auto read = read_back(*admin_, second_, context());
  ASSERT_OK(read);
  EXPECT_TRUE(*read == some_files(2));
  // One snapshot in the place of another of its writer.
  const auto ends = place_.keys("snapshots/");
  place_.replace(ends.back(), whole_.at(whole_.lower_bound("snapshots/")->first));
  expect_found(CheckDepth::objects, ends.back(), "replaced by an older one");
}

}  // namespace
}  // namespace lifeboat::repository
