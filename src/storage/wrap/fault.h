#pragma once
// A Backend that misbehaves as a script says, for tests and the fault matrix. The script is data
// and its seed decides every chance, so a failure is played again from what was printed.
// Thread-safe.
#include <array>
#include <map>
#include <mutex>

#include "base/random.h"
#include "storage/backend.h"

namespace lifeboat::storage {

enum class Call : std::uint8_t { put, get, stat, list, remove };
std::string_view name_of(Call call);

enum class FaultKind : std::uint8_t {
  fail_before,  // nothing reached the medium: `unavailable`, retryable
  fail_after,   // the medium did it and the answer was lost: `unavailable`, retryable
  time_out,     // done or not, nobody knows: `timed_out`, retryable
  no_space,     // nothing reached the medium: `no_space`
  io_error,     // nothing reached the medium: `io_error`
  read_only,    // a put or a remove is refused: `permission_denied`
  torn_write,   // a put broke off: `unavailable`, retryable; see FaultScript::atomic
  flip_bit,     // a get gives one wrong bit and says nothing
  flip_sent,    // a put stores one wrong bit and says nothing: bad memory on the way
  stale_list,   // a list lacks the newest one to three puts and says nothing
  kill_before,  // the process ends before the medium hears of the call
  kill_after,   // the process ends after the medium did it
};
std::string_view name_of(FaultKind kind);
// A fault that a call cannot have does not use up its turn on it.
bool is_possible(FaultKind kind, Call call);

struct Fault {
  FaultKind kind = FaultKind::fail_before;
  std::optional<Call> call{};  // none: every kind of call
  std::string prefix{};        // only keys (of lists: prefixes) that begin so
  std::uint64_t at = 0;        // from this matching call on, counted from 1; 0: by probability
  double probability = 0;      // used where `at` is 0
  std::uint64_t times = 1;     // how often it happens at most
};

struct FaultScript {
  std::uint64_t seed = 1;
  std::vector<Fault> faults{};      // the first that applies to a call happens
  std::function<void()> on_kill{};  // may _exit; where it returns, every later call fails
  bool atomic = true;               // false: a torn write leaves its first part under the key
};

class FaultBackend final : public Backend {
 public:
  FaultBackend(std::unique_ptr<Backend> inner, FaultScript script);

  Result<void> put(const Key& key, ByteView bytes) override;
  Result<void> get(const Key& key, Range range, Bytes& into) override;
  Result<ObjectInfo> stat(const Key& key) override;
  Result<void> list(const std::string& prefix, const Visitor& visit) override;
  Result<void> remove(const Key& key) override;
  Traits traits() const override { return inner_->traits(); }

  // The power fails: puts and removes that were never acknowledged are undone in the medium. To see
  // the other outcome, do not call it.
  Result<void> crash();

  std::uint64_t calls(Call call) const;
  std::uint64_t calls() const;
  // What happened so far, for messages: "put packs/ab/abc: fail_after".
  std::vector<std::string> happened() const;

 private:
  struct Rule {
    Fault fault;
    std::uint64_t matched = 0;
    std::uint64_t happened = 0;
  };
  using Outcome = std::optional<FaultKind>;  // what is still to happen during or after the call

  Result<Outcome> begin(Call call, const std::string& key);
  Outcome choose(Call call, const std::string& key);
  bool applies(Rule& rule, Call call, const std::string& key);
  Result<void> stop_before(FaultKind kind);
  Result<void> acknowledge(Outcome outcome);
  Failure kill();
  Result<void> tear(const Key& key, ByteView bytes);
  Bytes flipped(ByteView bytes);
  void note_before(const Key& key);
  void note_acknowledged(const Key& key, bool stored);
  std::vector<Key> newest_puts();
  std::uint64_t draw(std::uint64_t below);

  std::unique_ptr<Backend> inner_;
  const std::function<void()> on_kill_;
  const bool atomic_;
  mutable std::mutex guard_;  // for everything below; never held while the medium works
  SeededRandom random_;
  std::vector<Rule> rules_;
  std::array<std::uint64_t, 5> calls_{};
  std::vector<std::string> happened_;
  std::vector<Key> puts_;                       // in the order they were acknowledged
  std::map<Key, std::optional<Bytes>> before_;  // of what is not acknowledged: as it was
  bool killed_ = false;
};

}  // namespace lifeboat::storage
