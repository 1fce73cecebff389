#pragma once
// A copy of a database in rollback-journal mode, made while writers wait, so that they wait for one
// plain copy only and not for the whole backup. The file goes away with the scratch directory it is
// in.
#include "base/run_context.h"
#include "engine/sqlite/database_file.h"

namespace lifeboat::engine::sqlite {

// What must be free in the scratch directory for a copy of that many bytes.
std::uint64_t space_for_copy(std::uint64_t size);

// The copy's path inside `scratch`. `busy` when a writer does not let go in time, `no_space` before
// anything is copied when it cannot fit, `source_changed`
// when the database is in WAL mode by now: its file alone would not be all of it.
Result<std::string> make_short_copy(const DatabaseFile& file, const fs::path& scratch,
                                    Duration patience, const RunContext& context);

}  // namespace lifeboat::engine::sqlite
