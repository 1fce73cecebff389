#include "engine/files/estimate.h"

#include <fcntl.h>

#include <cerrno>
#include <set>

#include "engine/files/exclude.h"
#include "engine/files/open_folders.h"
#include "engine/files/scraps.h"
#include "engine/files/walk.h"

namespace lifeboat::engine::files {
namespace {

constexpr std::uint64_t kMostEntries = 5'000'000;
constexpr std::size_t kMostLinked = 100'000;  // hard-linked files that are remembered

class Sum {
 public:
  void add(const Visit& visit) {
    const auto& status = visit.status;
    if (!S_ISREG(status.st_mode) || is_scrap(visit.path)) return;
    if (status.st_nlink > 1 && seen(status)) return;
    bytes_ += static_cast<std::uint64_t>(status.st_size);
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  bool seen(const struct stat& status) {
    if (linked_.size() >= kMostLinked) return linked_.contains({status.st_dev, status.st_ino});
    return !linked_.emplace(status.st_dev, status.st_ino).second;
  }

  std::set<std::pair<dev_t, ino_t>> linked_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<std::uint64_t> estimate_folder(const SourceOptions& options, const RunContext& context) {
  const auto exclude = TRY(ExcludeRules::compile(options.exclude));
  FileDescriptor root(::open(options.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno(errno, "cannot open the folder " + options.path);
  OpenFolders folders(std::make_shared<const FileDescriptor>(std::move(root)));
  WalkRules rules;
  rules.exclude = &exclude;
  rules.one_file_system = options.one_file_system;
  Findings ignored;
  Walk walk(folders, rules, ignored);
  Sum sum;
  for (std::uint64_t count = 0; count < kMostEntries; ++count) {
    const auto visit = TRY(walk.next(context));
    if (!visit) return sum.bytes();
    sum.add(*visit);
  }
  return 0U;
}

}  // namespace lifeboat::engine::files
