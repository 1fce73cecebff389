#include "engine/files/reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/files/entry_maker.h"
#include "engine/files/path.h"

namespace lifeboat::engine::files {
namespace {

constexpr off_t kLarge = 1 << 20;  // from here on telling the kernel is worth the call

bool is_gone(int error) {
  // ELOOP and ENXIO: a link or a socket is in its place now.
  return error == ENOENT || error == ELOOP || error == ENXIO || error == ENOTDIR;
}

Failure cannot_open(int error, std::string_view path) {
  const auto text = shown(path) + ": " + std::strerror(error);
  return fail(is_gone(error) ? Code::not_found : Code::source_unreadable, text);
}

FileDescriptor open_quietly(int folder, std::string_view path) {
  const std::string name(name_of(path));
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  // Reading for a backup is no use of the file; only its owner may leave the access time alone.
  FileDescriptor file(::openat(folder, name.c_str(), kFlags | O_NOATIME));
  if (!file && errno == EPERM) file = FileDescriptor(::openat(folder, name.c_str(), kFlags));
  return file;
}

}  // namespace

bool same_content(const struct stat& one, const struct stat& other) {
  return one.st_ino == other.st_ino && one.st_size == other.st_size &&
         nanoseconds(one.st_mtim) == nanoseconds(other.st_mtim) &&
         nanoseconds(one.st_ctim) == nanoseconds(other.st_ctim);
}

Result<std::unique_ptr<FileReader>> FileReader::open(int folder, std::string_view path) {
  auto file = open_quietly(folder, path);
  if (!file) return cannot_open(errno, path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return cannot_open(errno, path);
  if (!S_ISREG(status.st_mode))
    return fail(Code::not_found, shown(path) + ": it is no longer a regular file");
  if (status.st_size >= kLarge) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::unique_ptr<FileReader>(new FileReader(std::move(file), std::string(path), status));
}

FileReader::FileReader(FileDescriptor file, std::string path, const struct stat& opened)
    : file_(std::move(file)), path_(std::move(path)), opened_(opened), listed_(opened) {
  has_holes_ = std::uint64_t(opened.st_blocks) * 512 < size();
  if (!has_holes_) run_end_ = size();
}

void FileReader::expect(const struct stat& listed, Settle settle) {
  listed_ = listed;
  settle_ = std::move(settle);
}

Result<std::size_t> FileReader::read(ByteSpan into) {
  std::size_t done = 0;
  while (done < into.size() && at_ < size() && !ended_) {
    const auto count = read_run(into.subspan(done));
    if (!count) {
      settle(std::nullopt);
      return fail(Code::source_unreadable, shown(path_) + ": " + count.error().message());
    }
    // It became shorter than it was.
    if (*count == 0) ended_ = true;
    done += *count;
    at_ += *count;
  }
  return done;
}

Result<std::size_t> FileReader::read_run(ByteSpan into) {
  if (at_ >= run_end_) find_run();
  const auto wanted = into.first(std::min<std::uint64_t>(into.size(), run_end_ - at_));
  if (!in_hole_) return read_at(file_.get(), at_, wanted);
  std::ranges::fill(wanted, std::uint8_t{0});
  return wanted.size();
}

void FileReader::find_run() {
  in_hole_ = false;
  run_end_ = size();
  if (!has_holes_) return;
  const auto at = static_cast<off_t>(at_);
  const auto data = ::lseek(file_.get(), at, SEEK_DATA);
  if (data > at || (data < 0 && errno == ENXIO)) {
    in_hole_ = true;
    if (data > 0) run_end_ = std::min(run_end_, static_cast<std::uint64_t>(data));
    return;
  }
  // Where the file system cannot tell, all of it is data.
  const auto hole = data < 0 ? data : ::lseek(file_.get(), at, SEEK_HOLE);
  if (hole > at) run_end_ = std::min(run_end_, static_cast<std::uint64_t>(hole));
}

std::vector<Finding> FileReader::finish() {
  settle(at_);
  struct stat now{};
  const bool seen = ::fstat(file_.get(), &now) == 0;
  if (seen && same_content(now, opened_) && same_content(opened_, listed_) && at_ == size())
    return {};
  return {{"file-changed", path_, "it changed while it was being read: its content may be mixed",
           false}};
}

void FileReader::settle(std::optional<std::uint64_t> size) {
  if (auto settle = std::exchange(settle_, nullptr)) settle(size);
}

}  // namespace lifeboat::engine::files
