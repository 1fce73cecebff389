#pragma once
// The engine for SQLite databases. Stateless, thread-safe.
#include "engine/engine.h"

namespace lifeboat::engine::sqlite {

const Engine& sqlite_engine();

}  // namespace lifeboat::engine::sqlite
