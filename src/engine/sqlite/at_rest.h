#pragma once
// Leaves a WAL database that nobody had open as it was found. Opening it makes a -wal and a -shm,
// and whoever may only read leaves them there: litter beside somebody's database, and the next look
// at a copy that lacks its -wal would find one. One thread.
#include <string>

#include "engine/sqlite/database_file.h"

namespace lifeboat::engine::sqlite {

class AtRest {
 public:
  // Before the first connection.
  explicit AtRest(const DatabaseFile& file);
  // After the last one: SQLite itself takes the files away, unless another program came meanwhile.
  ~AtRest();
  AtRest(const AtRest&) = delete;
  AtRest& operator=(const AtRest&) = delete;

 private:
  std::string path_;  // empty when there is nothing to do
};

}  // namespace lifeboat::engine::sqlite
