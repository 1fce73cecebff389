#pragma once
// For this room's tests: a medium in memory whose objects can be damaged and whose puts can be made
// to fail, and a role's keys. Thread-safe.
#include <atomic>
#include <map>
#include <mutex>

#include "base/test_context.h"
#include "repository/keys.h"
#include "storage/backend.h"

namespace lifeboat::repository {

class TestStore final : public storage::Backend {
 public:
  Result<void> put(const storage::Key& key, ByteView bytes) override {
    const std::lock_guard lock(guard_);
    if (puts_left == 0) return fail(Code::io_error, "no more puts");
    if (puts_left > 0) --puts_left;
    const auto [at, fresh] = objects.try_emplace(key, to_bytes(bytes));
    if (fresh || std::ranges::equal(at->second, bytes)) return {};
    return fail(Code::exists, key);
  }
  Result<void> get(const storage::Key& key, storage::Range range, Bytes& into) override {
    const std::lock_guard lock(guard_);
    const auto at = objects.find(key);
    if (at == objects.end()) return fail(Code::not_found, key);
    ++gets;
    const ByteView all = at->second;
    if (range.offset > all.size()) return fail(Code::corrupt, key + " ends too early");
    const auto part = all.subspan(range.offset);
    into = to_bytes(part.first(std::min<std::uint64_t>(part.size(), range.length)));
    return {};
  }
  Result<storage::ObjectInfo> stat(const storage::Key& key) override {
    const std::lock_guard lock(guard_);
    const auto at = objects.find(key);
    if (at == objects.end()) return fail(Code::not_found, key);
    return storage::ObjectInfo{key, at->second.size(), {}};
  }
  Result<void> list(const std::string& prefix, const Visitor& visit) override {
    std::vector<storage::ObjectInfo> found;
    {
      const std::lock_guard lock(guard_);
      for (const auto& [key, bytes] : objects)
        if (key.starts_with(prefix)) found.push_back({key, bytes.size(), {}});
    }
    for (const auto& info : found) TRY(visit(info));
    return {};
  }
  Result<void> remove(const storage::Key& key) override {
    const std::lock_guard lock(guard_);
    objects.erase(key);
    return {};
  }
  storage::Traits traits() const override { return {"memory", pack_size, 4}; }

  std::vector<std::string> keys(const std::string& prefix) const {
    std::vector<std::string> found;
    for (const auto& [key, bytes] : objects)
      if (key.starts_with(prefix)) found.push_back(key);
    return found;
  }

  std::map<std::string, Bytes> objects;
  std::size_t pack_size = 4U << 20U;
  int puts_left = -1;  // -1: they never fail
  std::atomic<int> gets = 0;

 private:
  std::mutex guard_;
};

inline RoleKeys test_keys(Random& random, Role role = Role::admin) {
  const RoleGrant grant{{}, Bytes(32), role, "test", {}};
  return *grant_role(Secret(Bytes(32, 9)), grant, random);
}

// One session key for every session, unless another is set.
class TestSessions final : public SessionKeys {
 public:
  Result<std::shared_ptr<const Secret>> find(const SessionRef&) override {
    return std::make_shared<const Secret>(key);
  }
  Bytes key = Bytes(32, 5);
};

inline Bytes random_bytes(std::size_t size, std::uint64_t seed = 1) {
  Bytes bytes(size);
  SeededRandom(seed).fill(bytes);
  return bytes;
}

// Compresses to about half, like text.
inline Bytes wordy_bytes(std::size_t size, std::uint64_t seed) {
  auto bytes = random_bytes(size, seed);
  for (auto& byte : bytes) byte &= 15U;
  return bytes;
}

}  // namespace lifeboat::repository
