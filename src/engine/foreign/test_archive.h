#pragma once
// For this folder's tests: archives as an honest tool, or a hostile one, could have made them.
#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/file.h"

namespace lifeboat::engine::foreign {

class ArchiveMaker {
 public:
  // format: as in the configuration.
  ArchiveMaker(fs::path file, const std::string& format) : file_(std::move(file)) {
    if (format == "zip") {
      archive_write_set_format_zip(handle_.get());
    } else {
      archive_write_set_format_pax_restricted(handle_.get());
      if (format == "tar.gz") archive_write_add_filter_gzip(handle_.get());
      if (format == "tar.zst") archive_write_add_filter_zstd(handle_.get());
    }
  }

  ArchiveMaker& encrypted() {
    EXPECT_EQ(archive_write_set_options(handle_.get(), "zip:encryption=zipcrypt"), ARCHIVE_OK);
    archive_write_set_passphrase(handle_.get(), "secret");
    return *this;
  }

  ArchiveMaker& with_any_names() {
    archive_write_set_options(handle_.get(), "hdrcharset=BINARY");
    return *this;
  }

  ArchiveMaker& add(const std::string& path, const std::string& content, mode_t mode = 0644) {
    auto entry = new_entry(path, AE_IFREG, mode);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    return write(entry.get(), content);
  }
  ArchiveMaker& folder(const std::string& path) {
    return write(new_entry(path, AE_IFDIR, 0755).get(), "");
  }
  ArchiveMaker& link(const std::string& path, const std::string& target) {
    auto entry = new_entry(path, AE_IFLNK, 0777);
    archive_entry_set_symlink(entry.get(), target.c_str());
    return write(entry.get(), "");
  }
  ArchiveMaker& name(const std::string& path, const std::string& existing) {
    auto entry = new_entry(path, AE_IFREG, 0644);
    archive_entry_set_hardlink(entry.get(), existing.c_str());
    return write(entry.get(), "");
  }
  ArchiveMaker& device(const std::string& path) {
    return write(new_entry(path, AE_IFCHR, 0666).get(), "");
  }

  fs::path done() {
    EXPECT_EQ(archive_write_close(handle_.get()), ARCHIVE_OK);
    return file_;
  }

 private:
  struct Free {
    void operator()(archive* handle) const { archive_write_free(handle); }
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
  };
  using Entry = std::unique_ptr<archive_entry, Free>;

  static Entry new_entry(const std::string& path, mode_t type, mode_t mode) {
    Entry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), mode);
    archive_entry_set_mtime(entry.get(), 1'700'000'000, 0);
    return entry;
  }

  ArchiveMaker& write(archive_entry* entry, const std::string& content) {
    if (!std::exchange(open_, true)) {
      EXPECT_EQ(archive_write_open_filename(handle_.get(), file_.c_str()), ARCHIVE_OK);
    }
    EXPECT_EQ(archive_write_header(handle_.get(), entry), ARCHIVE_OK)
        << archive_error_string(handle_.get());
    if (!content.empty()) archive_write_data(handle_.get(), content.data(), content.size());
    return *this;
  }

  fs::path file_;
  std::unique_ptr<archive, Free> handle_{archive_write_new()};
  bool open_ = false;
};

}  // namespace lifeboat::engine::foreign
