#include "engine/sqlite/target.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/durable.h"
#include "engine/sqlite/database_file.h"
#include "engine/sqlite/sink.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::size_t kCopyPiece = 8U << 20U;

class SqliteTarget final : public Target {
 public:
  explicit SqliteTarget(TargetOptions options) : options_(std::move(options)) {}

  Result<void> prepare(const RunContext& context) override;
  Result<std::unique_ptr<Sink>> create(const EntryInfo& entry) override;
  Result<TargetReport> finish(const RunContext& context) override;

 private:
  Result<void> resolve_place();
  Result<void> check_place() const;
  Result<void> open_partial();
  Result<void> begin_with_what_is_there(const RunContext& context) const;
  Result<void> check_space(std::uint64_t size) const;

  TargetOptions options_;
  std::string place_;
  FileDescriptor partial_;
  bool taken_over_ = false;
  std::shared_ptr<SinkOutcome> outcome_ = std::make_shared<SinkOutcome>();
};

bool is_there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

Failure refuse(std::string message, std::string hint) {
  return Failure(Error(Code::refused, std::move(message)).with_hint(std::move(hint)));
}

Result<void> SqliteTarget::prepare(const RunContext& context) {
  TRY(context.check_stop());
  TRY(resolve_place());
  TRY(check_place());
  TRY(open_partial());
  if (options_.overwrite && !taken_over_) TRY(begin_with_what_is_there(context));
  return {};
}

// A link is followed: the database, its -wal and the rename all belong beside the real file.
Result<void> SqliteTarget::resolve_place() {
  const auto absolute = fs::absolute(options_.place).lexically_normal();
  if (!absolute.has_filename())
    return fail(Code::usage, options_.place + " is no name for a database file");
  TRY(make_durable_directories(absolute.parent_path()));
  std::error_code error;
  place_ = fs::weakly_canonical(absolute, error).string();
  if (error) return fail_errno(error.value(), "cannot see " + options_.place);
  return {};
}

Result<void> SqliteTarget::check_place() const {
  std::error_code ignored;
  if (is_there(place_) && !fs::is_regular_file(place_, ignored))
    return refuse(place_ + " is there and is no file", "Name a file that is not there yet.");
  auto paths = sidecars_of(place_);
  paths.insert(paths.begin(), place_);
  for (const auto& path : paths)
    if (!options_.overwrite && is_there(path))
      return refuse(path + " is there already",
                    "Restore to another place, or allow this database to be overwritten.");
  return refuse_use(place_);
}

// Left by an interrupted restore it is taken over: what it holds already is compared, not trusted.
Result<void> SqliteTarget::open_partial() {
  const auto path = place_ + std::string(kPartialSuffix);
  partial_ = TRY(lifeboat::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW));
  struct stat status{};
  if (::fstat(partial_.get(), &status) != 0) return fail_errno(errno, "cannot see " + path);
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != ::geteuid())
    return refuse(path + " is there and was not made by a restore of this user", "Remove it.");
  if (::flock(partial_.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Code::busy, "another restore to " + place_ + " is running");
  taken_over_ = status.st_size > 0;
  if (::fchmod(partial_.get(), 0600) != 0) return fail_errno(errno, "cannot use " + path);
  return {};
}

// Delta restore: the partial file begins as a copy of the database that it will replace (an instant
// one where the file system shares blocks), so that only what differs needs to be fetched.
Result<void> SqliteTarget::begin_with_what_is_there(const RunContext& context) const {
  if (!is_there(place_)) return {};
  const auto old = TRY(lifeboat::open_file(place_, O_RDONLY | O_NOFOLLOW));
  for (;;) {
    TRY(context.check_stop());
    const auto count =
        ::copy_file_range(old.get(), nullptr, partial_.get(), nullptr, kCopyPiece, 0);
    if (count == 0) return {};
    if (count > 0 || errno == EINTR) continue;
    // Other file systems may refuse; then nothing is there to be kept, and all is fetched.
    if (errno != ENOSPC) return {};
    return fail_errno(errno, "cannot copy " + place_);
  }
}

Result<std::unique_ptr<Sink>> SqliteTarget::create(const EntryInfo& entry) {
  if (entry.kind != EntryKind::database)
    return fail(Code::corrupt, "entry " + entry.path + " is not a database");
  auto metadata = TRY_CONTEXT("entry " + entry.path, decode_metadata(entry.metadata));
  if (metadata.size() != entry.size)
    return fail(Code::corrupt, "entry " + entry.path + " has " + std::to_string(entry.size) +
                                   " bytes, but its pages are " + std::to_string(metadata.size()));
  if (!partial_) return fail(Code::corrupt, "a SQLite source has more than one database");
  TRY(check_space(metadata.size()));
  return make_sink(place_, std::move(partial_), std::move(metadata), outcome_);
}

Result<void> SqliteTarget::check_space(std::uint64_t size) const {
  struct stat status{};
  if (::fstat(partial_.get(), &status) != 0)
    return fail_errno(errno, "cannot see the partial file");
  const auto present = static_cast<std::uint64_t>(status.st_blocks) * 512;
  const auto free = TRY(free_space(fs::path(place_).parent_path()));
  if (present + free >= size) return {};
  return fail(Code::no_space, "the database needs " + describe_size(size - present) + ", but " +
                                  describe_size(free) + " are free beside " + place_);
}

Result<TargetReport> SqliteTarget::finish(const RunContext& context) {
  TRY(context.check_stop());
  if (!outcome_->committed)
    return fail(Code::incomplete, "the snapshot brought no database for " + place_);
  TargetReport report;
  if (taken_over_)
    report.findings.push_back(
        {"restore-resumed", place_, "an interrupted restore was taken over", false});
  if (!outcome_->owner_restored)
    report.findings.push_back({"owner-not-restored", place_,
                               "belongs to who restored it: only root can give files away", false});
  return report;
}

}  // namespace

std::unique_ptr<Target> make_target(const TargetOptions& options) {
  return std::make_unique<SqliteTarget>(options);
}

}  // namespace lifeboat::engine::sqlite
