#pragma once
// Where one file's content goes back. New files are made under their final names; an existing file
// is replaced as a whole by rename, and only when something differs. See engine/engine.h for the
// contract. Holds no descriptor while it waits for its first write or after its commit.
#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "engine/engine.h"
#include "engine/files/open_folders.h"
#include "engine/files/properties.h"

namespace lifeboat::engine::files {

class FileSink final : public Sink {
 public:
  // What all sinks of a target share; it outlives them.
  struct Shared {
    OpenFolders& folders;
    PropertySetter& setter;
  };

  // In the open folder of its path; `exists` when something is there already.
  static Result<std::unique_ptr<Sink>> make_new(const FileDescriptor& folder, Shared shared,
                                                std::uint64_t size, Properties properties);
  // Over what is there, which may be nothing.
  static Result<std::unique_ptr<Sink>> replace(const FileDescriptor& folder, Shared shared,
                                               std::uint64_t size, Properties properties);
  FileSink(Shared shared, std::uint64_t size, Properties properties)
      : shared_(shared), size_(size), properties_(std::move(properties)) {}
  ~FileSink() override;

  Result<void> write(std::uint64_t offset, ByteView bytes) override;
  Result<std::size_t> existing(std::uint64_t offset, ByteSpan into) override;
  Result<void> commit() override;

 private:
  Result<Folder> folder() const;
  Result<FileDescriptor> open_present() const;
  bool present_is_right() const;
  Result<void> ensure_output();
  Result<void> make_output();
  Result<void> write_around_zeros(std::uint64_t offset, ByteView bytes);
  Result<void> copy_present();
  Result<void> put_present() const;
  Result<void> put_output();
  Failure failed(int error, const char* what) const;

  Shared shared_;
  std::uint64_t size_;
  Properties properties_;
  struct stat present_{};  // st_nlink is 0 when no file is there
  std::mutex making_;      // several threads may come with the first write
  std::atomic<bool> has_output_{false};
  FileDescriptor output_;
  std::string output_name_;
  bool committed_ = false;
};

}  // namespace lifeboat::engine::files
