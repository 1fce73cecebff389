#pragma once
// Passes everything on to the system's files and remembers page 1 as SQLite last read it from the
// database or its -wal. The backup API rewrites counters in that page, so this is the only way to
// its true bytes. For one connection; one thread at a time.
#include "base/bytes.h"
#include "engine/sqlite/pace.h"
#include "engine/sqlite/vfs.h"

namespace lifeboat::engine::sqlite {

class PageOneVfs final : public Vfs {
 public:
  PageOneVfs();
  // All reading of the database and its -wal from now on: its pages, and its rows for the facts.
  void limit_reading(std::uint64_t bytes_per_second) { pace_ = Pace(bytes_per_second); }
  // As of the last transaction begun; empty before the first.
  ByteView last_page_one() const { return page_one_; }

 private:
  friend struct WatchedFile;
  int open_file(const char* path, sqlite3_file* file, int flags, int* out_flags) override;
  Bytes page_one_;
  Pace pace_;
};

}  // namespace lifeboat::engine::sqlite
