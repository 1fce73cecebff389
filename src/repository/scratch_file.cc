#include "repository/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

namespace lifeboat::repository {
namespace {

constexpr std::size_t kScratchBuffer = 64U << 10U;

// Not every file system knows O_TMPFILE.
Result<FileDescriptor> make_and_unlink(const std::filesystem::path& directory) {
  auto name = (directory / "lifeboat-XXXXXX").string();
  FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return fail_errno(errno, "a temporary file in " + directory.string());
  ::unlink(name.c_str());
  return file;
}

Result<FileDescriptor> open_in(const std::filesystem::path& directory) {
  FileDescriptor file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  return make_and_unlink(directory);
}

}  // namespace

Result<FileDescriptor> open_unnamed_file(const std::filesystem::path& directory) {
  if (!directory.empty())
    if (auto file = open_in(directory)) return file;
  std::error_code error;
  const auto fallback = std::filesystem::temp_directory_path(error);
  return open_in(error ? "/tmp" : fallback);
}

Result<ScratchFile> ScratchFile::make(const std::filesystem::path& directory) {
  return ScratchFile(TRY(open_unnamed_file(directory)));
}

Result<void> ScratchFile::add_bytes(ByteView bytes) {
  append(buffer_, bytes);
  return buffer_.size() < kScratchBuffer ? Result<void>{} : flush();
}

Result<void> ScratchFile::flush() {
  TRY(write_at(file_.get(), written_, buffer_));
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

}  // namespace lifeboat::repository
