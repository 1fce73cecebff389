#include "storage/local/entries.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace lifeboat::storage {
namespace {

constexpr std::int64_t kEndOfTime = 253'402'300'799;  // 9999-12-31T23:59:59Z

struct CloseStream {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseStream>;

// A descriptor of its own: the stream keeps its place in it and closes it.
DirectoryStream open_stream(int directory) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return nullptr;
  DirectoryStream stream(::fdopendir(copy));
  if (!stream) ::close(copy);
  return stream;
}

// Null at the end, when errno is 0, and on an error.
const dirent* next_entry(DIR* stream) {
  errno = 0;
  return ::readdir(stream);
}

}  // namespace

int each_name(int directory, const std::function<bool(const std::string&)>& visit) {
  const auto stream = open_stream(directory);
  if (!stream) return errno;
  while (const dirent* entry = next_entry(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !visit(name)) return 0;
  }
  return errno;
}

Time time_of(const timespec& time) {
  return Time(std::chrono::seconds(std::clamp<std::int64_t>(time.tv_sec, 0, kEndOfTime)) +
              std::chrono::microseconds(time.tv_nsec / 1000));
}

}  // namespace lifeboat::storage
