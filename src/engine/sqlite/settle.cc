#include "engine/sqlite/settle.h"

#include "engine/sqlite/connection.h"
#include "engine/sqlite/database_file.h"

namespace lifeboat::engine::sqlite {
namespace {

// What cannot be read of a source is a matter of rights; of a copy of ours it is the copy.
Result<DatabaseFile> look_at_copy(const std::string& path) {
  auto file = look_at(path);
  if (file || file.error().code() != Code::source_unreadable) return file;
  return fail(Error(Code::damage_found, file.error().message())
                  .with_hint(std::string(file.error().hint())));
}

}  // namespace

Result<bool> settle(const std::string& path) {
  const auto file = TRY(look_at_copy(path));
  const bool has_journal = file.journal && file.journal->stamp.size > 0;
  if (!file.has_wal_content() && !has_journal) return false;
  OpenOptions options;
  options.path = file.path;
  options.mode = OpenOptions::Mode::last;
  {
    const auto connection = TRY(Connection::open(options));
    TRY(connection.number("SELECT count(*) FROM main.sqlite_schema"));
    if (file.has_wal_content()) TRY(connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)"));
  }
  // What the -wal held is in the database now, or it was none of its own.
  if (TRY(look_at_copy(path)).has_wal_content())
    return fail(Code::damage_found, path + "-wal does not belong to the database beside it");
  return true;
}

}  // namespace lifeboat::engine::sqlite
