#include "engine/files/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lifeboat::engine::files {
namespace {

Result<void> copy_by_hand(int from, int to, std::uint64_t at, std::uint64_t end) {
  Bytes buffer(std::min<std::uint64_t>(end - at, 1U << 20U));
  while (at < end) {
    const auto wanted = ByteSpan(buffer).first(std::min<std::uint64_t>(buffer.size(), end - at));
    const auto size = TRY(read_at(from, at, wanted));
    if (size == 0) return fail(Code::io_error, "the file became shorter while it was copied");
    TRY(write_at(to, at, wanted.first(size)));
    at += size;
  }
  return {};
}

Result<void> copy_range(int from, int to, std::uint64_t at, std::uint64_t end) {
  while (at < end) {
    auto in = static_cast<loff_t>(at);
    auto out = in;
    const auto size = ::copy_file_range(from, &in, to, &out, end - at, 0);
    // Not every pair of file systems can; the slow way tells the real error, if there is one.
    if (size <= 0) return copy_by_hand(from, to, at, end);
    at += static_cast<std::uint64_t>(size);
  }
  return {};
}

Result<void> copy_data(int from, int to, std::uint64_t size) {
  for (std::uint64_t at = 0; at < size;) {
    const auto data = ::lseek(from, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) return {};  // only a hole is left
    if (data < 0) return copy_range(from, to, at, size);
    const auto hole = ::lseek(from, data, SEEK_HOLE);
    const auto end = hole < 0 ? size : std::min(size, static_cast<std::uint64_t>(hole));
    if (static_cast<std::uint64_t>(data) < end)
      TRY(copy_range(from, to, static_cast<std::uint64_t>(data), end));
    at = std::max(end, static_cast<std::uint64_t>(data));
  }
  return {};
}

}  // namespace

Result<void> copy_content(int from, int to, std::uint64_t size) {
  if (::ioctl(to, FICLONE, from) != 0) TRY(copy_data(from, to, size));
  if (::ftruncate(to, static_cast<off_t>(size)) != 0) return fail_errno(errno, "cannot copy");
  return {};
}

}  // namespace lifeboat::engine::files
