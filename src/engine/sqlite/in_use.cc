#include "engine/sqlite/in_use.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace lifeboat::engine::sqlite {
namespace {

std::string name_of_process(const std::string& number) {
  const auto name = read_file("/proc/" + number + "/comm", 4096);
  if (!name) return "process " + number;
  auto text = to_text(*name);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return "process " + number + " (" + text + ")";
}

// Any lock at all: SQLite's are on a few bytes at 1 GiB of the database and at 120 of the -shm.
Result<std::string> find_lock(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return std::string();
    return fail_errno(errno, "cannot open " + path);
  }
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_GETLK, &lock) != 0)
    return fail_errno(errno, "cannot see locks of " + path);
  if (lock.l_type == F_UNLCK) return std::string();
  return name_of_process(std::to_string(lock.l_pid)) + " has locked it";
}

bool has_open(const fs::path& process, const struct stat& wanted) {
  std::error_code error;
  for (fs::directory_iterator each(process / "fd", error), end; !error && each != end;
       each.increment(error)) {
    struct stat status{};
    if (::stat(each->path().c_str(), &status) == 0 && status.st_dev == wanted.st_dev &&
        status.st_ino == wanted.st_ino)
      return true;
  }
  return false;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string find_holder(const std::string& path) {
  struct stat wanted{};
  if (::stat(path.c_str(), &wanted) != 0) return {};
  const auto self = std::to_string(::getpid());
  std::error_code error;
  for (fs::directory_iterator each("/proc", error), end; !error && each != end;
       each.increment(error)) {
    const auto number = each->path().filename().string();
    if (is_number(number) && number != self && has_open(each->path(), wanted))
      return name_of_process(number) + " has it open";
  }
  return {};
}

}  // namespace

Result<std::string> find_user(const std::string& path) {
  for (const char* suffix : {"", "-shm"})
    if (auto user = TRY(find_lock(path + suffix)); !user.empty()) return user;
  return find_holder(path);
}

}  // namespace lifeboat::engine::sqlite
