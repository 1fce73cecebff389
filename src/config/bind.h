#pragma once
// Turns nodes that passed every check into a Config. Pure and thread-safe.
#include "config/config.h"

namespace lifeboat::config {

// Only for a document without errors; anything else is `internal`.
Result<Config> bind_config(Node document, const fs::path& file);

}  // namespace lifeboat::config
