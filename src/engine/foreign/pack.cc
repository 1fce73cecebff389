#include "engine/foreign/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>

namespace lifeboat::engine::foreign {
namespace {

constexpr std::size_t kPiece = 256U << 10U;
constexpr unsigned kPackedMode = 0600;

struct FreePacked {
  void operator()(archive* handle) const { archive_write_free(handle); }
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

class Packer {
 public:
  Packer(const FileDescriptor& into, const RunContext& context) : into_(into), context_(context) {}

  Result<void> begin(Packing packing) {
    if (!handle_) return fail(Code::internal, "out of memory");
    archive_write_set_format_gnutar(handle_.get());  // names are bytes, and of any length
    if (packing == Packing::tar_gz) archive_write_add_filter_gzip(handle_.get());
    return check(archive_write_open_fd(handle_.get(), into_.get()));
  }

  Result<void> add(const fs::path& folder, const std::string& name) {
    const auto file = TRY(open_file(folder / name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "cannot read " + name);
    const std::unique_ptr<archive_entry, FreePacked> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), kPackedMode);
    archive_entry_set_mtime(entry.get(), status.st_mtim.tv_sec, 0);
    archive_entry_set_size(entry.get(), status.st_size);
    TRY(check(archive_write_header(handle_.get(), entry.get())));
    return add_content(file, static_cast<std::uint64_t>(status.st_size));
  }

  Result<void> end() { return check(archive_write_close(handle_.get())); }

 private:
  Result<void> add_content(const FileDescriptor& file, std::uint64_t size) {
    for (std::uint64_t at = 0;;) {
      TRY(context_.check_stop());
      const auto read = TRY(read_at(file.get(), at, piece_));
      at += read;
      if (at > size || (read == 0 && at < size))
        return fail(Code::source_changed, "it changed while it was packed");
      if (read == 0) return {};
      const auto written = archive_write_data(handle_.get(), piece_.data(), read);
      if (written < 0 || static_cast<std::size_t>(written) != read) return check(ARCHIVE_FATAL);
    }
  }

  Result<void> check(int code) const {
    if (code == ARCHIVE_OK) return {};
    const int number = archive_errno(handle_.get());
    const char* text = archive_error_string(handle_.get());
    const std::string what =
        std::string("cannot write the archive") + (text == nullptr ? "" : std::string(": ") + text);
    if (number > 0) return fail_errno(number, what);
    return fail(Code::io_error, what);
  }

  const FileDescriptor& into_;
  const RunContext& context_;
  std::unique_ptr<archive, FreePacked> handle_{archive_write_new()};
  Bytes piece_ = Bytes(kPiece);
};

}  // namespace

Result<void> pack(const Package& package, const FileDescriptor& into, const RunContext& context) {
  Packer packer(into, context);
  TRY(packer.begin(package.packing));
  for (const auto& name : package.names) TRY_CONTEXT(name, packer.add(package.folder, name));
  return packer.end();
}

}  // namespace lifeboat::engine::foreign
