#include "engine/sqlite/at_rest.h"

#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

AtRest::AtRest(const DatabaseFile& file) {
  if (file.header.wal && !file.wal && !file.shared_memory) path_ = file.path;
}

// A connection that may write, that reads once, and that is closed as the last one. Where it cannot
// be had the files stay, which harms nobody.
AtRest::~AtRest() {
  if (path_.empty()) return;
  OpenOptions options;
  options.path = path_;
  options.mode = OpenOptions::Mode::last;
  options.patience = Duration{0};
  const auto connection = Connection::open(options);
  if (connection) (void)connection->number("SELECT count(*) FROM main.sqlite_schema");
}

}  // namespace lifeboat::engine::sqlite
