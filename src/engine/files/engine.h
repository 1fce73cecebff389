#pragma once
// The files engine: whole folders with everything a file system keeps of them. Stateless.
#include "engine/engine.h"

namespace lifeboat::engine::files {

const Engine& files_engine();

}  // namespace lifeboat::engine::files
