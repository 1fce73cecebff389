#include "storage/local/directory_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace lifeboat::storage {
namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Visits "a", "a/b", "a/b/c" of "a/b/c".
template <class Visit>
Result<void> each_folder(const std::string& folder, Visit visit) {
  for (std::size_t slash = 0; slash != std::string::npos && !folder.empty();) {
    slash = folder.find('/', slash + 1);
    TRY(visit(folder.substr(0, slash)));
  }
  return {};
}

std::string last_part(const std::string& folder) { return folder.substr(folder.rfind('/') + 1); }

}  // namespace

Result<FileDescriptor> DirectoryTree::open(const std::string& folder) const {
  FileDescriptor directory(::openat(root_.get(), ".", kOpenDirectory));
  if (!directory) return failure(errno, "cannot open", "");
  TRY(each_folder(folder, [&](const std::string& part) -> Result<void> {
    FileDescriptor next(::openat(directory.get(), last_part(part).c_str(), kOpenDirectory));
    if (!next) return failure(errno, "cannot open", part);
    directory = std::move(next);
    return {};
  }));
  return directory;
}

Result<FileDescriptor> DirectoryTree::make(const std::string& folder) {
  if (is_known(folder)) {
    auto directory = open(folder);
    if (directory || directory.error().code() != Code::not_found) return directory;
    forget_all();  // somebody removed it: whatever is made again must become durable again
  }
  auto directory = TRY(open(""));
  TRY(each_folder(folder, [&](const std::string& part) -> Result<void> {
    directory = TRY(make_part(directory, part));
    remember(part);
    return {};
  }));
  return directory;
}

Result<FileDescriptor> DirectoryTree::make_part(const FileDescriptor& parent,
                                                const std::string& folder) {
  const auto name = last_part(folder);
  if (::mkdirat(parent.get(), name.c_str(), 0700) != 0 && errno != EEXIST)
    return failure(errno, "cannot make the directory", folder);
  FileDescriptor directory(::openat(parent.get(), name.c_str(), kOpenDirectory));
  if (!directory) return failure(errno, "cannot open", folder);
  // Also where it was there already: whoever made it may not have come to this yet.
  if (!is_known(folder)) TRY_CONTEXT((path_ / folder).string(), sync_descriptor(parent.get()));
  return directory;
}

Failure DirectoryTree::failure(int error_number, const std::string& what,
                               const std::string& name) const {
  const auto place = name.empty() ? path_.string() : (path_ / name).string();
  if (error_number == ENOENT && root_is_gone())
    return fail(Error(Code::unavailable, path_.string() + " has gone away")
                    .with_hint("Check that its disk is mounted, then run the command again."));
  if (error_number == ENOTDIR || error_number == ELOOP)
    return fail(Code::corrupt, place + " is not what it should be: a link or file stands there");
  if (error_number == EROFS)
    return fail(Error(Code::permission_denied, what + " " + place + ": it is mounted read-only")
                    .with_hint("Mount " + path_.string() + " writable."));
  return fail_errno(error_number, what + " " + place);
}

Result<void> DirectoryTree::check_root() const {
  if (root_is_gone()) return failure(ENOENT, "cannot open", "");
  return {};
}

// A removed directory can still be opened through its descriptor, but no longer be read. Asked of
// the kernel itself, since readdir() takes its answer for an empty directory.
bool DirectoryTree::root_is_gone() const {
  const FileDescriptor root(::openat(root_.get(), ".", kOpenDirectory));
  alignas(8) std::array<char, 1024> entries;
  return ::syscall(SYS_getdents64, root.get(), entries.data(), entries.size()) < 0;
}

bool DirectoryTree::is_known(const std::string& folder) const {
  const std::lock_guard lock(guard_);
  return known_.contains(folder);
}

void DirectoryTree::remember(const std::string& folder) {
  const std::lock_guard lock(guard_);
  known_.insert(folder);
}

void DirectoryTree::forget_all() {
  const std::lock_guard lock(guard_);
  known_.clear();
}

}  // namespace lifeboat::storage
