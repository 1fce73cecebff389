#pragma once
// Objects in memory, for tests: the reference for what a medium does. Thread-safe.
#include <map>
#include <mutex>

#include "storage/open.h"

namespace lifeboat::storage {

// The objects themselves; backends opened on one store see each other's. Thread-safe.
class MemoryStore {
 public:
  struct Object {
    std::shared_ptr<const Bytes> bytes;
    Time stored_at;
  };

  Result<void> put(const Key& key, ByteView bytes, Time now);
  Result<Object> find(const Key& key) const;
  std::vector<ObjectInfo> list(const std::string& prefix) const;
  void remove(const Key& key);
  bool empty() const;

 private:
  mutable std::mutex guard_;  // for objects_; held for map operations only, never while bytes move
  std::map<Key, Object> objects_;
};

class MemoryBackend final : public Backend {
 public:
  MemoryBackend(std::shared_ptr<MemoryStore> store, const Clock& clock)
      : store_(std::move(store)), clock_(clock) {}
  // The process's store of that name, so that "memory:name" opened twice is one store.
  static Result<std::unique_ptr<Backend>> open(const std::string& name, OpenMode mode,
                                               const Clock& clock);

  Result<void> put(const Key& key, ByteView bytes) override;
  Result<void> get(const Key& key, Range range, Bytes& into) override;
  Result<ObjectInfo> stat(const Key& key) override;
  Result<void> list(const std::string& prefix, const Visitor& visit) override;
  Result<void> remove(const Key& key) override;
  Traits traits() const override;

 private:
  std::shared_ptr<MemoryStore> store_;
  const Clock& clock_;
};

}  // namespace lifeboat::storage
