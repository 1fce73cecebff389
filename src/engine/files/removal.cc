#include "engine/files/removal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ranges>

#include "engine/files/exclude.h"
#include "engine/files/path.h"
#include "engine/files/walk.h"

namespace lifeboat::engine::files {
namespace {

struct Doomed {
  std::string path;  // below the folder that is emptied
  bool is_folder = false;
};

WalkRules on_one_file_system() {
  WalkRules rules;
  rules.one_file_system = true;
  return rules;
}

// Its owner may empty a folder once he may write it.
void make_writable(const Visit& visit) {
  constexpr mode_t kOwner = S_IRWXU;
  if ((visit.status.st_mode & kOwner) == kOwner) return;
  const mode_t mode = (visit.status.st_mode & 07777U) | kOwner;
  ::fchmodat(visit.folder->get(), visit.name.c_str(), mode, AT_SYMLINK_NOFOLLOW);
}

bool unlink_at(int folder, std::string_view path, bool is_folder) {
  const std::string name(name_of(path));
  return ::unlinkat(folder, name.c_str(), is_folder ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT;
}

Result<void> empty_folder(const Folder& folder, const std::string& shown_path, Losses& losses,
                          const RunContext& context) {
  OpenFolders folders(folder);
  Findings unread;  // what cannot be listed cannot be removed either, and is counted then
  Walk walk(folders, on_one_file_system(), unread);
  std::vector<Doomed> doomed;
  TRY(walk.next(context));
  while (auto visit = TRY(walk.next(context))) {
    const bool is_folder = S_ISDIR(visit->status.st_mode);
    if (is_folder) make_writable(*visit);
    doomed.push_back({std::move(visit->path), is_folder});
  }
  // Backwards, what is in a folder goes before the folder.
  for (const auto& each : std::views::reverse(doomed)) {
    const auto parent = folders.open(parent_of(each.path));
    if (!parent || !unlink_at((*parent)->get(), each.path, each.is_folder))
      losses.count(Loss::stranger, join(shown_path, each.path));
  }
  return {};
}

// Folders of which something may be kept: what is in them goes one by one, and they last.
class Emptied {
 public:
  // Depth first.
  void add(const std::string& path) {
    if (!holds(path)) top_ = path + "/";
    paths_.push_back(path);
  }
  bool holds(std::string_view path) const { return !top_.empty() && path.starts_with(top_); }
  void remove(OpenFolders& folders, Losses& losses) const {
    for (const auto& each : std::views::reverse(paths_)) {
      const auto parent = folders.open(parent_of(each));
      if (parent && unlink_at((*parent)->get(), each, true)) continue;
      if (!parent || (errno != ENOTEMPTY && errno != EEXIST)) losses.count(Loss::stranger, each);
    }
  }

 private:
  std::string top_;  // the highest of those that were added last
  std::vector<std::string> paths_;
};

}  // namespace

Result<void> remove_below(const Folder& parent, const std::string& path, Losses& losses,
                          const RunContext& context) {
  if (unlink_at(parent->get(), path, false)) return {};
  const auto folder = open_folder(parent->get(), name_of(path));
  struct stat there{};
  struct stat here{};
  const bool same_device = folder && ::fstat((*folder)->get(), &there) == 0 &&
                           ::fstat(parent->get(), &here) == 0 && there.st_dev == here.st_dev;
  if (same_device) {
    ::fchmod((*folder)->get(), (there.st_mode & 07777U) | S_IRWXU);
    TRY(empty_folder(*folder, path, losses, context));
    if (unlink_at(parent->get(), path, true)) return {};
  }
  losses.count(Loss::stranger, path);
  return {};
}

Result<void> remove_strangers(const Folder& root, const Strangers& strangers, Losses& losses,
                              const RunContext& context) {
  OpenFolders folders(root);
  Findings unread;
  auto rules = on_one_file_system();
  rules.exclude = strangers.kept;
  Walk walk(folders, rules, unread);
  Emptied emptied;
  TRY(walk.next(context));
  while (const auto visit = TRY(walk.next(context))) {
    if (!emptied.holds(visit->path) && !strangers.is_one(visit->path)) continue;
    if (strangers.kept != nullptr && S_ISDIR(visit->status.st_mode)) {
      make_writable(*visit);
      emptied.add(visit->path);
      continue;
    }
    walk.stay_out();
    TRY(remove_below(visit->folder, visit->path, losses, context));
  }
  emptied.remove(folders, losses);
  return {};
}

}  // namespace lifeboat::engine::files
