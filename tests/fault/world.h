#pragma once
// What the matrices play in: a repository with a little history, a phase of its life to be run on a
// medium that misbehaves, and what must be true afterwards. For tests/fault only; for one thread.
#include <set>

#include "fault/faults.h"
#include "storage/wrap/retry.h"

namespace lifeboat::repository {

constexpr storage::Call kCalls[] = {storage::Call::put, storage::Call::get, storage::Call::stat,
                                    storage::Call::list, storage::Call::remove};

enum class Phase : std::uint8_t { backup, commit, forget, prune, move, verify, restore };

constexpr Phase kPhases[] = {Phase::backup, Phase::commit, Phase::forget, Phase::prune,
                             Phase::move,   Phase::verify, Phase::restore};

inline std::string name_of(Phase phase) {
  constexpr std::string_view kNames[] = {"backup", "commit", "forget", "prune",
                                         "move",   "verify", "restore"};
  return std::string(kNames[static_cast<std::size_t>(phase)]);
}

// A repository with a little history, and what its snapshots must hold.
class World {
 public:
  World(Phase phase, std::uint64_t seed) : phase_(phase), random_(seed) {
    auto made = place_.create();
    if (!made) ADD_FAILURE() << made.error().describe();
    const auto count = 2 + below(2);
    for (std::uint64_t version = 0; version < count; ++version) add_snapshot(**made, version);
    say_something(**made);
    if (phase == Phase::prune || phase == Phase::move) forget_oldest();
  }

  std::uint64_t below(std::uint64_t limit) {
    std::uint64_t number = 0;
    for (const auto byte : random_.array<8>()) number = number << 8U | byte;
    return number % limit;
  }

  // Runs the phase on a medium with the faults; what is reported done is remembered as promised.
  Result<void> run(storage::FaultScript script, bool power_fails) {
    storage::FaultBackend fault(place_.medium(), std::move(script));
    const auto done = open_and_act(fault);
    happened_ = fault.happened();
    for (const auto call : kCalls) calls_[call] = fault.calls(call);
    if (power_fails && fault.crash()) happened_.emplace_back("the power failed");
    return done;
  }

  // What may pass is tried again, as in the product.
  Result<void> run_patiently(storage::FaultScript script) {
    patient_ = true;
    auto done = run(std::move(script), false);
    patient_ = false;
    return done;
  }

  // A prune that died as soon as its plan was there.
  void leave_a_collection() {
    forget_oldest();
    storage::FaultBackend dying(
        place_.medium(),
        {.faults = {{storage::FaultKind::kill_after, storage::Call::put, "collect/", 1}}});
    const auto phase = std::exchange(phase_, Phase::prune);
    EXPECT_FALSE(open_and_act(dying));
    phase_ = phase;
    EXPECT_EQ(place_.keys("collect/").size(), 1U);
  }

  Result<void> open_and_act(storage::Backend& medium) {
    std::unique_ptr<storage::Backend> backend = std::make_unique<Borrowed>(medium);
    if (patient_)
      backend = std::make_unique<storage::RetryBackend>(std::move(backend), storage::RetryLimits{},
                                                        place_.test.clock, place_.test.random);
    const auto repository = TRY(place_.open_on(std::move(backend), "admin", "admin"));
    return act(*repository);
  }

  Result<void> act(Repository& repository) {
    const auto& context = place_.context();
    switch (phase_) {
      case Phase::backup:
      case Phase::commit: {
        const auto files = contents(9);
        const auto made = TRY(back_up(repository, files, context));
        promised_[made.id] = files;
        return {};
      }
      case Phase::forget:
        return forget_once(repository);
      case Phase::prune:
      case Phase::move:
        TRY(repository.prune({.move_above_percent = 10}, context));
        return {};
      case Phase::verify:
        return judge(TRY(repository.check(CheckDepth::contents, context)));
      case Phase::restore:
        return read_all(repository);
    }
    return {};
  }

  // Everything promised reads back, from a machine that knows nothing as from this one.
  void expect_whole(const std::string& machine) {
    const auto repository = place_.open("admin", machine);
    ASSERT_OK(repository);
    const auto list = (*repository)->snapshots(place_.context());
    ASSERT_OK(list);
    for (const auto& [id, files] : promised_) {
      if (may_be_forgotten(id, *list)) continue;
      const auto read = read_back(**repository, id, place_.context());
      ASSERT_TRUE(read) << read.error().describe();
      EXPECT_EQ(*read, files) << "wrong bytes";
    }
    // A snapshot that shows itself is whole, whether or not it was reported done.
    for (const auto& each : list->snapshots)
      ASSERT_OK(read_back(**repository, each.id, place_.context()));
  }

  void expect_no_complaints() {
    const auto repository = place_.open("admin", "verifier");
    ASSERT_OK(repository);
    const auto report = (*repository)->check(CheckDepth::contents, place_.context());
    ASSERT_OK(report);
    ASSERT_OK(judge(*report));
  }

