#pragma once
// Folders that stay after a power loss. Thread-safe.
#include "base/file.h"

namespace lifeboat {

// As make_directories(); each that is new is durable with its entry in the one above.
Result<void> make_durable_directories(const fs::path& path);

}  // namespace lifeboat
