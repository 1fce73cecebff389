#pragma once
// Backups that other tools make, as a kind of source: examined and recognized here, brought by
// bring.h, never taken. Stateless.
#include "engine/engine.h"

namespace lifeboat::engine::foreign {

const Engine& foreign_engine();

}  // namespace lifeboat::engine::foreign
