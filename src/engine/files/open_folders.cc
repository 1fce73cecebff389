#include "engine/files/open_folders.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "engine/files/path.h"

namespace lifeboat::engine::files {

Result<Folder> open_folder(int parent, std::string_view name) {
  const std::string terminated(name);
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  FileDescriptor folder(::openat(parent, terminated.c_str(), kFlags));
  if (folder) return std::make_shared<const FileDescriptor>(std::move(folder));
  if (errno == ENOTDIR || errno == ELOOP)
    return fail(Code::refused, "a link or a file is in the place of a folder");
  return fail_errno(errno, "cannot open the folder");
}

OpenFolders::OpenFolders(Folder root, std::size_t limit) : root_(std::move(root)), limit_(limit) {}

Result<Folder> OpenFolders::open(std::string_view path) {
  // From the nearest ancestor that is still open.
  auto from = path;
  for (;;) {
    if (from.empty()) return open_from(root_, {}, path);
    if (auto folder = find(from)) {
      if (from.size() == path.size()) return folder;
      return open_from(std::move(folder), from, path.substr(from.size() + 1));
    }
    from = parent_of(from);
  }
}

Result<Folder> OpenFolders::open_from(Folder from, std::string_view done, std::string_view rest) {
  const auto* const begin = done.empty() ? rest.data() : done.data();
  for (auto left = std::ranges::count(rest, '/'); !rest.empty(); --left) {
    const auto name = rest.substr(0, rest.find('/'));
    const std::string_view path(begin, static_cast<std::size_t>(name.data() + name.size() - begin));
    from = TRY_CONTEXT(std::string(path), open_folder(from->get(), name));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    // Of a long way down only the end is worth keeping.
    if (static_cast<std::size_t>(left) < limit_ / 2) put(path, from);
  }
  return from;
}

Folder OpenFolders::find(std::string_view path) {
  const std::lock_guard lock(mutex_);
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return kept_.front().second;
}

void OpenFolders::put(std::string_view path, const Folder& folder) {
  const std::lock_guard lock(mutex_);
  if (path.empty() || by_path_.contains(path)) return;
  kept_.emplace_front(path, folder);
  by_path_.emplace(kept_.front().first, kept_.begin());
  if (kept_.size() <= limit_) return;
  by_path_.erase(kept_.back().first);
  kept_.pop_back();
}

void OpenFolders::forget_all() {
  const std::lock_guard lock(mutex_);
  by_path_.clear();
  kept_.clear();
}

}  // namespace lifeboat::engine::files
