#include "engine/sqlite/database_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/sqlite/big_endian.h"
#include "engine/sqlite/connection.h"
#include "engine/sqlite/wal_file.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr int kMoreLooks = 20;
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);
constexpr std::string_view kDatabaseMagic{"SQLite format 3\0", 16};
constexpr std::uint32_t kLargestPage = 65536;

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileState state_from(const struct stat& status) {
  FileState state;
  state.stamp = {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                 nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
  state.mode = status.st_mode & 07777U;
  state.uid = status.st_uid;
  state.gid = status.st_gid;
  return state;
}

Failure unreadable(const std::string& message, std::string hint = {}) {
  Error error(Code::source_unreadable, message);
  if (!hint.empty()) error.with_hint(std::move(hint));
  return Failure(std::move(error));
}

Result<FileState> existing_state(const std::string& path) {
  const auto state = TRY(state_of(path));
  if (!state)
    return unreadable("there is no database " + path, "Check the path in the configuration.");
  if (state->stamp.size == 0)
    return unreadable(path + " is empty: 0 bytes",
                      "SQLite opens such a file as a database without tables. Check whether the "
                      "application writes elsewhere, or what emptied it.");
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0)
    return unreadable(path + " may not be read by this user",
                      "Run as a user that may read it, or give this user the right to.");
  return *state;
}

Result<Header> read_header(const std::string& path) {
  const auto file = TRY(RawFile::open(path));
  std::array<std::uint8_t, kHeaderSize> first{};
  const auto size = TRY(file.read(0, first));
  auto header = parse_header(ByteView(first).first(size));
  if (!header) return unreadable(path + ": " + header.error().message());
  return *header;
}

// Without pages in a -wal the file itself must hold every page that its header counts.
Result<void> check_size(const DatabaseFile& file) {
  const auto size = file.state.stamp.size;
  const auto whole = static_cast<std::uint64_t>(file.header.page_count) * file.header.page_size;
  if (size >= whole || file.has_wal_content()) return {};
  return unreadable(file.path + " is cut short: " + std::to_string(size) +
                    " bytes, but its header " + "counts " + std::to_string(whole));
}

}  // namespace

Result<Header> parse_header(ByteView first) {
  if (first.size() < kHeaderSize)
    return fail(Code::corrupt, "not a SQLite database: shorter than its header");
  if (std::memcmp(first.data(), kDatabaseMagic.data(), kDatabaseMagic.size()) != 0)
    return fail(Code::corrupt, "not a SQLite database (or an encrypted one)");
  Header header;
  header.page_size = big_endian_16(first.subspan(kPageSizeAt));
  if (header.page_size == 1) header.page_size = kLargestPage;
  const bool power_of_two = (header.page_size & (header.page_size - 1)) == 0;
  if (header.page_size < 512 || !power_of_two)
    return fail(Code::corrupt, "not a SQLite database: impossible page size");
  header.wal = first[kReadVersionAt] == 2;
  header.change_counter = big_endian_32(first.subspan(kChangeCounterAt));
  // Old versions left the count alone; then it is not valid for this change counter.
  if (big_endian_32(first.subspan(kVersionValidForAt)) == header.change_counter)
    header.page_count = big_endian_32(first.subspan(kPageCountAt));
  return header;
}

Result<std::optional<FileState>> state_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return unreadable(path + ": " + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return unreadable(path + " is not a regular file");
  return state_from(status);
}

namespace {

Result<DatabaseFile> look_once(const std::string& path) {
  DatabaseFile file;
  file.state = TRY(existing_state(path));
  std::error_code error;
  file.path = fs::canonical(path, error).string();
  if (error) return unreadable(path + ": " + error.message());
  file.header = TRY(read_header(file.path));
  file.wal = TRY(state_of(file.path + "-wal"));
  file.shared_memory = TRY(state_of(file.path + "-shm"));
  file.journal = TRY(state_of(file.path + "-journal"));
  if (file.has_wal_content()) {
    // Read again: an application that turns WAL mode on writes the header before the first frame.
    file.header = TRY(read_header(file.path));
    TRY(check_wal(file.path + "-wal", file.header));
  }
  return file;
}

}  // namespace

// A writer may be between writing the header and the pages that it counts, or between the looks at
// the one and the other: only what stays short is believed to be.
Result<DatabaseFile> look_at(const std::string& path) {
  auto file = TRY(look_once(path));
  for (int more = kMoreLooks; more > 0 && !check_size(file); --more) {
    std::this_thread::sleep_for(kBetweenLooks);
    file = TRY(look_once(path));
  }
  TRY(check_size(file));
  return file;
}

void RawFile::Close::operator()(sqlite3_file* file) const {
  if (file->pMethods != nullptr) file->pMethods->xClose(file);
  std::free(file);
}

Result<RawFile> RawFile::open(const std::string& path) {
  sqlite3_initialize();
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  RawFile raw;
  raw.path_ = std::make_unique<std::string>(path);
  raw.file_.reset(
      static_cast<sqlite3_file*>(std::calloc(1, static_cast<std::size_t>(vfs->szOsFile))));
  if (!raw.file_) return fail(Code::internal, "out of memory");
  constexpr int kFlags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
  const int code = vfs->xOpen(vfs, raw.path_->c_str(), raw.file_.get(), kFlags, nullptr);
  if (code != SQLITE_OK) return unreadable("cannot open " + path + ": " + std::strerror(errno));
  return raw;
}

Result<std::size_t> RawFile::read(std::uint64_t offset, ByteSpan into) const {
  const auto end = TRY(size());
  if (offset >= end) return 0;
  const auto count = std::min<std::uint64_t>(into.size(), end - offset);
  const int code = file_->pMethods->xRead(file_.get(), into.data(), static_cast<int>(count),
                                          static_cast<sqlite3_int64>(offset));
  if (code == SQLITE_IOERR_SHORT_READ)
    return fail(Code::source_changed, *path_ + " became shorter");
  if (code != SQLITE_OK) return failure_of(nullptr, code, *path_);
  return static_cast<std::size_t>(count);
}

Result<std::uint64_t> RawFile::size() const {
  sqlite3_int64 size = 0;
  const int code = file_->pMethods->xFileSize(file_.get(), &size);
  if (code != SQLITE_OK) return failure_of(nullptr, code, *path_);
  return static_cast<std::uint64_t>(size);
}

std::vector<std::string> sidecars_of(const std::string& path) {
  return {path + "-wal", path + "-shm", path + "-journal"};
}

}  // namespace lifeboat::engine::sqlite
