#pragma once
// The file systems that a restore wrote to, and one wait for each of them to be on its medium.
// Thread-safe.
#include <sys/types.h>

#include <map>
#include <mutex>

#include "engine/files/open_folders.h"

namespace lifeboat::engine::files {

class Durability {
 public:
  Durability(Folder root, dev_t device) : root_(std::move(root)), device_(device) {}
  // Something was written on `device`, which the open `file` belongs to.
  void touched(dev_t device, int file);
  // Everything that was written is durable when this is a success.
  Result<void> sync() const;

 private:
  const Folder root_;
  const dev_t device_;
  mutable std::mutex mutex_;
  std::map<dev_t, FileDescriptor> others_;  // mounts below the root
};

}  // namespace lifeboat::engine::files
