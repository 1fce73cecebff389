#include "engine/files/sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/files/copy.h"
#include "engine/files/path.h"
#include "engine/files/scraps.h"

namespace lifeboat::engine::files {
namespace {

constexpr std::uint64_t kHoleBlock = 4096;  // the least hole worth making
constexpr int kNewFile = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

bool is_zero(ByteView bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

std::uint64_t size_of(const struct stat& status) {
  return static_cast<std::uint64_t>(status.st_size);
}

bool same_inode(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

Result<std::unique_ptr<Sink>> FileSink::make_new(const FileDescriptor& folder, Shared shared,
                                                 std::uint64_t size, Properties properties) {
  auto sink = std::make_unique<FileSink>(shared, size, std::move(properties));
  const auto& metadata = sink->properties_.metadata;
  // With attributes to set the owner must be able to write until the end.
  const mode_t mode = metadata.attributes.empty() ? metadata.mode & 0777U : 0600U;
  sink->output_name_ = name_of(sink->properties_.path);
  sink->output_ =
      FileDescriptor(::openat(folder.get(), sink->output_name_.c_str(), kNewFile, mode));
  if (!sink->output_) return sink->failed(errno, "cannot make it");
  sink->has_output_ = true;
  return sink;
}

Result<std::unique_ptr<Sink>> FileSink::replace(const FileDescriptor& folder, Shared shared,
                                                std::uint64_t size, Properties properties) {
  auto sink = std::make_unique<FileSink>(shared, size, std::move(properties));
  const std::string name(name_of(sink->properties_.path));
  struct stat now{};
  if (::fstatat(folder.get(), name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(now.st_mode))
    sink->present_ = now;
  return sink;
}

FileSink::~FileSink() {
  if (committed_ || !has_output_) return;
  // Half a file must not stay where a whole one is expected.
  if (const auto in = folder()) ::unlinkat((*in)->get(), output_name_.c_str(), 0);
}

Result<Folder> FileSink::folder() const {
  return shared_.folders.open(parent_of(properties_.path));
}

Result<void> FileSink::write(std::uint64_t offset, ByteView bytes) {
  if (offset > size_ || bytes.size() > size_ - offset)
    return fail(Code::corrupt, properties_.path + ": its content is longer than its size");
  TRY(ensure_output());
  if (properties_.metadata.sparse) return write_around_zeros(offset, bytes);
  TRY_CONTEXT(properties_.path, write_at(output_.get(), offset, bytes));
  return {};
}

// Whole blocks of zeros are left out and become holes: the output is always a new file.
Result<void> FileSink::write_around_zeros(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const auto block =
        bytes.first(std::min<std::uint64_t>(bytes.size(), kHoleBlock - offset % kHoleBlock));
    if (!is_zero(block)) TRY_CONTEXT(properties_.path, write_at(output_.get(), offset, block));
    offset += block.size();
    bytes = bytes.subspan(block.size());
  }
  return {};
}

Result<FileDescriptor> FileSink::open_present() const {
  const std::string name(name_of(properties_.path));
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  const auto in = TRY(folder());
  FileDescriptor file(::openat(in->get(), name.c_str(), kFlags));
  struct stat now{};
  if (!file || ::fstat(file.get(), &now) != 0) return failed(errno, "cannot read what is there");
  if (!same_inode(now, present_))
    return fail(Code::source_changed, properties_.path + ": something else changed it meanwhile");
  return file;
}

Result<std::size_t> FileSink::existing(std::uint64_t offset, ByteSpan into) {
  if (present_.st_nlink == 0) return std::size_t{0};
  const auto file = open_present();
  // What cannot be read is replaced like what differs.
  if (!file) return std::size_t{0};
  return TRY_CONTEXT(properties_.path, read_at(file->get(), offset, into));
}

Result<void> FileSink::ensure_output() {
  if (has_output_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(making_);
  return has_output_ ? Result<void>{} : make_output();
}

Result<void> FileSink::make_output() {
  const auto in = TRY(folder());
  do {
    output_name_ = temporary_name();
    output_ = FileDescriptor(::openat(in->get(), output_name_.c_str(), kNewFile, 0600));
  } while (!output_ && errno == EEXIST);
  if (!output_) return failed(errno, "cannot make a file beside it");
  has_output_.store(true, std::memory_order_release);
  return {};
}

Result<void> FileSink::commit() {
  if (present_is_right() && size_of(present_) == size_ && present_.st_nlink == 1) {
    TRY(put_present());
  } else {
    if (present_is_right()) TRY(copy_present());
    TRY(ensure_output());
    TRY(put_output());
  }
  committed_ = true;
  output_.reset();
  return {};
}

// Nothing was written: then all of the content is there, perhaps with more behind it.
bool FileSink::present_is_right() const {
  return !has_output_ && present_.st_nlink > 0 && size_of(present_) >= size_;
}

// What is too long, and what has other names that must not change with it, is replaced by a copy.
Result<void> FileSink::copy_present() {
  const auto file = TRY(open_present());
  TRY(ensure_output());
  TRY_CONTEXT(properties_.path, copy_content(file.get(), output_.get(), size_));
  return {};
}

Result<void> FileSink::put_present() const {
  const auto file = TRY(open_present());
  shared_.setter.set(file.get(), present_, properties_, false);
  return {};
}

Result<void> FileSink::put_output() {
  struct stat status{};
  if (::fstat(output_.get(), &status) != 0) return failed(errno, "cannot see it");
  if (size_of(status) != size_ && ::ftruncate(output_.get(), static_cast<off_t>(size_)) != 0)
    return failed(errno, "cannot set its size");
  shared_.setter.set(output_.get(), status, properties_, true);
  const auto name = name_of(properties_.path);
  if (output_name_ == name) return {};
  const auto in = TRY(folder());
  if (::renameat(in->get(), output_name_.c_str(), in->get(), std::string(name).c_str()) != 0)
    return failed(errno, "cannot move it into place");
  return {};
}

Failure FileSink::failed(int error, const char* what) const {
  return fail_errno(error, shown(properties_.path) + ": " + what);
}

}  // namespace lifeboat::engine::files