  // After damage: what cannot be read says so, and so does the check. A newest snapshot that was
  // removed looks to a stranger like a backup that still runs, until its patience is over.
  void expect_honest() {
    if (reads_everything("stranger")) return;
    EXPECT_TRUE(complains("admin")) << "who saw it whole sees nothing";
    if (complains("stranger")) return;
    place_.test.clock.advance(std::chrono::hours(24 * 365));
    EXPECT_TRUE(complains("stranger")) << "a stranger never sees anything";
  }

  // Those of the promised snapshots that can be read; what can be read must be right.
  std::set<SnapshotId> read_promised(const std::string& machine) {
    std::set<SnapshotId> readable;
    const auto repository = place_.open("admin", machine);
    if (!repository) return readable;
    for (const auto& [id, files] : promised_) {
      const auto read = read_back(**repository, id, place_.context());
      if (!read) continue;
      readable.insert(id);
      EXPECT_EQ(*read, files) << "wrong bytes";
    }
    return readable;
  }

  // Of these, without the one that the phase has forgotten.
  std::set<SnapshotId> without_forgotten(std::set<SnapshotId> snapshots) const {
    if (forgot_) snapshots.erase(promised_.begin()->first);
    return snapshots;
  }

  TestPlace& place() { return place_; }
  const std::vector<std::string>& happened() const { return happened_; }
  // Of those that can have this fault.
  std::uint64_t calls(storage::FaultKind kind) const {
    std::uint64_t sum = 0;
    for (const auto& [call, count] : calls_) sum += is_possible(kind, call) ? count : 0;
    return sum;
  }

 private:
  bool reads_everything(const std::string& machine) {
    const auto readable = read_promised(machine);
    return std::ranges::all_of(promised_, [&](const auto& each) {
      return readable.contains(each.first) || (forgot_ && each.first == promised_.begin()->first);
    });
  }

  bool complains(const std::string& machine) {
    const auto repository = place_.open("admin", machine);
    if (!repository) return true;
    const auto report = (*repository)->check(CheckDepth::contents, place_.context());
    return !report || !report->findings.empty();
  }

  // That a clock went back is worth a word, and no damage.
  static Result<void> judge(const CheckReport& report) {
    for (const auto& each : report.findings)
      if (each.code != "clock-backwards")
        return fail(Code::damage_found, each.code + " " + each.subject + ": " + each.message);
    if (report.damaged_snapshots.empty()) return {};
    return fail(Code::damage_found, "a damaged snapshot, and no word about why");
  }

  // Where the answer to the first try was lost, the second finds that it has gone.
  Result<void> forget_once(Repository& repository) {
    const bool again = std::exchange(tried_, true);
    auto done = repository.forget(promised_.begin()->first, "test", place_.context());
    forgot_ = forgot_ || done;
    if (again && !done && done.error().code() == Code::not_found) return {};
    return done;
  }

  Contents contents(std::uint64_t version) {
    if (phase_ != Phase::prune) return some_files(version);
    Contents files;  // nothing in common with other versions
    for (std::uint64_t i = 0; i < 3; ++i)
      files["file" + std::to_string(i)] = random_bytes(270'000, 1000 * version + i);
    return files;
  }

  void add_snapshot(Repository& repository, std::uint64_t version) {
    const auto files = contents(version);
    place_.test.clock.advance(std::chrono::hours(1));
    const auto made = back_up(repository, files, place_.context());
    ASSERT_OK(made);
    promised_[made->id] = files;
    if (version == 0) oldest_ = made->id;
  }

  void say_something(Repository& repository) {
    const Json body{{"snapshot", oldest_.hex()}, {"text", "the oldest"}};
    ASSERT_OK(repository.add_statement("note", body, place_.context()));
  }

  void forget_oldest() {
    const auto repository = place_.open("admin");
    ASSERT_OK(repository);
    ASSERT_OK((*repository)->forget(oldest_, "test", place_.context()));
    promised_.erase(oldest_);
  }

  bool may_be_forgotten(const SnapshotId& id, const SnapshotList& list) const {
    const auto listed = [&](const auto& each) { return each.id == id; };
    return phase_ == Phase::forget && id == promised_.begin()->first &&
           std::ranges::none_of(list.snapshots, listed);
  }

  Result<void> read_all(Repository& repository) {
    for (const auto& [id, files] : promised_)
      if (TRY(read_back(repository, id, place_.context())) != files)
        return fail(Code::internal, "wrong bytes");
    return {};
  }

  Phase phase_;
  SeededRandom random_;
  TestPlace place_;
  std::map<SnapshotId, Contents> promised_;
  SnapshotId oldest_;
  bool patient_ = false;
  bool tried_ = false;   // to forget
  bool forgot_ = false;  // and was told that it is done
  std::vector<std::string> happened_;
  std::map<storage::Call, std::uint64_t> calls_;
};

inline std::string story(const World& world) {
  std::string text;
  for (const auto& each : world.happened()) text += "\n  " + each;
  return text;
}

// Where in the phase a fault may happen: a commit's calls are its last ones.
inline std::uint64_t places_in(Phase phase, std::uint64_t calls) {
  return phase == Phase::commit ? std::min<std::uint64_t>(calls, 8) : calls;
}

}  // namespace lifeboat::repository
