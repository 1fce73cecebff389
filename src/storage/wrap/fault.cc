#include "storage/wrap/fault.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace lifeboat::storage {
namespace {

constexpr std::array<std::string_view, 5> kCallNames{"put", "get", "stat", "list", "remove"};
constexpr std::array<std::string_view, 12> kFaultNames{
    "fail_before", "fail_after", "time_out",  "no_space",   "io_error",    "read_only",
    "torn_write",  "flip_bit",   "flip_sent", "stale_list", "kill_before", "kill_after"};

Failure lost() { return fail(Error(Code::unavailable, "injected: no answer").as_retryable()); }
Failure late() { return fail(Error(Code::timed_out, "injected: too late").as_retryable()); }

}  // namespace

std::string_view name_of(Call call) { return kCallNames.at(static_cast<std::size_t>(call)); }
std::string_view name_of(FaultKind kind) { return kFaultNames.at(static_cast<std::size_t>(kind)); }

bool is_possible(FaultKind kind, Call call) {
  switch (kind) {
    case FaultKind::torn_write:
    case FaultKind::no_space:
    case FaultKind::flip_sent:
      return call == Call::put;
    case FaultKind::read_only:
      return call == Call::put || call == Call::remove;
    case FaultKind::flip_bit:
      return call == Call::get;
    case FaultKind::stale_list:
      return call == Call::list;
    default:
      return true;
  }
}

FaultBackend::FaultBackend(std::unique_ptr<Backend> inner, FaultScript script)
    : inner_(std::move(inner)),
      on_kill_(std::move(script.on_kill)),
      atomic_(script.atomic),
      random_(script.seed) {
  for (auto& fault : script.faults) rules_.push_back({std::move(fault)});
}

Result<void> FaultBackend::put(const Key& key, ByteView bytes) {
  const auto outcome = TRY(begin(Call::put, key));
  if (outcome == FaultKind::torn_write) return tear(key, bytes);
  if (outcome) note_before(key);
  if (outcome == FaultKind::flip_sent)
    TRY(inner_->put(key, flipped(bytes)));
  else
    TRY(inner_->put(key, bytes));
  TRY(acknowledge(outcome));
  note_acknowledged(key, true);
  return {};
}

Result<void> FaultBackend::get(const Key& key, Range range, Bytes& into) {
  const auto outcome = TRY(begin(Call::get, key));
  TRY(inner_->get(key, range, into));
  if (outcome == FaultKind::flip_bit) into = flipped(into);
  return acknowledge(outcome);
}

Result<ObjectInfo> FaultBackend::stat(const Key& key) {
  const auto outcome = TRY(begin(Call::stat, key));
  auto info = TRY(inner_->stat(key));
  TRY(acknowledge(outcome));
  return info;
}

Result<void> FaultBackend::list(const std::string& prefix, const Visitor& visit) {
  const auto outcome = TRY(begin(Call::list, prefix));
  const auto hidden = outcome == FaultKind::stale_list ? newest_puts() : std::vector<Key>{};
  TRY(inner_->list(prefix, [&](const ObjectInfo& info) -> Result<void> {
    if (std::ranges::find(hidden, info.key) != hidden.end()) return {};
    return visit(info);
  }));
  return acknowledge(outcome);
}

Result<void> FaultBackend::remove(const Key& key) {
  const auto outcome = TRY(begin(Call::remove, key));
  if (outcome) note_before(key);
  TRY(inner_->remove(key));
  TRY(acknowledge(outcome));
  note_acknowledged(key, false);
  return {};
}

Result<void> FaultBackend::crash() {
  std::map<Key, std::optional<Bytes>> undo;
  {
    const std::lock_guard lock(guard_);
    undo.swap(before_);
  }
  for (const auto& [key, bytes] : undo) {
    TRY(inner_->remove(key));
    if (bytes) TRY(inner_->put(key, *bytes));
  }
  return {};
}

std::uint64_t FaultBackend::calls(Call call) const {
  const std::lock_guard lock(guard_);
  return calls_.at(static_cast<std::size_t>(call));
}

std::uint64_t FaultBackend::calls() const {
  const std::lock_guard lock(guard_);
  return std::accumulate(calls_.begin(), calls_.end(), std::uint64_t{0});
}

