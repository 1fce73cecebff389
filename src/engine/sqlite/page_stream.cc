#include "engine/sqlite/page_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "engine/sqlite/big_endian.h"
#include "engine/sqlite/vfs.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::size_t kStepBytes = 1U << 20U;
constexpr std::size_t kParkedLimit = 64U << 20U;

// Puts pages that arrive in almost any order into the order of the file.
class PageSorter {
 public:
  PageSorter(Bytes page_one, std::uint64_t page_count, std::uint64_t locked_at)
      : page_one_(std::move(page_one)), end_(page_count * page_one_.size()), locked_at_(locked_at) {
    hand_out(page_one_);
  }

  // Bytes go here first, so that most are copied once.
  void aim(ByteSpan into) {
    target_ = into;
    filled_ = 0;
    take_ready();
  }
  std::size_t filled() const { return filled_; }

  Result<void> accept(std::uint64_t offset, ByteView page) {
    if (offset == 0) return confirm_page_one(page);
    if (page.size() != page_one_.size() || offset < next_ || offset + page.size() > end_)
      return fail(Code::internal, "SQLite wrote page at " + std::to_string(offset) +
                                      " where the one at " + std::to_string(next_) + " was due");
    if (offset == next_) {
      hand_out(page);
      release_parked();
      return {};
    }
    return park(offset, page);
  }

  // After the last page.
  Result<void> finish() {
    if (!page_one_confirmed_ || next_ != end_)
      return fail(Code::internal,
                  "SQLite copied " + std::to_string(next_) + " bytes of " + std::to_string(end_));
    return {};
  }

 private:
  // The backup's page 1 comes last and may differ from the true one in counters only.
  Result<void> confirm_page_one(ByteView page) {
    if (page.size() != page_one_.size())
      return fail(Code::internal, "page 1 came in another size than it was read");
    Bytes theirs = to_bytes(page);
    Bytes ours = page_one_;
    for (Bytes* bytes : {&theirs, &ours}) mask_counters(*bytes);
    if (theirs != ours) return fail(Code::internal, "page 1 is not the one that was read first");
    page_one_confirmed_ = true;
    return {};
  }

  static void mask_counters(Bytes& page) {
    const auto mask = [&](std::size_t from, std::size_t to) {
      std::fill(page.begin() + static_cast<std::ptrdiff_t>(from),
                page.begin() + static_cast<std::ptrdiff_t>(to), std::uint8_t{0});
    };
    mask(kReadVersionAt - 1, kReadVersionAt + 1);
    mask(kChangeCounterAt, kPageCountAt + 4);
    mask(kSchemaCookieAt, kSchemaCookieAt + 4);
    mask(kVersionValidForAt, kHeaderEnd);
  }

  Result<void> park(std::uint64_t offset, ByteView page) {
    parked_[offset] = to_bytes(page);
    release_parked();
    if (parked_.size() * page_one_.size() > kParkedLimit)
      return fail(Code::internal, "SQLite copies the pages too far out of order");
    return {};
  }

  void release_parked() {
    for (;;) {
      // The page in which SQLite's locks lie is never used nor written, so it is zeros.
      if (next_ == locked_at_ && next_ < end_) hand_out(Bytes(page_one_.size(), 0));
      const auto found = parked_.find(next_);
      if (found == parked_.end()) return;
      hand_out(found->second);
      parked_.erase(found);
    }
  }

  void hand_out(ByteView page) {
    next_ += page.size();
    const auto direct = ready_.empty() ? std::min(page.size(), target_.size() - filled_) : 0;
    if (direct > 0) std::memcpy(target_.data() + filled_, page.data(), direct);
    filled_ += direct;
    append(ready_, page.subspan(direct));
  }

  void take_ready() {
    const auto count = std::min(target_.size() - filled_, ready_.size() - ready_at_);
    if (count > 0) std::memcpy(target_.data() + filled_, ready_.data() + ready_at_, count);
    filled_ += count;
    ready_at_ += count;
    if (ready_at_ < ready_.size()) return;
    ready_.clear();
    ready_at_ = 0;
  }

  Bytes page_one_;
  std::uint64_t end_;
  std::uint64_t locked_at_;
  std::uint64_t next_ = 0;  // offset of the page that is due
  bool page_one_confirmed_ = false;
  std::map<std::uint64_t, Bytes> parked_;
  Bytes ready_;  // in order, waiting for the next aim()
  std::size_t ready_at_ = 0;
  ByteSpan target_;
  std::size_t filled_ = 0;
};

// The "file" that the backup writes: whatever is written goes to the sorter, nothing is ever read.
class StreamVfs final : public Vfs {
 public:
  explicit StreamVfs(PageSorter& sorter) : Vfs(sizeof(StreamFile)), sorter_(sorter) {}
  // Why the last write failed.
  const std::optional<Error>& error() const { return error_; }

