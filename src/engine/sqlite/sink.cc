#include "engine/sqlite/sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "engine/sqlite/database_file.h"
#include "engine/sqlite/in_use.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::uint64_t kWriteback = 8U << 20U;

class SqliteSink final : public Sink {
 public:
  SqliteSink(std::string place, FileDescriptor partial, Metadata metadata,
             std::shared_ptr<SinkOutcome> outcome)
      : place_(std::move(place)),
        partial_path_(place_ + std::string(kPartialSuffix)),
        partial_(std::move(partial)),
        metadata_(std::move(metadata)),
        outcome_(std::move(outcome)),
        present_(size_of(partial_.get())) {}

  Result<void> write(std::uint64_t offset, ByteView bytes) override;
  Result<std::size_t> existing(std::uint64_t offset, ByteSpan into) override;
  Result<void> commit() override;

 private:
  static std::uint64_t size_of(int file);
  Result<bool> holds(std::uint64_t offset, ByteView bytes) const;
  Result<void> check_content() const;
  Result<void> restore_attributes() const;
  Result<void> move_into_place() const;

  std::string place_;
  std::string partial_path_;
  FileDescriptor partial_;
  Metadata metadata_;
  std::shared_ptr<SinkOutcome> outcome_;
  std::uint64_t present_;  // what the partial file began with
};

std::uint64_t SqliteSink::size_of(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

Result<void> SqliteSink::write(std::uint64_t offset, ByteView bytes) {
  if (offset > metadata_.size() || bytes.size() > metadata_.size() - offset)
    return fail(Code::corrupt, "content beyond the end of the database");
  if (TRY(holds(offset, bytes))) return {};
  TRY_CONTEXT(partial_path_, write_at(partial_.get(), offset, bytes));
  // Lets the disk begin early, so that the fsync at the end has less to wait for.
  const auto end = offset + bytes.size();
  if (offset / kWriteback != end / kWriteback)
    ::sync_file_range(partial_.get(), static_cast<off_t>(offset / kWriteback * kWriteback),
                      static_cast<off_t>(kWriteback), SYNC_FILE_RANGE_WRITE);
  return {};
}

// What the partial file began with is not written again: where it shares blocks with the database
// that it replaces, it goes on sharing them.
Result<bool> SqliteSink::holds(std::uint64_t offset, ByteView bytes) const {
  if (offset >= present_ || bytes.size() > present_ - offset) return false;
  Bytes there(bytes.size());
  const auto count = TRY_CONTEXT(partial_path_, read_at(partial_.get(), offset, there));
  return count == bytes.size() && std::ranges::equal(there, bytes);
}

Result<std::size_t> SqliteSink::existing(std::uint64_t offset, ByteSpan into) {
  return TRY_CONTEXT(partial_path_, read_at(partial_.get(), offset, into));
}

Result<void> SqliteSink::commit() {
  if (::ftruncate(partial_.get(), static_cast<off_t>(metadata_.size())) != 0)
    return fail_errno(errno, "cannot set the size of " + partial_path_);
  TRY_CONTEXT(partial_path_, check_content());
  TRY(restore_attributes());
  TRY_CONTEXT(partial_path_, sync_descriptor(partial_.get()));
  TRY(refuse_use(place_));
  TRY(move_into_place());
  outcome_->committed = true;
  return {};
}

// A last look at what is about to become the database: that it is one, of the promised size.
Result<void> SqliteSink::check_content() const {
  std::array<std::uint8_t, kHeaderSize> first{};
  const auto size = TRY(read_at(partial_.get(), 0, first));
  const auto header = TRY(parse_header(ByteView(first).first(size)));
  const bool counts = header.page_count == 0 || header.page_count == metadata_.page_count;
  if (header.page_size != metadata_.page_size || !counts)
    return fail(Code::corrupt, "the restored header does not fit what the snapshot says of it");
  return {};
}

// Never set-user-id: nothing in a database's mode is worth that risk.
Result<void> SqliteSink::restore_attributes() const {
  outcome_->owner_restored = ::fchown(partial_.get(), metadata_.uid, metadata_.gid) == 0;
  if (!outcome_->owner_restored && errno != EPERM)
    return fail_errno(errno, "cannot set the owner of " + partial_path_);
  if (::fchmod(partial_.get(), metadata_.mode & 0777U) != 0)
    return fail_errno(errno, "cannot set the mode of " + partial_path_);
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto fraction = (metadata_.modified_ns % kSecond + kSecond) % kSecond;
  const timespec times[2] = {{0, UTIME_OMIT},
                             {(metadata_.modified_ns - fraction) / kSecond, fraction}};
  if (::futimens(partial_.get(), times) != 0)
    return fail_errno(errno, "cannot set the times of " + partial_path_);
  return {};
}

// An old -wal or -journal must never meet the new database, so it is gone for good before the
// rename: a crash in between leaves the old file, which was to be replaced, and the whole new one
// beside it.
Result<void> SqliteSink::move_into_place() const {
  const auto folder = fs::path(place_).parent_path();
  for (const auto& sidecar : sidecars_of(place_))
    if (::unlink(sidecar.c_str()) != 0 && errno != ENOENT)
      return fail_errno(errno, "cannot remove " + sidecar);
  TRY(sync_directory(folder));
  if (::rename(partial_path_.c_str(), place_.c_str()) != 0)
    return fail_errno(errno, "cannot move the database to " + place_);
  return sync_directory(folder);
}

}  // namespace

std::unique_ptr<Sink> make_sink(std::string place, FileDescriptor partial, Metadata metadata,
                                std::shared_ptr<SinkOutcome> outcome) {
  return std::make_unique<SqliteSink>(std::move(place), std::move(partial), std::move(metadata),
                                      std::move(outcome));
}

Result<void> refuse_use(const std::string& place) {
  const auto user = TRY(find_user(place));
  if (user.empty()) return {};
  return fail(
      Error(Code::refused, place + " is in use: " + user)
          .with_hint("Stop the application first: a database must not be replaced under it."));
}

}  // namespace lifeboat::engine::sqlite
