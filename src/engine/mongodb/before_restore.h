#pragma once
// What there is to know of a place, and to mend, before a restore changes it. Functions are
// thread-safe.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

// What the server at the place would lose: kOlderServer alone says that it is older than the one
// that was backed up, whatever that comes to. `unsupported_format` and `corrupt` as
// decode_catalog() says, `usage` and `refused` as check_renames() and check_free().
Result<std::vector<Finding>> losses_at(const std::string& place, const Brought& brought);

// Puts back the validators that an interrupted restore or import of this place had set aside.
Result<std::vector<Finding>> recover_place(const TargetOptions& options);

}  // namespace lifeboat::engine::mongodb
