#include "sandbox/kept_address.h"

#include <sys/mman.h>

#include <cerrno>

namespace lifeboat::sandbox {

Result<KeptAddress> KeptAddress::keep(ByteView uri) {
  FileDescriptor file(::memfd_create("lifeboat", MFD_CLOEXEC));
  if (!file) return fail_errno(errno, "cannot keep an address in memory");
  TRY(write_at(file.get(), 0, uri));
  return KeptAddress(std::move(file));
}

std::string KeptAddress::place() const {
  return "file:/proc/self/fd/" + std::to_string(file_.get());
}

}  // namespace lifeboat::sandbox
