#include "storage/memory/memory_backend.h"

#include "storage/limits.h"

namespace lifeboat::storage {
namespace {

// The named stores live as long as the process, as a directory outlives the program that wrote it.
class NamedStores {
 public:
  Result<std::shared_ptr<MemoryStore>> open(const std::string& name, OpenMode mode) {
    const std::lock_guard lock(guard_);
    const auto found = stores_.find(name);
    const bool there = found != stores_.end();
    if (mode == OpenMode::existing && !there)
      return fail(Code::not_found, "there is no memory store \"" + name + "\"");
    if (mode == OpenMode::create && there && !found->second->empty())
      return fail(Code::exists, "the memory store \"" + name + "\" holds something already");
    if (there) return found->second;
    return stores_[name] = std::make_shared<MemoryStore>();
  }

 private:
  std::mutex guard_;  // for stores_
  std::map<std::string, std::shared_ptr<MemoryStore>> stores_;
};

NamedStores& named_stores() {
  static NamedStores stores;
  return stores;
}

}  // namespace

Result<void> MemoryStore::put(const Key& key, ByteView bytes, Time now) {
  auto copy = std::make_shared<const Bytes>(to_bytes(bytes));
  std::shared_ptr<const Bytes> present;
  {
    const std::lock_guard lock(guard_);
    const auto [place, is_new] = objects_.try_emplace(key, Object{copy, now});
    if (is_new) return {};
    present = place->second.bytes;
  }
  if (*present == *copy) return {};
  return fail(Code::exists, key + " is there already with other contents");
}

Result<MemoryStore::Object> MemoryStore::find(const Key& key) const {
  const std::lock_guard lock(guard_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return fail(Code::not_found, "there is no object " + key);
  return found->second;
}

std::vector<ObjectInfo> MemoryStore::list(const std::string& prefix) const {
  const std::lock_guard lock(guard_);
  std::vector<ObjectInfo> infos;
  for (auto at = objects_.lower_bound(prefix); at != objects_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    infos.push_back({at->first, at->second.bytes->size(), at->second.stored_at});
  }
  return infos;
}

void MemoryStore::remove(const Key& key) {
  const std::lock_guard lock(guard_);
  objects_.erase(key);
}

bool MemoryStore::empty() const {
  const std::lock_guard lock(guard_);
  return objects_.empty();
}

Result<std::unique_ptr<Backend>> MemoryBackend::open(const std::string& name, OpenMode mode,
                                                     const Clock& clock) {
  return std::make_unique<MemoryBackend>(TRY(named_stores().open(name, mode)), clock);
}

Result<void> MemoryBackend::put(const Key& key, ByteView bytes) {
  TRY(check_key(key));
  TRY(check_size(key, bytes));
  return store_->put(key, bytes, clock_.now());
}

Result<void> MemoryBackend::get(const Key& key, Range range, Bytes& into) {
  TRY(check_key(key));
  const auto object = TRY(store_->find(key));
  const auto length = TRY(cut_range(key, range, object.bytes->size()));
  const auto begin = object.bytes->begin() + static_cast<std::ptrdiff_t>(range.offset);
  into.assign(begin, begin + static_cast<std::ptrdiff_t>(length));
  return {};
}

Result<ObjectInfo> MemoryBackend::stat(const Key& key) {
  TRY(check_key(key));
  const auto object = TRY(store_->find(key));
  return ObjectInfo{key, object.bytes->size(), object.stored_at};
}

Result<void> MemoryBackend::list(const std::string& prefix, const Visitor& visit) {
  TRY(check_prefix(prefix));
  for (const auto& info : store_->list(prefix)) TRY(visit(info));
  return {};
}

Result<void> MemoryBackend::remove(const Key& key) {
  TRY(check_key(key));
  store_->remove(key);
  return {};
}

Traits MemoryBackend::traits() const { return Traits{.description = "memory"}; }

}  // namespace lifeboat::storage
