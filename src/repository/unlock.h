#pragma once
// Finds the key slot that a credential opens, and says why none does. Pure but for reading storage.
#include "repository/config_object.h"
#include "repository/keys.h"

namespace lifeboat::storage {
class Backend;
}

namespace lifeboat::repository {

struct Unlocked {
  RoleKeys keys;
  std::string slot_id;
};

// `wrong_key` when no slot opens; `corrupt` when the slots or the config are damaged.
Result<Unlocked> unlock(storage::Backend& backend, const ConfigObject& config,
                        const Credential& credential);

}  // namespace lifeboat::repository
