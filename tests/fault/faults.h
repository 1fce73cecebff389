#pragma once
// What the matrices share: which faults there are, how many seeds are played, and a medium that
// misbehaves while somebody else owns it. For tests/fault only.
#include <cstdlib>

#include "repository/test_repository.h"

namespace lifeboat::repository {

constexpr std::uint64_t kSampled = 4;  // seeds of each cell in CI

// That are told or kill. What the medium does silently to what it stores has tests of its own.
constexpr storage::FaultKind kFaults[] = {
    storage::FaultKind::fail_before, storage::FaultKind::fail_after,
    storage::FaultKind::time_out,    storage::FaultKind::no_space,
    storage::FaultKind::io_error,    storage::FaultKind::torn_write,
    storage::FaultKind::flip_bit,    storage::FaultKind::stale_list,
    storage::FaultKind::kill_before, storage::FaultKind::kill_after};

inline bool plays_all() {
  const char* all = std::getenv("LIFEBOAT_FAULT");
  return all != nullptr && std::string_view(all) == "all";
}

// `all` of them, a sample, or the one that is to be played again.
inline std::vector<std::uint64_t> seeds(std::uint64_t all, std::uint64_t sampled = kSampled) {
  if (const char* one = std::getenv("LIFEBOAT_FAULT_SEED"))
    return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> list(plays_all() ? all : sampled);
  for (std::uint64_t i = 0; i < list.size(); ++i) list[i] = i + 1;
  return list;
}

// Outlives whoever fails to open a repository on it, to be asked what happened.
class Borrowed final : public storage::Backend {
 public:
  explicit Borrowed(storage::Backend& lender) : lender_(lender) {}
  Result<void> put(const storage::Key& key, ByteView bytes) override {
    return lender_.put(key, bytes);
  }
  Result<void> get(const storage::Key& key, storage::Range range, Bytes& into) override {
    return lender_.get(key, range, into);
  }
  Result<storage::ObjectInfo> stat(const storage::Key& key) override { return lender_.stat(key); }
  Result<void> list(const std::string& prefix, const Visitor& visit) override {
    return lender_.list(prefix, visit);
  }
  Result<void> remove(const storage::Key& key) override { return lender_.remove(key); }
  storage::Traits traits() const override { return lender_.traits(); }

 private:
  storage::Backend& lender_;
};

}  // namespace lifeboat::repository
