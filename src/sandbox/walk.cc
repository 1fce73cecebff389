#include "sandbox/walk.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace lifeboat::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLookedAt = 1'000'000;

// What went away holds nothing, and what may not be entered shows nothing. What may be entered and
// not be listed is open to whoever knows a name in it.
bool is_closed(const fs::path& path, const std::error_code& error) {
  if (error == std::errc::no_such_file_or_directory) return true;
  return error == std::errc::permission_denied && ::access(path.c_str(), X_OK) != 0;
}

class Walk {
 public:
  explicit Walk(const Visit& visit) : visit_(visit) {}

  std::string over(const fs::path& place) {
    std::error_code error;
    look_at(fs::weakly_canonical(place, error));
    while (!ahead_.empty() && !is_over()) {
      const auto folder = std::move(ahead_.back());
      ahead_.pop_back();
      look_into(folder);
    }
    return trouble_;
  }

 private:
  bool is_over() const { return ended_ || !trouble_.empty(); }

  void look_into(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end && !is_over();
         at.increment(error))
      look_at(at->path());
    if (error) note(folder, error);
  }

  void look_at(const fs::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0)
      return note(path, std::error_code(errno, std::generic_category()));
    if (++looked_ > kMostLookedAt) trouble_ = "more files than can be looked through";
    const auto onward = visit_(path, status);
    ended_ |= onward == Onward::end;
    if (onward == Onward::go_on && S_ISDIR(status.st_mode)) ahead_.push_back(path);
  }

  void note(const fs::path& path, const std::error_code& error) {
    if (!is_closed(path, error))
      trouble_ = path.string() + " cannot be looked through: " + error.message();
  }

  const Visit& visit_;
  std::vector<fs::path> ahead_;  // folders
  std::size_t looked_ = 0;
  bool ended_ = false;
  std::string trouble_;
};

}  // namespace

std::string walk(const fs::path& place, const Visit& visit) { return Walk(visit).over(place); }

bool is_socket_or_pipe(const struct stat& status) {
  return S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode);
}

}  // namespace lifeboat::sandbox
