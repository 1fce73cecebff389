#include "engine/foreign/bring.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "engine/files/copy.h"
#include "engine/files/open_folders.h"
#include "engine/foreign/filler.h"
#include "engine/foreign/unchanged.h"
#include "engine/foreign/unpack.h"

namespace lifeboat::engine::foreign {
namespace {

constexpr const char* kDatabaseName = "database.db";  // of a backup that is one file

Filler::Item item_of(const std::string& path, const struct stat& status) {
  Filler::Item item;
  item.path = path;
  item.mode = status.st_mode & 0777U;
  item.modified_ns =
      static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
  return item;
}

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_size == other.st_size && one.st_mtim.tv_sec == other.st_mtim.tv_sec &&
         one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

Result<struct stat> status_of(const FileDescriptor& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "cannot see " + path);
  return status;
}

Result<void> copy_file(const FileDescriptor& from, const Filler::Item& item, Filler& filler) {
  const auto before = TRY(status_of(from, item.path));
  const auto size = static_cast<std::uint64_t>(before.st_size);
  TRY(filler.count_bytes(size));
  const auto to = TRY(filler.begin_file(item));
  TRY_CONTEXT(item.path, files::copy_content(from.get(), to.get(), size));
  if (!is_same(before, TRY(status_of(from, item.path)))) return still_written(item.path);
  return filler.end_file(item, to);
}

// A tree as it is, links as links; what is neither folder, file nor link is left out.
class TreeCopy {
 public:
  TreeCopy(const fs::path& from, Filler& filler, const RunContext& context)
      : from_(from), filler_(filler), context_(context) {}

  Result<std::vector<Finding>> run() {
    std::error_code error;
    for (fs::recursive_directory_iterator at(from_, error), end; !error && at != end;
         at.increment(error)) {
      TRY(context_.check_stop());
      TRY(copy(at->path()));
    }
    if (error) return fail_errno(error.value(), "cannot read all of " + from_.string());
    TRY(filler_.finish());
    return std::move(findings_);
  }

 private:
  Result<void> copy(const fs::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return still_written(path.string());
    const auto item = item_of(path.lexically_relative(from_).string(), status);
    if (S_ISDIR(status.st_mode)) return filler_.make_folder(item);
    if (S_ISLNK(status.st_mode)) {
      std::error_code error;
      const auto target = fs::read_symlink(path, error);
      if (error) return still_written(path.string());
      return filler_.make_link(item.path, target.string());
    }
    if (S_ISREG(status.st_mode))
      return copy_file(TRY(open_file(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)), item, filler_);
    findings_.push_back({"special-left-out", item.path, "a device, pipe or socket is not copied"});
    return {};
  }

