#pragma once
// Rebuilds one database file: its pages land in `<name>.lifeboat-partial` beside the place, which
// becomes the database by one rename when all of it is durable.
#include "engine/engine.h"

namespace lifeboat::engine::sqlite {

std::unique_ptr<Target> make_target(const TargetOptions& options);

}  // namespace lifeboat::engine::sqlite
