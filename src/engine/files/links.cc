#include "engine/files/links.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/files/path.h"
#include "engine/files/scraps.h"

namespace lifeboat::engine::files {
namespace {

struct Spot {
  Folder folder;
  std::string name;
};

Result<Spot> spot_of(OpenFolders& folders, std::string_view path) {
  return Spot{TRY(folders.open(parent_of(path))), std::string(name_of(path))};
}

bool link(const Spot& first, const Spot& at, const std::string& name) {
  return ::linkat(first.folder->get(), first.name.c_str(), at.folder->get(), name.c_str(), 0) == 0;
}

bool same_file(const Spot& one, const Spot& other) {
  struct stat a{};
  struct stat b{};
  return ::fstatat(one.folder->get(), one.name.c_str(), &a, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstatat(other.folder->get(), other.name.c_str(), &b, AT_SYMLINK_NOFOLLOW) == 0 &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Over what is there by rename; renaming one name of a file over another does nothing, so it is not
// tried.
bool replace(const Spot& first, const Spot& at) {
  if (same_file(first, at)) return true;
  const auto temporary = temporary_name();
  if (!link(first, at, temporary)) return false;
  const int folder = at.folder->get();
  if (::renameat(folder, temporary.c_str(), folder, at.name.c_str()) == 0) return true;
  ::unlinkat(folder, temporary.c_str(), 0);
  return false;
}

}  // namespace

void count_lost(const HardLink& link, Losses& losses) {
  losses.count(Loss::hard_link, link.path + " (a name of " + link.first + ")");
}

Result<void> make_hard_links(const std::vector<HardLink>& links, OpenFolders& folders,
                             Losses& losses, const RunContext& context) {
  for (const auto& each : links) {
    TRY(context.check_stop());
    const auto at = TRY(spot_of(folders, each.path));
    const auto first = spot_of(folders, each.first);
    if (first && (link(*first, at, at.name) || (errno == EEXIST && replace(*first, at)))) continue;
    count_lost(each, losses);
  }
  return {};
}

}  // namespace lifeboat::engine::files
