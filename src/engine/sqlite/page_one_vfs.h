#pragma once
// Passes everything on to the system's files and remembers page 1 as SQLite last read it from the
// database or its -wal. The backup API rewrites counters in that page, so this is the only way to
// its true bytes. For one connection; one thread at a time.
#include "base/bytes.h"
#include "engine/sqlite/vfs.h"

namespace lifeboat::engine::sqlite {

class PageOneVfs final : public Vfs {
 public:
  PageOneVfs();
  // As of the last transaction begun; empty before the first.
  ByteView last_page_one() const { return page_one_; }

 private:
  friend struct WatchedFile;
  int open_file(const char* path, sqlite3_file* file, int flags, int* out_flags) override;
  Bytes page_one_;
};

}  // namespace lifeboat::engine::sqlite
