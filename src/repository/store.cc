#include "repository/store.h"

#include <algorithm>

#include "crypto/hash.h"

namespace lifeboat::repository {

Result<std::vector<storage::ObjectInfo>> list_sorted(storage::Backend& backend,
                                                     const std::string& prefix) {
  std::vector<storage::ObjectInfo> objects;
  TRY(backend.list(prefix, [&](const storage::ObjectInfo& info) -> Result<void> {
    objects.push_back(info);
    return {};
  }));
  std::ranges::sort(objects, {}, &storage::ObjectInfo::key);
  return objects;
}

Result<Bytes> get_hashed(storage::Backend& backend, const storage::Key& key, std::size_t limit) {
  auto object = TRY_CONTEXT(key, storage::get_whole(backend, key, limit));
  const auto name = std::string_view(key).substr(key.rfind('/') + 1);
  if (crypto::sha256(object).hex() != name)
    return fail(Code::corrupt, key + ": the content does not have the hash it is named by");
  return object;
}

Result<std::string> put_hashed(storage::Backend& backend, std::string_view folder,
                               ByteView object) {
  auto hash = crypto::sha256(object).hex();
  TRY(backend.put(std::string(folder) + hash, object));
  return hash;
}

Result<void> require_role(const Store& store, std::initializer_list<Role> allowed,
                          std::string_view what) {
  if (std::ranges::find(allowed, store.keys.role) != allowed.end()) return {};
  return fail(Error(Code::wrong_key, "this key (\"" + store.keys.name + "\", role " +
                                         std::string(name_of(store.keys.role)) + ") may not " +
                                         std::string(what))
                  .with_hint("Use a key of a role that may; `lifeboat key list` names them."));
}

}  // namespace lifeboat::repository
