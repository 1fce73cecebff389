#include "engine/files/examine.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>

#include "engine/files/exclude.h"
#include "engine/files/open_folders.h"
#include "engine/files/path.h"
#include "engine/files/scraps.h"
#include "engine/files/walk.h"

namespace lifeboat::engine::files {
namespace {

constexpr rlim_t kFewDescriptors = 512;  // a walk and a full set of workers stay below it

using Level = Advice::Level;

bool has_sqlite_header(const Visit& visit) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  // A database is a whole number of pages, and no page is smaller.
  constexpr off_t kLeastPage = 512;
  if (visit.status.st_size == 0 || visit.status.st_size % kLeastPage != 0) return false;
  const FileDescriptor file(::openat(visit.folder->get(), visit.name.c_str(), kFlags));
  std::array<std::uint8_t, kMagic.size()> begin{};
  if (!file || read_at(file.get(), 0, begin).value_or(0) != begin.size()) return false;
  return to_text(begin) == kMagic;
}

bool has_log_beside(const Visit& visit) {
  struct stat ignored{};
  for (const auto* const end : {"-wal", "-shm", "-journal"})
    if (::fstatat(visit.folder->get(), (visit.name + end).c_str(), &ignored, AT_SYMLINK_NOFOLLOW) ==
        0)
      return true;
  return false;
}

// Names that other databases keep in the folder of their data.
bool is_server_data(const Visit& visit) {
  return visit.name == "PG_VERSION" || visit.name == "WiredTiger" || visit.name == "ibdata1";
}

class Examination {
 public:
  Examination(const SourceOptions& options, std::uint64_t limit)
      : options_(options), limit_(limit) {}

  Result<std::vector<Advice>> run(const RunContext& context) {
    const auto exclude = ExcludeRules::compile(options_.exclude);
    if (!exclude) {
      say(Level::error, exclude.error().message(), "Mend the pattern.");
      return std::move(advice_);
    }
    FileDescriptor root(::open(options_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) {
      say(Level::error, fail_errno(errno, options_.path).value().message(),
          "Check the path, and that this user may read the folder.");
      return std::move(advice_);
    }
    TRY(look(std::make_shared<const FileDescriptor>(std::move(root)), *exclude, context));
    conclude();
    return std::move(advice_);
  }

 private:
  Result<void> look(Folder root, const ExcludeRules& exclude, const RunContext& context) {
    OpenFolders folders(std::move(root));
    WalkRules rules;
    rules.exclude = &exclude;
    rules.one_file_system = options_.one_file_system;
    Walk walk(folders, rules, unreadable_);
    while (seen_ < limit_) {
      const auto visit = TRY(walk.next(context));
      if (!visit) return {};
      ++seen_;
      look_at(*visit);
    }
    all_seen_ = false;
    return {};
  }

  void look_at(const Visit& visit) {
    if (visit.path == kMarkerName)
      say(Level::warning, options_.path + " holds a restore that did not end",
          "Run that restore again, or the backup holds half a folder.");
    if (!S_ISREG(visit.status.st_mode)) return;
    if (::faccessat(visit.folder->get(), visit.name.c_str(), R_OK,
                    AT_SYMLINK_NOFOLLOW | AT_EACCESS) != 0)
      unreadable_.add(finding_of(fail_errno(errno, "not for this user").value(), visit.path));
    if (has_sqlite_header(visit)) warn_of_database(visit);
    if (is_server_data(visit))
      say(Level::warning,
          shown(parent_of(visit.path)) + " looks like the data of a running database",
          "A copy of such files cannot be trusted: protect the database as a source of its own "
          "and exclude /" +
              std::string(parent_of(visit.path)) + " here.");
  }

  void warn_of_database(const Visit& visit) {
    const std::string open = has_log_beside(visit) ? " that is in use" : "";
    say(Level::warning, visit.path + " is a SQLite database" + open + ": a plain copy may be torn",
        "Make it a source `{type: sqlite, path: " + options_.path + "/" + visit.path +
            "}`, and add `/" + visit.path + "*` to this source's exclude.");
  }

  void conclude() {
    for (const auto& finding : unreadable_.take())
      if (finding.incomplete)
        say(Level::error, finding.subject + ": " + finding.message,
            "Give this user the right to read it, or exclude it.");
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < kFewDescriptors)
      say(Level::warning, "only " + std::to_string(limit.rlim_cur) + " files can be open at once",
          "Raise the limit: ulimit -n 4096.");
    const auto count = std::to_string(seen_);
    say(Level::ok,
        options_.path + ": " +
            (all_seen_ ? count + " entries"
                       : "only the first " + count + " entries were looked at, there are more"),
        "");
  }

  void say(Level level, std::string message, std::string hint) {
    constexpr std::size_t kEnough = 50;
    if (advice_.size() < kEnough || level == Level::ok)
      advice_.push_back({level, std::move(message), std::move(hint)});
  }

  const SourceOptions& options_;
  const std::uint64_t limit_;
  std::vector<Advice> advice_;
  Findings unreadable_;
  std::uint64_t seen_ = 0;
  bool all_seen_ = true;
};

}  // namespace

Result<std::vector<Advice>> examine_folder(const SourceOptions& options, const RunContext& context,
                                           std::uint64_t limit) {
  return Examination(options, limit).run(context);
}

}  // namespace lifeboat::engine::files