  const fs::path& from_;
  Filler& filler_;
  const RunContext& context_;
  std::vector<Finding> findings_;
};

// The database with what SQLite keeps beside it, when that was copied too.
Result<void> copy_database(const std::string& path, Filler& filler) {
  for (const std::string suffix : {"", "-wal", "-journal"}) {
    struct stat status{};
    if (::lstat((path + suffix).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      if (suffix.empty()) return fail(Code::not_found, "there is no backup " + path);
      continue;
    }
    const auto file = TRY(open_file(path + suffix, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    TRY(copy_file(file, item_of(kDatabaseName + suffix, status), filler));
  }
  return {};
}

Result<Unpacked> unpack_file(const Options& options, const Candidate& backup,
                             const std::string& into, const RunContext& context) {
  const auto file = TRY(open_file(backup.path, O_RDONLY | O_CLOEXEC));
  return unpack(file, options, into, context);
}

// One part of a path inside, which may hold wildcards: exactly one name must fit.
Result<std::string> only_name(int folder, const std::string& part) {
  const FileDescriptor again(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<std::string> fitting;
  std::error_code error;
  const auto place = "/proc/self/fd/" + std::to_string(again.get());
  for (fs::directory_iterator at(place, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    if (name == part) return name;
    if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0) fitting.push_back(name);
  }
  if (error) return fail_errno(error.value(), "cannot look into the backup");
  // What lies beside a database belongs to it.
  std::erase_if(fitting, [](const std::string& name) {
    return name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with("-journal");
  });
  if (fitting.empty()) return fail(Code::damage_found, "no " + part + " is in the backup");
  if (fitting.size() == 1) return fitting[0];
  std::ranges::sort(fitting);
  return fail(Error(Code::config_invalid, "more than one name in the backup fits " + part + ": " +
                                              fitting[0] + ", " + fitting[1])
                  .with_hint("Write which one it is."));
}

struct Found {
  files::Folder folder;  // that holds it
  std::string path;      // relative
  std::string name;
};

// Part by part, through real folders only.
Result<Found> find_path(const std::string& root, const std::string& path) {
  FileDescriptor top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) return fail_errno(errno, "cannot open " + root);
  Found found{std::make_shared<const FileDescriptor>(std::move(top)), "", ""};
  for (const auto& part : fs::path(path).lexically_normal()) {
    if (part.empty() || part == ".") continue;
    if (part == ".." || part == "/")
      return fail(Code::config_invalid, path + " is not a path inside the backup");
    if (!found.name.empty())
      found.folder = TRY_CONTEXT(found.path, files::open_folder(found.folder->get(), found.name));
    found.name = TRY(only_name(found.folder->get(), part.string()));
    found.path += (found.path.empty() ? "" : "/") + found.name;
  }
  return found;
}

Result<void> expect(const Found& found, mode_t type, const std::string& kind) {
  struct stat status{};
  if (::fstatat(found.folder->get(), found.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return fail(Code::damage_found, found.path + " is not in the backup");
  if ((status.st_mode & S_IFMT) == type) return {};
  return fail(Code::damage_found, found.path + " in the backup is no " + kind);
}

// What SQLite itself would open beside it must be real files too.
Result<void> expect_own(const Found& found) {
  for (const auto* suffix : {"-wal", "-shm", "-journal"}) {
    struct stat status{};
    const auto name = found.name + suffix;
    const bool there =
        ::fstatat(found.folder->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && !S_ISREG(status.st_mode))
      return fail(Code::refused, found.path + suffix + " in the backup is no file");
  }
  return {};
}

Result<void> expect_something(const std::string& into, const Options& options) {
  std::error_code error;
  if (fs::directory_iterator(into, error) != fs::directory_iterator()) return {};
  return fail(Error(Code::damage_found, options.restore.empty()
                                            ? "there is nothing in the backup"
                                            : "the restore program ended well and restored nothing")
                  .with_hint("A backup of nothing has the right form too: look at what makes it."));
}

Result<Brought> bring_now(const Options& options, const Candidate& backup, const std::string& into,
                          const RunContext& context) {
  Brought brought;
  if (options.format == "files" || options.format == "sqlite") {
    auto filler = TRY(Filler::open(into, options.limits));
    if (options.format == "files")
      brought.findings = TRY(TreeCopy(backup.path, filler, context).run());
    else
      TRY(copy_database(backup.path, filler));
    brought.entries = filler.entries();
    brought.bytes = filler.bytes();
  } else {
    auto unpacked = TRY_CONTEXT(backup.name, unpack_file(options, backup, into, context));
    brought.entries = unpacked.entries;
    brought.bytes = unpacked.bytes;
    brought.findings = std::move(unpacked.findings);
  }
  TRY_CONTEXT(backup.name, expect_something(into, options));
  return brought;
}

Result<void> count(const std::string& into, Brought& brought) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(into, error), end; !error && at != end;
       at.increment(error)) {
    ++brought.entries;
    std::error_code none;
    if (at->is_regular_file(none) && !at->is_symlink(none)) brought.bytes += at->file_size(none);
  }
  if (error) return fail_errno(error.value(), "cannot see all that was restored");
  return {};
}

// A program cannot tell us of a full disk, but leaves one.
Error why_it_ended(int status, const std::string& into) {
  constexpr std::uint64_t kFull = 64U << 10U;
  const auto what = "the restore program ended with status " + std::to_string(status);
  const auto free = free_space(into);
  if (free && *free < kFull)
    return {Code::no_space, what + ", and " + describe_size(*free) + " are free in " + into};
  return Error(Code::command_failed, what).with_hint("Run it by hand into an empty folder.");
}

}  // namespace

Result<Brought> bring(const Options& options, const Candidate& backup, const std::string& into,
                      const RunContext& context) {
  TRY(make_directories(into));
  const auto unchanged = TRY(Unchanged::begin(backup.path));
  auto brought = bring_now(options, backup, into, context);
  TRY(context.check_stop());
  TRY(unchanged.check());
  return brought;
}

Result<Brought> have_brought(const Options& options, const std::string& into, std::string& output,
                             const RunContext& context) {
  TRY(make_directories(into));
  const auto home = into + ".home";
  TRY(make_directories(home));
  CommandSpec spec;
  spec.shell_text = options.restore;
  replace_all(spec.shell_text, "${sandbox.path}", "${LIFEBOAT_SANDBOX}");
  spec.directory = into;
  spec.timeout = options.timeout;
  spec.inherits = false;
  spec.ends_all = true;
  spec.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                      {"LANG", "C.UTF-8"},
                      {"HOME", home}};
  for (const auto& [name, value] : options.environment) spec.environment[name] = value;
  spec.environment["LIFEBOAT_SANDBOX"] = into;
  const auto outcome = TRY_CONTEXT("restore program", run_command(spec, context));
  (void)remove_tree(home);
  output = without_secrets(outcome.output, options.secrets);
  if (outcome.exit_status != 0) return fail(why_it_ended(outcome.exit_status, into));
  Brought brought;
  TRY(expect_something(into, options));
  TRY(count(into, brought));
  return brought;
}

Result<Inside> find_inside(const Options& options, const std::string& into) {
  const auto root = fs::path(into);
  if (options.is_database()) {
    const auto found =
        TRY(find_path(into, options.format == "sqlite" ? kDatabaseName : options.database));
    TRY(expect(found, S_IFREG, "file"));
    TRY(expect_own(found));
    return Inside{"sqlite", (root / found.path).string()};
  }
  if (options.folder.empty()) return Inside{"files", into};
  const auto found = TRY(find_path(into, options.folder));
  TRY(expect(found, S_IFDIR, "folder"));
  return Inside{"files", (root / found.path).string()};
}

}  // namespace lifeboat::engine::foreign
