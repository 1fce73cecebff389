#pragma once
// A database as a file among files: its header, its -wal, -shm and -journal, and what can be said
// of them without a connection. Functions are thread-safe and change nothing.
#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"

namespace lifeboat::engine::sqlite {

// Of the first 100 bytes (https://www.sqlite.org/fileformat2.html, 1.3).
struct Header {
  std::uint32_t page_size = 0;
  bool wal = false;  // the journal mode that is kept in the file
  std::uint32_t change_counter = 0;
  std::uint32_t page_count = 0;  // 0 where an old SQLite did not keep it
};
inline constexpr std::size_t kHeaderSize = 100;

// `corrupt` when the bytes are not the beginning of a database.
Result<Header> parse_header(ByteView first);

// What stat(2) says and what must stay the same while a file is read without locks.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const Stamp&) const = default;
};

struct FileState {
  Stamp stamp;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
// Nothing when there is no file; `source_unreadable` when it is no regular file or cannot be seen.
Result<std::optional<FileState>> state_of(const std::string& path);

struct DatabaseFile {
  std::string path;  // canonical: SQLite looks for the -wal beside the real file
  FileState state;
  Header header;
  std::optional<FileState> wal;
  std::optional<FileState> shared_memory;
  std::optional<FileState> journal;
  bool has_wal_content() const { return wal && wal->stamp.size > 0; }
};

// `source_unreadable` with the reason for whatever is no database that can be backed up: absent,
// empty, something else, cut short, unreadable, or beside a -wal that is not its own.
Result<DatabaseFile> look_at(const std::string& path);

// Reads a file by way of SQLite. POSIX locks belong to the process: closing any other descriptor of
// a database would silently drop the locks that connections of this process hold on it.
class RawFile {
 public:
  static Result<RawFile> open(const std::string& path);
  // Fewer bytes only at the end.
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) const;
  Result<std::uint64_t> size() const;

 private:
  struct Close {
    void operator()(sqlite3_file* file) const;
  };
  std::unique_ptr<std::string> path_;  // SQLite keeps a pointer to its characters
  std::unique_ptr<sqlite3_file, Close> file_;
};

// The files that SQLite keeps beside a database.
std::vector<std::string> sidecars_of(const std::string& path);

}  // namespace lifeboat::engine::sqlite
