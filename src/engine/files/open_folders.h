#pragma once
// The folders of one tree by relative path, opened part by part without following a link, at most
// `limit` of them kept open: so neither a race, a hostile path nor a deep tree leads outside.
// Thread-safe.
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/file.h"

namespace lifeboat::engine::files {

// Stays open as long as somebody holds it.
using Folder = std::shared_ptr<const FileDescriptor>;

// Opens one folder by name in another; `refused` when a link or another kind of file is in its
// place.
Result<Folder> open_folder(int parent, std::string_view name);

class OpenFolders {
 public:
  explicit OpenFolders(Folder root, std::size_t limit = 128);
  // `not_found`, `permission_denied` or `refused`; errors name the path.
  Result<Folder> open(std::string_view path);
  // A folder that somebody has opened already.
  void put(std::string_view path, const Folder& folder);
  // Something else is in that place now.
  void forget_all();
  const Folder& root() const { return root_; }

 private:
  using Kept = std::list<std::pair<std::string, Folder>>;  // the newest used first
  Folder find(std::string_view path);
  Result<Folder> open_from(Folder from, std::string_view done, std::string_view rest);

  const Folder root_;
  const std::size_t limit_;
  std::mutex mutex_;  // guards the two below; never held while opening
  Kept kept_;
  std::unordered_map<std::string_view, Kept::iterator> by_path_;  // views into kept_
};

}  // namespace lifeboat::engine::files
