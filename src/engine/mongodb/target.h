#pragma once
// Fills one database: collections with their options first, then their documents, then the log,
// then indexes, and views last. Whatever the server does not take ends the restore.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

std::unique_ptr<Target> make_target(const TargetOptions& options);

}  // namespace lifeboat::engine::mongodb
