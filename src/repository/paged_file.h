#pragma once
// A local file of fixed-size records in pages that carry checksums: written once, then
// memory-mapped, so that what it holds is page cache and never anonymous memory. A PagedFile is
// thread-safe; a PagedWriter belongs to one thread.
#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

#include "base/file.h"

namespace lifeboat::repository {

constexpr std::size_t kPageSize = 4096;

struct Section {
  std::uint64_t first_page = 0;
  std::uint64_t records = 0;
};

// Page 0 is for the header, pages of records follow, and their checksums are at the end.
class PagedWriter {
 public:
  // `descriptor` must stay open until finish().
  explicit PagedWriter(int descriptor);

  template <class Record>
  Result<void> add(const Record& record) {
    static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) <= kPageSize);
    if (used_ + sizeof record > kPageSize) TRY(end_page());
    std::memcpy(buffer_.data() + filled_ + used_, &record, sizeof record);
    used_ += sizeof record;
    ++section_.records;
    return {};
  }
  // Sections are written one after another.
  Result<Section> end_section();
  // `header` has at most 1 KiB.
  Result<void> finish(ByteView header);

 private:
  Result<void> end_page();
  Result<void> write_out();

  int descriptor_;
  std::uint64_t written_ = kPageSize;
  Bytes buffer_;
  std::size_t filled_ = 0;  // whole pages in the buffer, in bytes
  std::size_t used_ = 0;    // of the page after them
  Section section_{1, 0};
  std::vector<std::uint64_t> checksums_;
};

class PagedFile {
 public:
  // `corrupt` unless header, size and list of checksums are whole. Small files are read through at
  // once; the pages of others are checked when they are first touched.
  static Result<PagedFile> open(FileDescriptor file);
  PagedFile(PagedFile&&) = default;

  ByteView header() const;
  std::uint64_t size() const { return size_; }

  // Whether all records of the section lie in this file.
  template <class Record>
  bool holds(const Section& section) const {
    constexpr std::uint64_t kPerPage = kPageSize / sizeof(Record);
    const auto pages = section.records / kPerPage + (section.records % kPerPage == 0 ? 0 : 1);
    return section.first_page > 0 && section.first_page <= pages_ &&
           pages <= pages_ - section.first_page;
  }

  template <class Record>
  Result<Record> at(const Section& section, std::uint64_t index) const {
    constexpr std::uint64_t kPerPage = kPageSize / sizeof(Record);
    const auto* const page = TRY(checked_page(section.first_page + index / kPerPage));
    Record record;
    std::memcpy(&record, page + index % kPerPage * sizeof record, sizeof record);
    return record;
  }

 private:
  struct Unmap {
    std::size_t size;
    void operator()(const std::uint8_t* memory) const;
  };
  PagedFile() = default;
  Result<void> read_header();
  Result<const std::uint8_t*> checked_page(std::uint64_t number) const;
  Result<const std::uint8_t*> check_page(std::uint64_t number) const;

  std::unique_ptr<const std::uint8_t, Unmap> memory_{nullptr, Unmap{0}};
  std::uint64_t size_ = 0;
  std::uint64_t pages_ = 0;                                // with the header, without the checksums
  std::unique_ptr<std::atomic<std::uint64_t>[]> checked_;  // a bit for each page
};

}  // namespace lifeboat::repository
