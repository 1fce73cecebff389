#pragma once
// Files as the control plane needs them: descriptors that close, whole reads, durable atomic
// writes, and a scratch directory that goes away. Errors name the path. Functions are thread-safe.
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat {

namespace fs = std::filesystem;

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  void reset();

 private:
  int descriptor_ = -1;
};

Result<FileDescriptor> open_file(const fs::path& path, int flags, mode_t mode = 0600);
// Fills `into` from `offset`, fewer bytes only at the end of the file; returns how many.
Result<std::size_t> read_at(int descriptor, std::uint64_t offset, ByteSpan into);
Result<void> write_at(int descriptor, std::uint64_t offset, ByteView bytes);
Result<void> sync_descriptor(int descriptor);
Result<void> sync_directory(const fs::path& path);

// The whole file; over `limit` bytes is `corrupt`.
Result<Bytes> read_file(const fs::path& path, std::size_t limit = 256U << 20U);
// Temporary file beside it, fsync, rename, fsync of the directory: old or new, never half.
Result<void> write_file(const fs::path& path, ByteView bytes, mode_t mode = 0600);
// With parents, mode 0700 for each that is new.
Result<void> make_directories(const fs::path& path);
Result<void> remove_tree(const fs::path& path);
Result<std::uint64_t> free_space(const fs::path& path);

// A fresh 0700 directory under `parent` (default: the system's temporary directory), removed with
// everything in it on destruction.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> make(const fs::path& parent = {});
  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();
  const fs::path& path() const { return path_; }

 private:
  explicit ScratchDirectory(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace lifeboat
