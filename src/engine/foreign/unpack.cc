#include "engine/foreign/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "engine/foreign/filler.h"
#include "engine/foreign/tar_stream.h"

namespace lifeboat::engine::foreign {
namespace {

constexpr std::size_t kBuffer = 256U << 10U;
constexpr std::size_t kMostFindings = 100;

struct Close {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Handle = std::unique_ptr<archive, Close>;

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

// The bytes as they stand in the archive; where it says that they are UTF-8, that.
std::string name_in(archive_entry* entry) {
  if (const auto* name = archive_entry_pathname(entry); name != nullptr) return name;
  return text_or_empty(archive_entry_pathname_utf8(entry));
}

std::string target_of(archive_entry* entry) {
  if (const auto* target = archive_entry_symlink(entry); target != nullptr) return target;
  return text_or_empty(archive_entry_symlink_utf8(entry));
}

std::string hardlink_of(archive_entry* entry) {
  if (const auto* target = archive_entry_hardlink(entry); target != nullptr) return target;
  return text_or_empty(archive_entry_hardlink_utf8(entry));
}

// "./a//b/" is "a/b" to every tool; an absolute name or a ".." stays one, and is refused.
std::string plain_path(const std::string& name) {
  if (name.starts_with('/')) return name;
  std::string path;
  std::string_view rest(name);
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    path += (path.empty() ? "" : "/") + std::string(part);
  }
  return path;
}

class Unpacking {
 public:
  Unpacking(const FileDescriptor& file, const Options& options, Filler filler,
            const RunContext& context)
      : file_(file), options_(options), filler_(std::move(filler)), context_(context) {}

  Result<Unpacked> run() {
    TRY(open());
    archive_entry* entry = nullptr;
    while (TRY(next(entry))) {
      TRY(context_.check_stop());
      TRY(take(entry));
    }
    if (stream_) TRY(stream_->finish());
    TRY(check_size());
    TRY(filler_.finish());
    return Unpacked{filler_.entries(), filler_.bytes(), std::move(findings_)};
  }

 private:
  Result<void> open() {
    handle_.reset(archive_read_new());
    if (!handle_) return fail(Code::internal, "out of memory");
    archive_read_support_filter_none(handle_.get());
    if (options_.format == "zip") return open_zip();
    stream_ = TRY(TarStream::open(file_, options_.format));
    buffer_.resize(kBuffer);
    archive_read_support_format_tar(handle_.get());
    archive_read_set_options(handle_.get(), "tar:hdrcharset=BINARY");
    const int code = archive_read_open(handle_.get(), this, nullptr, &Unpacking::on_read, nullptr);
    return code == ARCHIVE_OK ? Result<void>() : failure();
  }

  // By its list at the end, as every other tool reads it: what a reader of the stream would find
  // may be something else.
  Result<void> open_zip() {
    archive_read_support_format_zip_seekable(handle_.get());
    const auto size = ::lseek(file_.get(), 0, SEEK_END);
    if (size < 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0)
      return fail_errno(errno, "cannot read the archive");
    size_ = static_cast<std::uint64_t>(size);
    return archive_read_open_fd(handle_.get(), file_.get(), kBuffer) == ARCHIVE_OK ? Result<void>()
                                                                                   : failure();
  }

  static la_ssize_t on_read(archive* handle, void* self, const void** bytes) {
    auto& own = *static_cast<Unpacking*>(self);
    auto size = own.stream_->read(own.buffer_);
    if (size) {
      *bytes = own.buffer_.data();
      own.received_ += *size;
      return static_cast<la_ssize_t>(*size);
    }
    own.error_ = std::move(size).error();
    archive_set_error(handle, EIO, "unreadable");
    return ARCHIVE_FATAL;
  }

  // What the decoder said is nearer to the cause than what libarchive makes of it.
  Failure failure() {
    if (error_) return fail(*error_);
    if (stream_ && options_.format != "tar" && received_ == 0)
      return fail(Code::damage_found,
                  "there is nothing in the backup: it is well-formed and unpacks to no byte");
    return fail(Error(Code::corrupt, "this is no whole " + options_.format + " archive: " +
                                         text_or_empty(archive_error_string(handle_.get())))
                    .with_hint("Try it with its own tool; if that opens it, check format:."));
  }

  Result<bool> next(archive_entry*& entry) {
    const int code = archive_read_next_header(handle_.get(), &entry);
    if (code == ARCHIVE_EOF) return false;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return failure();
    return true;
  }

