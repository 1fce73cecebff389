#include "engine/files/target_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "engine/files/scraps.h"

namespace lifeboat::engine::files {
namespace {

constexpr std::string_view kMarkerText =
    "A restore by Lifeboat into this folder has begun and has not ended: files may be missing\n"
    "or half written. Run the same `lifeboat restore` again to complete it, with --snapshot and "
    "the\n"
    "id below, or remove the folder. This file goes away when a restore has ended well.\n";
constexpr std::string_view kSnapshotLine = "Snapshot: ";
constexpr std::size_t kMaxMarker = 4096;

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

Failure cannot_use(int error, const std::string& place) {
  if (error == ELOOP || error == ENOTDIR)
    return fail(Code::refused, place +
                                   " is not a folder that can be filled: a file or a loop of "
                                   "links is in its way");
  return fail_errno(error, "cannot open the target folder " + place);
}

Result<FileDescriptor> make_and_open(const std::string& place) {
  struct stat link{};
  if (::lstat(place.c_str(), &link) == 0)
    return fail(Code::refused, place + " is a link that leads nowhere");
  TRY(make_directories(place));
  FileDescriptor folder(::open(place.c_str(), kFolder));
  if (!folder) return cannot_use(errno, place);
  return folder;
}

Result<bool> is_top(const struct stat& status) {
  struct stat top{};
  if (::stat("/", &top) != 0) return fail_errno(errno, "cannot see /");
  return top.st_dev == status.st_dev && top.st_ino == status.st_ino;
}

// A file system that was just made holds this folder.
bool counts_as_content(std::string_view name) {
  return name != "." && name != ".." && name != "lost+found";
}

Result<bool> holds_something(int folder) {
  if (::lseek(folder, 0, SEEK_SET) != 0) return fail_errno(errno, "cannot list the target folder");
  alignas(dirent64) std::array<char, 4096> buffer;
  for (;;) {
    const auto size = ::getdents64(folder, buffer.data(), buffer.size());
    if (size < 0) return fail_errno(errno, "cannot list the target folder");
    if (size == 0) return false;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* const entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      if (counts_as_content(static_cast<const char*>(entry->d_name))) return true;
      at += entry->d_reclen;
    }
  }
}

bool has_marker(int folder) {
  struct stat status{};
  return ::fstatat(folder, kMarkerName.data(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode);
}

Result<void> judge(TargetRoot& root, const TargetOptions& options) {
  if (TRY(is_top(root.status)))
    return fail(Code::refused, "a restore never fills the root folder of the system");
  root.resumed = has_marker(root.folder->get());
  root.fresh = !TRY(holds_something(root.folder->get()));
  if (root.fresh || root.resumed || options.overwrite) return {};
  return Failure(Error(Code::refused, options.place + " is not empty")
                     .with_hint("Choose an empty folder, or give --overwrite to change this one."));
}

// Nobody else looks at half a tree; what is in use already stays usable.
void make_private(const TargetRoot& root) {
  const mode_t now = root.status.st_mode & 07777U;
  ::fchmod(root.folder->get(), root.fresh || root.resumed ? S_IRWXU : now | S_IRWXU);
}

// An older one without an id is shorter, so that what is written over it leaves nothing of it.
Result<void> write_text(const FileDescriptor& marker, const std::string& snapshot) {
  std::string text(kMarkerText);
  if (!snapshot.empty()) text.append(kSnapshotLine).append(snapshot).append("\n");
  TRY(write_at(marker.get(), 0, view_of(text)));
  if (::ftruncate(marker.get(), static_cast<off_t>(text.size())) != 0)
    return fail_errno(errno, "cannot cut the marker to its size");
  return sync_descriptor(marker.get());
}

Result<void> write_root_marker(TargetRoot& root, const std::string& snapshot) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  root.marker = FileDescriptor(::openat(root.folder->get(), kMarkerName.data(), kFlags, 0600));
  if (!root.marker) return fail_errno(errno, "cannot write into the target folder");
  if (::flock(root.marker.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Code::busy, "another restore is filling this folder");
  TRY(write_text(root.marker, snapshot));
  return sync_descriptor(root.folder->get());
}

std::string snapshot_in(std::string_view text) {
  const auto line = text.rfind(kSnapshotLine);
  if (line == text.npos) return {};
  const auto from = line + kSnapshotLine.size();
  return std::string(text.substr(from, text.find('\n', from) - from));
}

}  // namespace

std::optional<std::string> unfinished_snapshot(const std::string& place) {
  const auto folder = lifeboat::open_file(place, kFolder);
  if (!folder || !has_marker(folder->get())) return std::nullopt;
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const FileDescriptor marker(::openat(folder->get(), kMarkerName.data(), kFlags));
  if (!marker) return std::string();
  Bytes text(kMaxMarker);
  text.resize(read_at(marker.get(), 0, text).value_or(0));
  return snapshot_in(to_text(text));
}

Result<TargetRoot> open_root(const TargetOptions& options) {
  const auto& place = options.place;
  if (place.empty()) return fail(Code::usage, options.name + ": no target folder was given");
  TargetRoot root;
  FileDescriptor folder(::open(place.c_str(), kFolder));
  root.was_there = bool(folder);
  if (!folder && errno != ENOENT) return cannot_use(errno, place);
  if (!folder) folder = TRY(make_and_open(place));
  root.folder = std::make_shared<const FileDescriptor>(std::move(folder));
  if (::fstat(root.folder->get(), &root.status) != 0) return cannot_use(errno, place);
  TRY(judge(root, options));
  make_private(root);
  if (auto marked = write_root_marker(root, options.snapshot); !marked) {
    ::fchmod(root.folder->get(), root.status.st_mode & 07777U);
    return fail(std::move(marked).error().add_context(place));
  }
  return root;
}

Result<void> remove_marker(TargetRoot& root) {
  if (::unlinkat(root.folder->get(), kMarkerName.data(), 0) != 0 && errno != ENOENT)
    return fail_errno(errno, "cannot remove the marker of the restore");
  root.marker.reset();
  return {};
}

}  // namespace lifeboat::engine::files
