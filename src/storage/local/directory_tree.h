#pragma once
// The folders of a local store, reached from the root's descriptor part by part, so that no
// symbolic link below the root is followed and a directory mounted or renamed meanwhile changes
// nothing. Thread-safe.
#include <mutex>
#include <string>
#include <unordered_set>

#include "base/file.h"

namespace lifeboat::storage {

class DirectoryTree {
 public:
  DirectoryTree(fs::path path, FileDescriptor root)
      : path_(std::move(path)), root_(std::move(root)) {}

  // The folder of a relative name of plain parts, "" being the root; `corrupt` when something other
  // than a directory stands in its way.
  Result<FileDescriptor> open(const std::string& folder) const;

  // The same, making what is missing; what it made is durable when it returns.
  Result<FileDescriptor> make(const std::string& folder);

  // `unavailable` when the root went away: an empty list would then be a dangerous answer too.
  Result<void> check_root() const;

  const fs::path& path() const { return path_; }

  // An Error for errno that names the place. Where the root went away it says so and is
  // `unavailable`: "there is no such object" would be a dangerous answer.
  Failure failure(int error_number, const std::string& what, const std::string& name) const;

 private:
  bool root_is_gone() const;
  Result<FileDescriptor> make_part(const FileDescriptor& parent, const std::string& folder);
  bool is_known(const std::string& folder) const;
  void remember(const std::string& folder);
  void forget_all();

  fs::path path_;
  FileDescriptor root_;
  mutable std::mutex guard_;  // for known_, which every thread that puts reads and fills
  std::unordered_set<std::string> known_;  // folders this process knows to be durable
};

}  // namespace lifeboat::storage
