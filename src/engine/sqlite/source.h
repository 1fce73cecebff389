#pragma once
// Reads one database as of one moment: its pages and its facts come from the same read transaction.
#include "engine/engine.h"

namespace lifeboat::engine::sqlite {

inline constexpr Duration kLockPatience = std::chrono::seconds(10);

// `patience`: how long to wait for a writer's lock before `busy`.
std::unique_ptr<Source> make_source(const SourceOptions& options,
                                    Duration patience = kLockPatience);

// How a database can be read without blocking or endangering its application.
enum class Access : std::uint8_t {
  transaction,  // WAL mode: a read transaction, writers go on
  copy,         // rollback journal: a short copy while writers wait, then everything from the copy
  quiet,        // WAL mode, but nobody has it open and SQLite's own files cannot be made beside it:
                // read without locks, and checked afterwards that nobody wrote
};
struct DatabaseFile;
// `source_unreadable` when none of them is possible.
Result<Access> choose_access(const DatabaseFile& file);

}  // namespace lifeboat::engine::sqlite
