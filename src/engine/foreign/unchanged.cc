#include "engine/foreign/unchanged.h"

#include <sys/stat.h>

#include <cerrno>

namespace lifeboat::engine::foreign {
namespace {

constexpr std::size_t kMostLooks = 1'000'000;

std::int64_t nanoseconds_of(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<Unchanged> Unchanged::begin(const fs::path& path) {
  return Unchanged(path, TRY(look(path)));
}

Result<void> Unchanged::check() const {
  const auto now = look(path_);
  if (now && *now == before_) return {};
  return still_written(path_.string());
}

Result<Unchanged::Looks> Unchanged::look(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0)
    return fail_errno(errno, "there is no backup " + path.string());
  Looks looks;
  const auto add = [&](const std::string& name) {
    looks[name] = {static_cast<std::uint64_t>(status.st_size), nanoseconds_of(status.st_mtim)};
  };
  if (!S_ISDIR(status.st_mode)) {
    add("");
    return looks;
  }
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    if (looks.size() == kMostLooks)
      return fail(Code::refused, "there are too many files in " + path.string());
    if (::lstat(at->path().c_str(), &status) != 0) return still_written(at->path().string());
    add(at->path().string());
  }
  if (error) return fail_errno(error.value(), "cannot read all of " + path.string());
  return looks;
}

Failure still_written(const std::string& path) {
  return fail(Error(Code::source_changed, path + " was written while it was read")
                  .with_hint("Drill when the backup has ended, or let its tool write under "
                             "another name and rename it."));
}

}  // namespace lifeboat::engine::foreign
