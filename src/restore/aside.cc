#include "restore/aside.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

namespace lifeboat::restore {
namespace {

constexpr std::string_view kPrefix = ".lifeboat-aside-";

// Of this user, and of a run that is no more; holding the lock, so that nobody takes it for left.
std::optional<FileDescriptor> lock_folder(const fs::path& folder) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  FileDescriptor opened(::open(folder.c_str(), kFlags));
  struct stat status{};
  if (!opened || ::fstat(opened.get(), &status) != 0 || status.st_uid != ::geteuid())
    return std::nullopt;
  if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return opened;
}

void remove_left(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator at(parent, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with(kPrefix)) continue;
    if (lock_folder(at->path())) (void)remove_tree(at->path());
  }
}

}  // namespace

Result<Aside> Aside::make(const fs::path& parent) {
  remove_left(parent);
  auto name = (parent / (std::string(kPrefix) + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail_errno(errno, "cannot make a folder in " + parent.string());
  auto lock = lock_folder(name);
  // Another run may have taken it for one that was left before it was locked.
  std::error_code error;
  if (!lock || !fs::exists(name, error))
    return fail(Code::busy, "another restore beside " + parent.string() + " has just begun");
  return Aside(name, *std::move(lock));
}

Aside::~Aside() {
  std::error_code ignored;
  if (lock_) fs::remove_all(path_, ignored);
}

}  // namespace lifeboat::restore
