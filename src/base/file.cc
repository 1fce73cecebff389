#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace lifeboat {
namespace {

Result<std::size_t> read_some(int descriptor, std::uint64_t offset, ByteSpan into) {
  for (;;) {
    const auto count = pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail_errno(errno, "cannot read");
  }
}

Result<std::size_t> write_some(int descriptor, std::uint64_t offset, ByteView bytes) {
  for (;;) {
    const auto count = pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail_errno(errno, "cannot write");
  }
}

Result<void> write_and_sync(const fs::path& path, ByteView bytes, mode_t mode) {
  const auto file = TRY(open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode));
  TRY_CONTEXT(path.string(), write_at(file.get(), 0, bytes));
  return sync_descriptor(file.get());
}

// Unique beside its target, so that the rename stays inside one directory.
fs::path temporary_beside(const fs::path& path) {
  static std::atomic<unsigned> count{0};
  auto name = "." + path.filename().string() + ".tmp-" + std::to_string(getpid()) + "-" +
              std::to_string(count++);
  return path.parent_path() / name;
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this == &other) return *this;
  reset();
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

void FileDescriptor::reset() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Result<FileDescriptor> open_file(const fs::path& path, int flags, mode_t mode) {
  FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!file) return fail_errno(errno, "cannot open " + path.string());
  return file;
}

Result<std::size_t> read_at(int descriptor, std::uint64_t offset, ByteSpan into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto count = TRY(read_some(descriptor, offset + done, into.subspan(done)));
    if (count == 0) break;
    done += count;
  }
  return done;
}

Result<void> write_at(int descriptor, std::uint64_t offset, ByteView bytes) {
  std::size_t done = 0;
  while (done < bytes.size())
    done += TRY(write_some(descriptor, offset + done, bytes.subspan(done)));
  return {};
}

Result<void> sync_descriptor(int descriptor) {
  if (fsync(descriptor) != 0) return fail_errno(errno, "cannot make the file durable");
  return {};
}

Result<void> sync_directory(const fs::path& path) {
  const auto directory = TRY(open_file(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
  return sync_descriptor(directory.get());
}

Result<Bytes> read_file(const fs::path& path, std::size_t limit) {
  const auto file = TRY(open_file(path, O_RDONLY));
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return fail_errno(errno, "cannot read " + path.string());
  if (S_ISDIR(status.st_mode)) return fail(Code::io_error, path.string() + " is a directory");
  if (static_cast<std::size_t>(status.st_size) > limit)
    return fail(Code::corrupt, path.string() + " is larger than it can rightly be");
  Bytes bytes(static_cast<std::size_t>(status.st_size));
  bytes.resize(TRY_CONTEXT(path.string(), read_at(file.get(), 0, bytes)));
  return bytes;
}

Result<void> write_file(const fs::path& path, ByteView bytes, mode_t mode) {
  const auto temporary = temporary_beside(path);
  if (auto written = write_and_sync(temporary, bytes, mode); !written) {
    ::unlink(temporary.c_str());
    return fail(std::move(written).error());
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return fail_errno(error, "cannot write " + path.string());
  }
  return sync_directory(path.parent_path());
}

Result<void> make_directories(const fs::path& path) {
  if (path.empty()) return {};
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno == EEXIST) {
    if (std::error_code ignored; fs::is_directory(path, ignored)) return {};
    return fail(Code::exists, path.string() + " exists and is not a directory");
  }
  if (errno != ENOENT) return fail_errno(errno, "cannot make directory " + path.string());
  TRY(make_directories(path.parent_path()));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(errno, "cannot make directory " + path.string());
  return {};
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return fail_errno(error.value(), "cannot remove " + path.string());
  return {};
}

Result<std::uint64_t> free_space(const fs::path& path) {
  struct statvfs status{};
  if (statvfs(path.c_str(), &status) != 0) return fail_errno(errno, "cannot see " + path.string());
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<ScratchDirectory> ScratchDirectory::make(const fs::path& parent) {
  std::error_code ignored;
  auto pattern = (parent.empty() ? fs::temp_directory_path(ignored) : parent) / "lifeboat-XXXXXX";
  std::string name = pattern.string();
  if (mkdtemp(name.data()) == nullptr)
    return fail_errno(errno, "cannot make a scratch directory under " + parent.string());
  return ScratchDirectory(name);
}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace lifeboat
