#pragma once
// A file system of our own for one SQLite connection: registered under a name nobody else has while
// the object lives, and passing on to the system's default what a subclass does not do itself. One
// thread at a time.
#include <sqlite3.h>

#include <string>

namespace lifeboat::engine::sqlite {

class Vfs {
 public:
  Vfs(const Vfs&) = delete;
  Vfs& operator=(const Vfs&) = delete;
  virtual ~Vfs();
  const char* name() const { return name_.c_str(); }

 protected:
  // `file_size` bytes are given to open_file() for each file.
  explicit Vfs(int file_size);
  static sqlite3_vfs& real() { return *sqlite3_vfs_find(nullptr); }

  // Returns a SQLite code, like the functions of sqlite3_vfs.
  virtual int open_file(const char* path, sqlite3_file* file, int flags, int* out_flags) = 0;
  virtual int remove_file(const char* path, int sync_directory);
  virtual int access_file(const char* path, int flags, int* result);

 private:
  static Vfs& of(sqlite3_vfs* vfs) { return *static_cast<Vfs*>(vfs->pAppData); }
  void pass_on_the_rest();

  std::string name_;
  sqlite3_vfs vfs_{};
};

}  // namespace lifeboat::engine::sqlite
