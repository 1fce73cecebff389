#include "engine/files/walk.h"

#include <fcntl.h>

#include <cerrno>

#include "engine/files/exclude.h"
#include "engine/files/path.h"

namespace lifeboat::engine::files {

Finding finding_of(const Error& error, std::string_view path) {
  const bool vanished = error.code() == Code::not_found;
  Finding finding;
  finding.code = vanished ? "file-vanished" : "file-unreadable";
  finding.subject = path;
  finding.message = vanished ? "it was there when its folder was listed and is gone now"
                             : "it could not be read: " + error.message();
  finding.incomplete = !vanished;
  return finding;
}

void Findings::add(Finding finding) {
  constexpr std::size_t kLimit = 1000;
  if (findings_.size() < kLimit) {
    findings_.push_back(std::move(finding));
    return;
  }
  ++more_;
  more_incomplete_ = more_incomplete_ || finding.incomplete;
}

std::vector<Finding> Findings::take() {
  if (more_ > 0)
    findings_.push_back({"more-findings", "", "and " + std::to_string(more_) + " more like these",
                         more_incomplete_});
  more_ = 0;
  return std::exchange(findings_, {});
}

Result<std::optional<Visit>> Walk::next(const RunContext& context) {
  if (!started_) return TRY(visit_top());
  enter();
  while (!levels_.empty()) {
    TRY(context.check_stop());
    auto& level = levels_.back();
    if (!prepare(level)) {
      levels_.pop_back();
      continue;
    }
    auto visit = take_name(level);
    if (visit && wanted(*visit)) return visit;
  }
  return std::nullopt;
}

Result<Visit> Walk::visit_top() {
  started_ = true;
  Visit visit;
  visit.folder = folders_.root();
  if (::fstat(visit.folder->get(), &visit.status) != 0)
    return fail_errno(errno, "cannot see the folder");
  device_ = visit.status.st_dev;
  enter_ = Level();
  enter_->folder = visit.folder;
  return visit;
}

void Walk::enter() {
  if (!enter_) return;
  levels_.push_back(std::move(*enter_));
  enter_.reset();
  thin_out();
}

// Levels far above are closed and forgotten; they are listed again on the way back.
void Walk::thin_out() {
  if (levels_.size() > rules_.open_levels)
    release(levels_[levels_.size() - rules_.open_levels - 1]);
  std::size_t held = 0;
  for (auto level = levels_.rbegin(); level != levels_.rend() && level->folder; ++level) {
    held += level->batch.names.size();
    if (held > 2 * rules_.batch) release(*level);
  }
}

void Walk::release(Level& level) {
  level.folder.reset();
  if (!level.listed) return;
  level.listed = false;
  level.batch = {};
  level.at = 0;
}

bool Walk::prepare(Level& level) {
  if (level.listed && level.at < level.batch.names.size()) return true;
  if (level.listed && !level.batch.more) return false;
  if (!level.folder) {
    auto folder = folders_.open(level.path);
    if (!folder) return report(folder.error(), level.path), false;
    level.folder = *std::move(folder);
    folders_.put(level.path, level.folder);
  }
  auto batch = list_names(level.folder->get(), level.last, rules_.batch);
  if (!batch) return report(batch.error(), level.path), false;
  level.batch = *std::move(batch);
  level.at = 0;
  level.listed = true;
  return level.batch.names.size() > 0;
}

std::optional<Visit> Walk::take_name(Level& level) {
  const auto name = level.batch.names[level.at++];
  level.last = name;
  Visit visit{join(level.path, name), level.last, {}, level.folder};
  if (!is_name(name) || visit.path.size() > kMaxPathSize) {
    report(Error(Code::source_unreadable, "its name or path is too long"), visit.path);
    return std::nullopt;
  }
  if (::fstatat(visit.folder->get(), visit.name.c_str(), &visit.status, AT_SYMLINK_NOFOLLOW) != 0) {
    report(fail_errno(errno, "cannot see it").value(), visit.path);
    return std::nullopt;
  }
  return visit;
}

bool Walk::wanted(const Visit& visit) {
  const bool is_folder = S_ISDIR(visit.status.st_mode);
  if (rules_.exclude && rules_.exclude->excludes(visit.path, is_folder)) {
    ++excluded_;
    return false;
  }
  // A mount point itself belongs to the tree, what is mounted on it does not.
  if (!is_folder || (rules_.one_file_system && visit.status.st_dev != device_)) return true;
  enter_ = Level();
  enter_->path = visit.path;
  return true;
}

void Walk::report(const Error& error, std::string_view path) {
  findings_.add(finding_of(error, path));
}

}  // namespace lifeboat::engine::files