 private:
  struct StreamFile {
    sqlite3_file base;
    StreamVfs* owner;
  };

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    auto& self = *reinterpret_cast<StreamFile*>(file)->owner;
    const ByteView page(static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size));
    const auto accepted = self.sorter_.accept(static_cast<std::uint64_t>(offset), page);
    if (!accepted) self.error_ = accepted.error();
    return accepted ? SQLITE_OK : SQLITE_IOERR_WRITE;
  }

  static int read_nothing(sqlite3_file*, void* into, int size, sqlite3_int64) {
    std::memset(into, 0, static_cast<std::size_t>(size));
    return SQLITE_IOERR_SHORT_READ;
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods kMethods = [] {
      sqlite3_io_methods m{};
      m.iVersion = 1;
      m.xClose = [](sqlite3_file*) { return SQLITE_OK; };
      m.xRead = &StreamVfs::read_nothing;
      m.xWrite = &StreamVfs::write;
      m.xTruncate = [](sqlite3_file*, sqlite3_int64) { return SQLITE_OK; };
      m.xSync = [](sqlite3_file*, int) { return SQLITE_OK; };
      m.xFileSize = [](sqlite3_file*, sqlite3_int64* size) {
        *size = 0;
        return SQLITE_OK;
      };
      m.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
      m.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
      m.xCheckReservedLock = [](sqlite3_file*, int* held) {
        *held = 0;
        return SQLITE_OK;
      };
      m.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
      m.xSectorSize = [](sqlite3_file*) { return 4096; };
      m.xDeviceCharacteristics = [](sqlite3_file*) { return 0; };
      return m;
    }();
    return kMethods;
  }

  int open_file(const char*, sqlite3_file* file, int flags, int* out_flags) override {
    file->pMethods = nullptr;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
    reinterpret_cast<StreamFile*>(file)->owner = this;
    file->pMethods = &methods();
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }
  int remove_file(const char*, int) override { return SQLITE_OK; }
  int access_file(const char*, int, int* result) override {
    *result = 0;
    return SQLITE_OK;
  }

  PageSorter& sorter_;
  std::optional<Error> error_;
};

class PageStream final : public Reader {
 public:
  PageStream(const Connection& source, PageStreamOptions options)
      : source_(source),
        page_size_(options.page_one.size()),
        sorter_(std::move(options.page_one), options.page_count, options.locked_at),
        vfs_(sorter_),
        stop_(std::move(options.stop)) {}
  ~PageStream() override { sqlite3_backup_finish(backup_); }

  Result<void> begin();
  Result<std::size_t> read(ByteSpan into) override;

 private:
  Result<void> step(std::size_t bytes);

  const Connection& source_;
  std::size_t page_size_;
  PageSorter sorter_;
  StreamVfs vfs_;
  std::optional<Connection> destination_;
  sqlite3_backup* backup_ = nullptr;
  bool done_ = false;
  std::stop_token stop_;
};

Result<void> PageStream::begin() {
  OpenOptions options;
  options.path = "/pages";
  options.mode = OpenOptions::Mode::create;
  options.vfs = vfs_.name();
  destination_.emplace(TRY(Connection::open(options)));
  // A small cache that spills each page as soon as the next one comes. Nothing is journalled, for
  // the file begins empty; a defensive connection cannot do without a journal altogether.
  for (const char* setting :
       {"PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF", "PRAGMA locking_mode=EXCLUSIVE",
        "PRAGMA cache_size=32", "PRAGMA cache_spill=16"})
    TRY(destination_->execute(setting));
  backup_ = sqlite3_backup_init(destination_->handle(), "main", source_.handle(), "main");
  if (backup_ == nullptr)
    return failure_of(destination_->handle(), sqlite3_errcode(destination_->handle()),
                      source_.path());
  return {};
}

Result<std::size_t> PageStream::read(ByteSpan into) {
  sorter_.aim(into);
  while (sorter_.filled() < into.size() && !done_)
    TRY(step(std::min(kStepBytes, into.size() - sorter_.filled())));
  return sorter_.filled();
}

Result<void> PageStream::step(std::size_t bytes) {
  if (stop_.stop_requested()) return fail(Code::interrupted, "interrupted");
  const auto pages = std::max<std::size_t>(1, bytes / page_size_);
  const int code = sqlite3_backup_step(backup_, static_cast<int>(pages));
  if (code == SQLITE_OK) return {};
  if (code == SQLITE_DONE) {
    done_ = true;
    // Nothing holds the source's connection any longer, even if this reader lives on.
    sqlite3_backup_finish(std::exchange(backup_, nullptr));
    return sorter_.finish();
  }
  if (vfs_.error()) return fail(*vfs_.error());
  return failure_of(nullptr, code, source_.path());
}

}  // namespace

Result<std::unique_ptr<Reader>> open_page_stream(const Connection& source,
                                                 PageStreamOptions options) {
  auto stream = std::make_unique<PageStream>(source, std::move(options));
  TRY(stream->begin());
  return stream;
}

}  // namespace lifeboat::engine::sqlite
