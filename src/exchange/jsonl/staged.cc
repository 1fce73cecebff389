#include "exchange/jsonl/staged.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "exchange/jsonl/names.h"

namespace lifeboat::exchange::jsonl {
namespace {

constexpr int kMostTries = 10;
constexpr mode_t kOwnOnly = 0700;

bool is_there(const fs::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

// Never over anything.
Result<void> show_as(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return sync_directory(to.parent_path());
  return fail_errno(errno, "cannot make " + to.string());
}

}  // namespace

Result<Staged> Staged::begin(const fs::path& out_dir, const std::string& suffix,
                             const RunContext& context) {
  TRY(make_directories(out_dir / kArchivesFolder));
  Staged staged;
  staged.out_dir_ = out_dir;
  staged.suffix_ = suffix;
  for (int tries = 0; tries < kMostTries; ++tries) {
    TRY(context.check_stop());
    staged.moment_ = context.clock.now();
    staged.name_ = backup_name(staged.moment_);
    const bool taken = is_there(staged.final_folder()) || is_there(staged.final_archive());
    if (!taken) {
      TRY(staged.make());
      return staged;
    }
    context.clock.sleep(std::chrono::seconds(1));
  }
  return fail(Code::exists, "there is a backup of every second already in " + out_dir.string());
}

Staged::Staged(Staged&& other) noexcept
    : out_dir_(std::move(other.out_dir_)),
      name_(std::move(other.name_)),
      suffix_(std::move(other.suffix_)),
      moment_(other.moment_),
      folder_(std::exchange(other.folder_, {})),
      archive_path_(std::exchange(other.archive_path_, {})),
      archive_(std::move(other.archive_)) {}

Staged::~Staged() {
  if (!folder_.empty()) (void)remove_tree(folder_);
  if (!archive_path_.empty()) ::unlink(archive_path_.c_str());
}

fs::path Staged::final_archive() const { return out_dir_ / kArchivesFolder / (name_ + suffix_); }

// Of two that begin in the same second, the process tells them apart until one is first.
Result<void> Staged::make() {
  const auto hidden = "." + name_ + "." + std::to_string(::getpid()) + ".partial";
  const auto folder = out_dir_ / hidden;
  if (::mkdir(folder.c_str(), kOwnOnly) != 0)
    return fail_errno(errno, "cannot make " + folder.string());
  folder_ = folder;
  const auto archive = out_dir_ / kArchivesFolder / hidden;
  archive_ = TRY(open_file(archive, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC));
  archive_path_ = archive;
  return {};
}

Result<void> Staged::commit() {
  TRY(sync_directory(folder_));
  TRY(sync_descriptor(archive_.get()));
  TRY(show_as(folder_, final_folder()));
  folder_ = final_folder();  // gone again when the archive cannot be shown
  TRY(show_as(archive_path_, final_archive()));
  folder_.clear();
  archive_path_.clear();
  return {};
}

}  // namespace lifeboat::exchange::jsonl