  Result<void> take(archive_entry* entry) {
    if (archive_entry_is_encrypted(entry) != 0)
      return fail(Error(Code::source_unreadable, name_in(entry) + " in the archive is encrypted")
                      .with_hint("Only its own tool can open it: run that with restore: PROGRAM."));
    Filler::Item item;
    const auto name = name_in(entry);
    item.path = plain_path(name);
    item.mode = archive_entry_perm(entry);
    if (archive_entry_mtime_is_set(entry) != 0)
      item.modified_ns = nanoseconds(archive_entry_mtime(entry), archive_entry_mtime_nsec(entry));
    if (const auto existing = hardlink_of(entry); !existing.empty())
      return filler_.add_name(item.path, plain_path(existing));
    const auto kind = archive_entry_filetype(entry);
    // "./" is the folder itself.
    if (item.path.empty() && !name.empty() && kind == AE_IFDIR) return {};
    if (kind == AE_IFDIR) return filler_.make_folder(item);
    if (kind == AE_IFREG) return take_file(entry, item);
    if (kind == AE_IFLNK) return take_link(item.path, target_of(entry));
    leave_out({"special-left-out", item.path, "a device, pipe or socket is not unpacked", false});
    return {};
  }

  // Far beyond what any file system knows is nobody's time.
  static std::int64_t nanoseconds(std::int64_t seconds, long rest) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    constexpr std::int64_t kMost = 9'000'000'000;
    if (seconds > kMost || seconds < -kMost || rest < 0 || rest >= kSecond) return 0;
    return seconds * kSecond + rest;
  }

  // A link is data: it is kept as it is, and nothing here goes through it.
  Result<void> take_link(const std::string& path, const std::string& target) {
    TRY(filler_.make_link(path, target));
    if (leads_outside(path, target))
      leave_out({"link-outside", path, "leads out of the backup to " + target, false});
    return {};
  }

  static bool leads_outside(const std::string& path, const std::string& target) {
    if (target.starts_with('/')) return true;
    const auto whole = (fs::path(path).parent_path() / target).lexically_normal();
    return !whole.empty() && *whole.begin() == "..";
  }

  void leave_out(Finding finding) {
    if (findings_.size() < kMostFindings) findings_.push_back(std::move(finding));
  }

  Result<void> take_file(archive_entry* entry, const Filler::Item& item) {
    const auto file = TRY(filler_.begin_file(item));
    std::uint64_t end = 0;
    for (;;) {
      TRY(context_.check_stop());
      const void* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(handle_.get(), &bytes, &size, &offset);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK) return damaged(item.path);
      if (offset < 0 || static_cast<std::uint64_t>(offset) < end)
        return fail(Code::corrupt, item.path + " in the archive overlaps itself");
      // A hole costs no room, but everybody who reads the file reads it.
      const auto upto = static_cast<std::uint64_t>(offset) + size;
      TRY(filler_.count_bytes(upto - end));
      TRY(check_size());
      TRY(write_at(file.get(), static_cast<std::uint64_t>(offset),
                   ByteView(static_cast<const std::uint8_t*>(bytes), size)));
      end = upto;
    }
    TRY(set_size(entry, item, file, end));
    return filler_.end_file(item, file);
  }

  // A file may end with a hole; one that is shorter than the archive says is not whole.
  Result<void> set_size(archive_entry* entry, const Filler::Item& item, const FileDescriptor& file,
                        std::uint64_t end) {
    if (archive_entry_size_is_set(entry) == 0) return {};
    const auto size = archive_entry_size(entry);
    if (size < 0 || static_cast<std::uint64_t>(size) < end) return damaged(item.path);
    const auto hole = static_cast<std::uint64_t>(size) - end;
    if (hole == 0) return {};
    if (archive_entry_sparse_count(entry) == 0) return damaged(item.path);
    TRY(filler_.count_bytes(hole));
    if (::ftruncate(file.get(), size) == 0) return {};
    return fail_errno(errno, "cannot make " + item.path);
  }

  Failure damaged(const std::string& path) {
    if (error_) return fail(std::move(*error_).add_context(path));
    return fail(Code::corrupt, path + " in the archive is damaged or cut short: " +
                                   text_or_empty(archive_error_string(handle_.get())));
  }

  Result<void> check_size() const {
    if (!stream_) return check_ratio(size_, filler_.bytes());
    return check_ratio(stream_->bytes_in(), std::max(filler_.bytes(), stream_->bytes_out()));
  }

  const FileDescriptor& file_;
  const Options& options_;
  Filler filler_;
  const RunContext& context_;
  Handle handle_;
  std::unique_ptr<TarStream> stream_;  // of a tar
  std::uint64_t received_ = 0;         // bytes that came out of its compression
  std::uint64_t size_ = 0;             // of a zip
  Bytes buffer_;
  std::optional<Error> error_;  // of the stream
  std::vector<Finding> findings_;
};

}  // namespace

Result<Unpacked> unpack(const FileDescriptor& archive, const Options& options,
                        const std::string& into, const RunContext& context) {
  auto filler = TRY(Filler::open(into, options.limits));
  return Unpacking(archive, options, std::move(filler), context).run();
}

Result<void> refuse_left_out(const std::vector<Finding>& findings) {
  if (findings.empty()) return {};
  return fail(Code::refused, "\"" + findings[0].subject +
                                 "\" in the archive is no plain file: " + findings[0].message);
}

}  // namespace lifeboat::engine::foreign
