#include "storage/local/temporary.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "storage/local/entries.h"

namespace lifeboat::storage {
namespace {

constexpr std::string_view kMark = "put-";
constexpr std::size_t kRandomBytes = 16;
// What is written is seldom read soon: its memory is given back for what comes next, instead of
// taking that of the application beside us. On virtual machines memory in use is also much faster
// than memory that was never touched: packs are written in half the time.
constexpr std::size_t kLarge = 1U << 20U;
constexpr auto kOldAge = std::chrono::hours(24);

bool is_temporary(std::string_view name) {
  const auto is_hex = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
  };
  return name.starts_with(kMark) && name.size() == kMark.size() + 2 * kRandomBytes &&
         std::ranges::all_of(name.substr(kMark.size()), is_hex);
}

void remove_if_old(int directory, const char* name, Time now) {
  struct stat status{};
  if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (S_ISREG(status.st_mode) && now - time_of(status.st_mtim) > kOldAge)
    ::unlinkat(directory, name, 0);
}

}  // namespace

Result<Temporary> Temporary::make(const FileDescriptor& directory, Random& random) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  for (;;) {
    auto name = std::string(kMark) + random.hex(kRandomBytes);
    FileDescriptor file(::openat(directory.get(), name.c_str(), kFlags, 0600));
    if (file) return Temporary(directory.get(), std::move(name), std::move(file));
    if (errno != EEXIST) return fail_errno(errno, "cannot create a temporary file");
  }
}

Temporary::Temporary(int directory, std::string name, FileDescriptor file)
    : directory_(directory), name_(std::move(name)), file_(std::move(file)) {}

Temporary::Temporary(Temporary&& other) noexcept
    : directory_(other.directory_),
      name_(std::exchange(other.name_, {})),
      file_(std::move(other.file_)) {}

Temporary::~Temporary() {
  if (!name_.empty()) ::unlinkat(directory_, name_.c_str(), 0);
}

Result<void> Temporary::write(ByteView bytes) {
  TRY(write_at(file_.get(), 0, bytes));
  TRY(sync_descriptor(file_.get()));
  if (bytes.size() >= kLarge) ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
  return {};
}

int Temporary::publish(int directory, const std::string& name) {
  const auto* const target = name.c_str();
  if (::renameat2(directory_, name_.c_str(), directory, target, RENAME_NOREPLACE) == 0) {
    name_.clear();
    return 0;
  }
  const bool unsupported = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
  return unsupported ? publish_by_link(directory, name) : errno;
}

int Temporary::publish_by_link(int directory, const std::string& name) {
  return ::linkat(directory_, name_.c_str(), directory, name.c_str(), 0) == 0 ? 0 : errno;
}

void sweep_temporaries(const FileDescriptor& directory, Time now) {
  (void)each_name(directory.get(), [&](const std::string& name) {
    if (is_temporary(name)) remove_if_old(directory.get(), name.c_str(), now);
    return true;
  });
}

}  // namespace lifeboat::storage
