#pragma once
// What every part of an open repository works with: the medium, the role's keys, and where this
// machine remembers. Made once by open or create; thread-safe because nothing in it changes.
#include <filesystem>
#include <memory>

#include "repository/config_object.h"
#include "repository/keys.h"
#include "storage/backend.h"

namespace lifeboat::repository {

struct Store {
  std::unique_ptr<storage::Backend> backend;
  Options options;
  ConfigObject config;
  RoleKeys keys;
  std::string slot_id;          // the key slot it was opened with
  std::filesystem::path cache;  // of this repository; empty when options.cache is
};

// All objects under the prefix, in the order of their names.
Result<std::vector<storage::ObjectInfo>> list_sorted(storage::Backend& backend,
                                                     const std::string& prefix);
// The object `folder + <hash>`, whole; `corrupt` when its bytes do not have that hash.
Result<Bytes> get_hashed(storage::Backend& backend, const storage::Key& key, std::size_t limit);
// Stores the object as `folder + <hash of the bytes>` and returns that hash in hex.
Result<std::string> put_hashed(storage::Backend& backend, std::string_view folder, ByteView object);

// `wrong_key` saying that this key may not do "what", unless its role is one of these.
Result<void> require_role(const Store& store, std::initializer_list<Role> allowed,
                          std::string_view what);

}  // namespace lifeboat::repository
