#include "engine/sqlite/page_one_vfs.h"

#include "engine/sqlite/big_endian.h"
#include "engine/sqlite/wal_file.h"

namespace lifeboat::engine::sqlite {

namespace {
constexpr int kSmallestRead = 512;
constexpr int kLargestRead = 65536;
}  // namespace

// What SQLite holds of an open file; the real one lies right behind it in the same memory.
struct WatchedFile {
  sqlite3_file base;
  PageOneVfs* owner;
  sqlite3_io_methods methods;
  int kind;  // SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL or something else

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  static WatchedFile& of(sqlite3_file* file) { return *reinterpret_cast<WatchedFile*>(file); }
  static sqlite3_file* real_of(sqlite3_file* file) { return of(file).real(); }

  void open(PageOneVfs& vfs, int flags);
  int read(void* into, int size, sqlite3_int64 offset);
  bool is_page_one(int size, sqlite3_int64 offset);
  void fill_basic_methods();
  void fill_shared_methods();
};

void WatchedFile::open(PageOneVfs& vfs, int flags) {
  owner = &vfs;
  kind = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL);
  methods = {};
  methods.iVersion = real()->pMethods->iVersion;
  fill_basic_methods();
  if (methods.iVersion >= 2) fill_shared_methods();
  base.pMethods = &methods;
}

int WatchedFile::read(void* into, int size, sqlite3_int64 offset) {
  const int code = real()->pMethods->xRead(real(), into, size, offset);
  owner->pace_.spent(static_cast<std::uint64_t>(size));
  if (code == SQLITE_OK && is_page_one(size, offset)) {
    const auto* bytes = static_cast<const std::uint8_t*>(into);
    owner->page_one_.assign(bytes, bytes + size);
  }
  return code;
}

// Whole pages are read from the database at their place, and from the -wal right behind a frame
// header that names them; nothing else is read in such sizes at such offsets.
bool WatchedFile::is_page_one(int size, sqlite3_int64 offset) {
  if (size < kSmallestRead || size > kLargestRead || (size & (size - 1)) != 0) return false;
  if (kind == SQLITE_OPEN_MAIN_DB) return offset == 0;
  if (kind != SQLITE_OPEN_WAL) return false;
  const auto frame = offset - kFrameHeaderSize;
  if (frame < kWalHeaderSize || (frame - kWalHeaderSize) % (size + kFrameHeaderSize) != 0)
    return false;
  std::uint8_t number[4];
  return real()->pMethods->xRead(real(), number, sizeof number, frame) == SQLITE_OK &&
         big_endian_32(number) == 1;
}

void WatchedFile::fill_basic_methods() {
  methods.xClose = [](sqlite3_file* file) {
    return real_of(file)->pMethods->xClose(real_of(file));
  };
  methods.xRead = [](sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
    return of(file).read(into, size, offset);
  };
  methods.xWrite = [](sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, offset);
  };
  methods.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) {
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
  };
  methods.xSync = [](sqlite3_file* file, int flags) {
    return real_of(file)->pMethods->xSync(real_of(file), flags);
  };
  methods.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
  };
  methods.xLock = [](sqlite3_file* file, int level) {
    return real_of(file)->pMethods->xLock(real_of(file), level);
  };
  methods.xUnlock = [](sqlite3_file* file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
  };
  methods.xCheckReservedLock = [](sqlite3_file* file, int* result) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
  };
  methods.xFileControl = [](sqlite3_file* file, int operation, void* argument) {
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
  };
  methods.xSectorSize = [](sqlite3_file* file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
  };
  methods.xDeviceCharacteristics = [](sqlite3_file* file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
  };
}

void WatchedFile::fill_shared_methods() {
  methods.xShmMap = [](sqlite3_file* file, int region, int size, int extend, void volatile** at) {
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, at);
  };
  methods.xShmLock = [](sqlite3_file* file, int offset, int count, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
  };
  methods.xShmBarrier = [](sqlite3_file* file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
  };
  methods.xShmUnmap = [](sqlite3_file* file, int remove) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
  };
  methods.xFetch = [](sqlite3_file* file, sqlite3_int64 offset, int size, void** at) {
    return real_of(file)->pMethods->xFetch(real_of(file), offset, size, at);
  };
  methods.xUnfetch = [](sqlite3_file* file, sqlite3_int64 offset, void* at) {
    return real_of(file)->pMethods->xUnfetch(real_of(file), offset, at);
  };
}

PageOneVfs::PageOneVfs() : Vfs(static_cast<int>(sizeof(WatchedFile)) + real().szOsFile) {}

int PageOneVfs::open_file(const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto& watched = WatchedFile::of(file);
  file->pMethods = nullptr;
  const int code = real().xOpen(&real(), path, watched.real(), flags, out_flags);
  if (watched.real()->pMethods != nullptr) watched.open(*this, flags);
  return code;
}

}  // namespace lifeboat::engine::sqlite