std::vector<std::string> FaultBackend::happened() const {
  const std::lock_guard lock(guard_);
  return happened_;
}

// Counts the call, chooses its fault, and lets happen what happens before the medium hears of it.
Result<FaultBackend::Outcome> FaultBackend::begin(Call call, const std::string& key) {
  Outcome outcome;
  {
    const std::lock_guard lock(guard_);
    if (killed_) return fail(Code::unavailable, "injected: the process was killed");
    ++calls_.at(static_cast<std::size_t>(call));
    outcome = choose(call, key);
  }
  if (outcome) TRY(stop_before(*outcome));
  return outcome;
}

FaultBackend::Outcome FaultBackend::choose(Call call, const std::string& key) {
  Outcome chosen;
  // Every rule counts every call that matches it, whichever rule is chosen.
  for (auto& rule : rules_) {
    if (!applies(rule, call, key) || chosen) continue;
    ++rule.happened;
    chosen = rule.fault.kind;
  }
  if (!chosen) return chosen;
  happened_.push_back(std::string(name_of(call)) + " " + key + ": " +
                      std::string(name_of(*chosen)));
  return chosen;
}

bool FaultBackend::applies(Rule& rule, Call call, const std::string& key) {
  const auto& fault = rule.fault;
  if (!is_possible(fault.kind, call) || (fault.call && fault.call != call)) return false;
  if (!key.starts_with(fault.prefix)) return false;
  ++rule.matched;
  if (rule.happened >= fault.times) return false;
  if (fault.at != 0) return rule.matched >= fault.at;
  constexpr std::uint64_t kScale = 1U << 30U;
  return static_cast<double>(draw(kScale)) < fault.probability * static_cast<double>(kScale);
}

Result<void> FaultBackend::stop_before(FaultKind kind) {
  switch (kind) {
    case FaultKind::fail_before:
      return lost();
    case FaultKind::time_out:  // before or after the call was done: both must be survived
      if (draw(2) == 0) return late();
      return {};
    case FaultKind::no_space:
      return fail(Code::no_space, "injected: no space left");
    case FaultKind::io_error:
      return fail(Code::io_error, "injected: input/output error");
    case FaultKind::read_only:
      return fail(Code::permission_denied, "injected: read-only");
    case FaultKind::kill_before:
      return kill();
    default:
      return {};
  }
}

Result<void> FaultBackend::acknowledge(Outcome outcome) {
  if (outcome == FaultKind::fail_after) return lost();
  if (outcome == FaultKind::time_out) return late();
  if (outcome == FaultKind::kill_after) return kill();
  return {};
}

Failure FaultBackend::kill() {
  {
    const std::lock_guard lock(guard_);
    killed_ = true;
  }
  if (on_kill_) on_kill_();
  return fail(Code::unavailable, "injected: the process was killed");
}

Bytes FaultBackend::flipped(ByteView bytes) {
  auto other = to_bytes(bytes);
  if (other.empty()) return other;
  const auto bit = draw(other.size() * 8);
  other[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  return other;
}

Result<void> FaultBackend::tear(const Key& key, ByteView bytes) {
  if (atomic_ || bytes.empty()) return lost();
  note_before(key);
  TRY(inner_->put(key, bytes.first(draw(bytes.size()))));
  return lost();
}

// Remembers what crash() goes back to: the state before the first call that was not acknowledged.
void FaultBackend::note_before(const Key& key) {
  auto bytes = get_whole(*inner_, key);
  const std::lock_guard lock(guard_);
  before_.try_emplace(key, bytes ? std::optional(std::move(*bytes)) : std::nullopt);
}

void FaultBackend::note_acknowledged(const Key& key, bool stored) {
  const std::lock_guard lock(guard_);
  before_.erase(key);
  if (stored) puts_.push_back(key);
}

std::vector<Key> FaultBackend::newest_puts() {
  const std::lock_guard lock(guard_);
  const auto count = std::min<std::size_t>(puts_.size(), 1 + draw(3));
  return {puts_.end() - static_cast<std::ptrdiff_t>(count), puts_.end()};
}

std::uint64_t FaultBackend::draw(std::uint64_t below) {
  std::uint64_t random = 0;
  const auto bytes = random_.array<sizeof random>();
  std::memcpy(&random, bytes.data(), sizeof random);
  return random % below;
}

}  // namespace lifeboat::storage
