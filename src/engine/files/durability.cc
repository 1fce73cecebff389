#include "engine/files/durability.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace lifeboat::engine::files {
namespace {

Result<void> sync_file_system(int file) {
  if (::syncfs(file) != 0) return fail_errno(errno, "cannot make what was restored durable");
  return {};
}

}  // namespace

void Durability::touched(dev_t device, int file) {
  if (device == device_) return;
  const std::lock_guard lock(mutex_);
  auto& kept = others_[device];
  if (!kept) kept = FileDescriptor(::fcntl(file, F_DUPFD_CLOEXEC, 0));
}

Result<void> Durability::sync() const {
  TRY(sync_file_system(root_->get()));
  const std::lock_guard lock(mutex_);
  for (const auto& [device, file] : others_) TRY(sync_file_system(file.get()));
  return {};
}

}  // namespace lifeboat::engine::files
