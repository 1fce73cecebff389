// Restores to a directory while the storage misbehaves. Each ends with everything there, or it
// fails and the target says that it is unfinished; then the same restore goes on and completes it.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "backup/backup.h"
#include "fault/faults.h"
#include "restore/note.h"
#include "restore/restore.h"

namespace lifeboat::restore {
namespace {

using repository::TestPlace;
using storage::FaultKind;

// What lies below a folder: kind and content by path, without what says that it is unfinished.
using Tree = std::map<std::string, std::string>;

std::string content_of(const fs::directory_entry& entry) {
  if (entry.is_symlink()) return "link to " + fs::read_symlink(entry.path()).string();
  if (entry.is_directory()) return "folder";
  const auto bytes = read_file(entry.path());
  return bytes ? "file " + to_text(*bytes) : "unreadable";
}

Tree tree_of(const fs::path& top) {
  Tree tree;
  if (!fs::exists(top)) return tree;
  for (const auto& entry : fs::recursive_directory_iterator(top))
    tree[entry.path().lexically_relative(top).string()] = content_of(entry);
  return tree;
}

// A shop's database and uploads, backed up once.
class Shop {
 public:
  Shop() {
    make_uploads();
    make_database();
    auto made = place_.create();
    EXPECT_TRUE(made) << made.error().describe();
    const auto report = backup::run_backup(request(), **made, place_.context());
    EXPECT_TRUE(report) << report.error().describe();
    EXPECT_TRUE(report->snapshot.complete);
    id_ = report->snapshot.id;
  }

  // By a machine that knows nothing.
  Result<Report> restore(storage::Backend& medium, const std::string& target,
                         const std::vector<Selection>& only = {}) {
    auto borrowed = std::make_unique<repository::Borrowed>(medium);
    const auto machine = "machine " + std::to_string(++machines_);
    const auto repository = TRY(place_.open_on(std::move(borrowed), "admin", machine));
    const auto snapshot = TRY(repository->open_snapshot(id_, place_.context()));
    PlanRequest request;
    request.destination.directory = at(target).string();
    request.only = only;
    auto plan = TRY(plan_restore(snapshot->info(), snapshot->sources(), request));
    TRY(check_targets(plan, {}, place_.context()));
    return run_restore(plan, *repository, *snapshot, place_.context());
  }
  Result<Report> restore(const std::string& target) {
    const auto medium = place_.medium();
    return restore(*medium, target);
  }

  fs::path at(const std::string& name) const { return folder_.path() / name; }
  TestPlace& place() { return place_; }

