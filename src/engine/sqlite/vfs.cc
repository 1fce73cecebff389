#include "engine/sqlite/vfs.h"

#include <atomic>

namespace lifeboat::engine::sqlite {
namespace {

std::string next_name() {
  static std::atomic<unsigned> count{0};
  return "lifeboat-" + std::to_string(count++);
}

}  // namespace

Vfs::Vfs(int file_size) : name_(next_name()) {
  sqlite3_initialize();
  vfs_.iVersion = 1;
  vfs_.szOsFile = file_size;
  vfs_.mxPathname = real().mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = [](sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    return of(vfs).open_file(path, file, flags, out);
  };
  vfs_.xDelete = [](sqlite3_vfs* vfs, const char* path, int sync) {
    return of(vfs).remove_file(path, sync);
  };
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    return of(vfs).access_file(path, flags, result);
  };
  pass_on_the_rest();
  sqlite3_vfs_register(&vfs_, 0);
}

Vfs::~Vfs() { sqlite3_vfs_unregister(&vfs_); }

int Vfs::remove_file(const char* path, int sync_directory) {
  return real().xDelete(&real(), path, sync_directory);
}

int Vfs::access_file(const char* path, int flags, int* result) {
  return real().xAccess(&real(), path, flags, result);
}

// Loading libraries is not among it: xDlOpen and its companions stay null.
void Vfs::pass_on_the_rest() {
  vfs_.xFullPathname = [](sqlite3_vfs*, const char* path, int size, char* full) {
    return real().xFullPathname(&real(), path, size, full);
  };
  vfs_.xRandomness = [](sqlite3_vfs*, int size, char* into) {
    return real().xRandomness(&real(), size, into);
  };
  vfs_.xSleep = [](sqlite3_vfs*, int microseconds) { return real().xSleep(&real(), microseconds); };
  vfs_.xCurrentTime = [](sqlite3_vfs*, double* time) { return real().xCurrentTime(&real(), time); };
  vfs_.xGetLastError = [](sqlite3_vfs*, int size, char* text) {
    return real().xGetLastError(&real(), size, text);
  };
}

}  // namespace lifeboat::engine::sqlite