 private:
  void make_uploads() {
    fs::create_directories(at("live/uploads/2026/ab"));
    for (std::uint64_t i = 0; i < 6; ++i)
      write("live/uploads/2026/ab/" + std::to_string(i), repository::random_bytes(150'000, i));
    write("live/uploads/small", repository::wordy_bytes(300, 7));
    write("live/uploads/empty", {});
    fs::create_symlink("small", at("live/uploads/link"));
    fs::create_hard_link(at("live/uploads/small"), at("live/uploads/2026/hard"));
  }
  void write(const std::string& name, ByteView bytes) { ASSERT_TRUE(write_file(at(name), bytes)); }

  void make_database() {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(at("live/app.db").c_str(), &database), SQLITE_OK);
    constexpr auto* kText =
        "CREATE TABLE image(number INTEGER PRIMARY KEY, bytes BLOB);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
        "INSERT INTO image SELECT i, randomblob(1000) FROM n";
    EXPECT_EQ(sqlite3_exec(database, kText, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  backup::Request request() const {
    backup::Request request;
    request.service = "shop";
    request.config = Json::object();
    request.cache = at("cache");
    for (const auto& [name, type, path] : {std::tuple("db", "sqlite", "live/app.db"),
                                           std::tuple("uploads", "files", "live/uploads")}) {
      engine::SourceOptions source;
      source.name = name;
      source.type = type;
      source.path = at(path);
      request.sources.push_back(std::move(source));
    }
    return request;
  }

  ScratchDirectory folder_ = *ScratchDirectory::make();
  TestPlace place_;
  repository::SnapshotId id_;
  std::uint64_t machines_ = 0;
};

// A process of its own restores and ends at that call as by kill -9: no destructor of it runs.
// Returns whether it came to that call.
bool is_killed_at(Shop& shop, const storage::Fault& fault, const std::string& target,
                  const std::vector<Selection>& only = {}) {
  constexpr int kKilled = 9;
  constexpr unsigned kSeconds = 60;
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kSeconds);
    storage::FaultScript script;
    script.faults = {fault};
    script.on_kill = [] { ::_exit(kKilled); };
    const auto medium = shop.place().medium();
    storage::FaultBackend killing(std::make_unique<repository::Borrowed>(*medium), script);
    ::_exit(shop.restore(killing, target, only) ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "it hangs, or crashed: " << status;
  EXPECT_TRUE(WEXITSTATUS(status) == kKilled || WEXITSTATUS(status) == 0) << "it failed";
  return WEXITSTATUS(status) == kKilled;
}

class RestoreMatrix : public testing::TestWithParam<FaultKind> {
 protected:
  void SetUp() override {
    const auto medium = shop_.place().medium();
    storage::FaultBackend counted(std::make_unique<repository::Borrowed>(*medium), {});
    ASSERT_TRUE(shop_.restore(counted, "whole"));
    for (const auto call : {storage::Call::get, storage::Call::stat, storage::Call::list})
      calls_ += is_possible(GetParam(), call) ? counted.calls(call) : 0;
    EXPECT_EQ(counted.calls(storage::Call::put), 0U) << "a restore only reads";
    whole_ = tree_of(shop_.at("whole"));
    EXPECT_EQ(tree_of(shop_.at("whole/uploads")), tree_of(shop_.at("live/uploads")));
  }

  // One restore with the fault at this call and, where it failed, the next without.
  void play(std::uint64_t call, std::uint64_t seed) {
    const auto target = "target " + std::to_string(call);
    const auto medium = shop_.place().medium();
    storage::FaultScript script{.seed = seed};
    script.faults = {{GetParam(), std::nullopt, "", call}};
    storage::FaultBackend fault(std::make_unique<repository::Borrowed>(*medium), script);
    const auto done = shop_.restore(fault, target);
    SCOPED_TRACE("call " + std::to_string(call) + " seed " + std::to_string(seed) +
                 (done ? " done" : ": " + done.error().describe()));
    if (!done) expect_honest(shop_.at(target));
    if (!done) {
      const auto again = shop_.restore(target);
      ASSERT_TRUE(again) << again.error().describe();
    }
    EXPECT_EQ(tree_of(shop_.at(target)), whole_);
    ASSERT_TRUE(remove_tree(shop_.at(target)));
  }

  // Nothing was begun, or the target says that it has not ended. A database that is there is whole.
  void expect_honest(const fs::path& target) const {
    const auto tree = tree_of(target);
    EXPECT_TRUE(tree.empty() || tree.contains(std::string(kNoteName)));
    const auto database = tree.find("db.db");
    if (database != tree.end()) {
      EXPECT_EQ(database->second, whole_.at("db.db"));
    }
    if (fs::exists(target / "uploads" / kMarkerName)) return;
    for (const auto& [path, content] : tree)
      if (path.starts_with("uploads")) {
        EXPECT_EQ(content, whole_.at(path)) << path;
      }
  }

  Shop shop_;
  Tree whole_;
  std::uint64_t calls_ = 0;
};

TEST_P(RestoreMatrix, EndsWholeOrSaysThatItHasNotAndGoesOn) {
  // A restore has few calls, so that all of them are always played.
  for (std::uint64_t call = 1; call <= calls_; ++call) play(call, call);
}

// Those that reading can have. Here a process that was killed is a medium that is gone for good.
INSTANTIATE_TEST_SUITE_P(Calls, RestoreMatrix,
                         testing::Values(FaultKind::fail_before, FaultKind::fail_after,
                                         FaultKind::time_out, FaultKind::io_error,
                                         FaultKind::flip_bit, FaultKind::kill_before,
                                         FaultKind::kill_after),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

// Each in a process that does not live on: what it left is what a power cut or kill -9 leaves.
class KilledRestore : public RestoreMatrix {
 protected:
  void play_killed(std::uint64_t call) {
    SCOPED_TRACE("call " + std::to_string(call));
    const auto target = "killed " + std::to_string(call);
    // Of several threads the calls do not come in one order, nor in one number.
    if (is_killed_at(shop_, {GetParam(), std::nullopt, "", call}, target)) {
      ++killed_;
      expect_honest(shop_.at(target));
      const auto again = shop_.restore(target);
      ASSERT_TRUE(again) << again.error().describe();
    }
    EXPECT_EQ(tree_of(shop_.at(target)), whole_);
    ASSERT_TRUE(remove_tree(shop_.at(target)));
  }
  std::uint64_t killed_ = 0;
};

TEST_P(KilledRestore, SaysThatItHasNotEndedAndGoesOn) {
  constexpr std::uint64_t kPlayed = 12;  // of the calls, in CI
  const auto step = repository::plays_all() ? 1 : std::max<std::uint64_t>(1, calls_ / kPlayed);
  std::uint64_t played = 0;
  for (auto call = calls_; call > 0; call -= std::min(call, step), ++played) play_killed(call);
  EXPECT_GE(killed_ + 1, played) << "at most the last call may not have come";
}

INSTANTIATE_TEST_SUITE_P(Calls, KilledRestore,
                         testing::Values(FaultKind::kill_before, FaultKind::kill_after),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

// A table is cut out of the whole, which lies beside the target in plain text meanwhile.
TEST(KilledRestoreOfATable, LeavesNothingOnceTheNextHasEnded) {
  Shop shop;
  const std::vector<Selection> table{{"db", "image"}};
  storage::Fault fault{FaultKind::kill_after, storage::Call::get, "packs/", 1};
  ASSERT_TRUE(is_killed_at(shop, fault, "target", table));
  const auto is_aside = [](const auto& each) { return each.first.starts_with(".lifeboat-"); };
  EXPECT_TRUE(std::ranges::any_of(tree_of(shop.at("target")), is_aside)) << "nothing is shown";
  const auto medium = shop.place().medium();
  const auto again = shop.restore(*medium, "target", table);
  ASSERT_TRUE(again) << again.error().describe();
  const auto tree = tree_of(shop.at("target"));
  EXPECT_EQ(tree.size(), 1U);
  EXPECT_TRUE(tree.contains("db.db"));
}

// Where a mark would not be looked for, its absence would prove nothing.
TEST(RestoreMarks, AreThereInTheMiddleOfARestore) {
  Shop shop;
  std::atomic<bool> noted = false;
  std::atomic<bool> marked = false;
  shop.place().watch = [&](storage::Call, const std::string&) {
    if (fs::exists(shop.at("target") / kNoteName)) noted = true;
    if (fs::exists(shop.at("target/uploads") / kMarkerName)) marked = true;
  };
  ASSERT_TRUE(shop.restore("target"));
  shop.place().watch = {};
  EXPECT_TRUE(noted);
  EXPECT_TRUE(marked);
  EXPECT_FALSE(tree_of(shop.at("target")).contains(std::string(kNoteName)));
}

}  // namespace
}  // namespace lifeboat::restore
