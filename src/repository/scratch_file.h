#pragma once
// A file without a name that goes away when it is closed: for what does not fit into bounded
// memory. One thread at a time.
#include <filesystem>

#include "base/file.h"

namespace lifeboat::repository {

// Open for reading and writing in `directory`, or in the system's temporary folder when that cannot
// be.
Result<FileDescriptor> open_unnamed_file(const std::filesystem::path& directory);

class ScratchFile {
 public:
  static Result<ScratchFile> make(const std::filesystem::path& directory);

  template <class Record>
  Result<void> add(const Record& record) {
    static_assert(std::is_trivially_copyable_v<Record>);
    return add_bytes({reinterpret_cast<const std::uint8_t*>(&record), sizeof record});
  }
  Result<void> add_bytes(ByteView bytes);
  // Everything added is readable from then on.
  Result<void> flush();
  std::uint64_t size() const { return written_ + buffer_.size(); }
  int descriptor() const { return file_.get(); }

 private:
  explicit ScratchFile(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
  std::uint64_t written_ = 0;
  Bytes buffer_;
};

// Reads records of a scratch file in order, a block at a time.
template <class Record>
class RecordCursor {
 public:
  // Records [first, last) of the file.
  RecordCursor(int descriptor, std::uint64_t first, std::uint64_t last)
      : descriptor_(descriptor), next_(first), last_(last) {}
  bool at_end() const { return used_ == block_.size() && next_ == last_; }
  // Not at the end.
  Result<Record> next() {
    if (used_ == block_.size()) TRY(fill());
    return block_[used_++];
  }

 private:
  static constexpr std::uint64_t kBlock = 48U * 1024U / sizeof(Record);

  Result<void> fill() {
    block_.resize(std::min(kBlock, last_ - next_));
    used_ = 0;
    const auto size = block_.size() * sizeof(Record);
    const ByteSpan into(reinterpret_cast<std::uint8_t*>(block_.data()), size);
    if (TRY(read_at(descriptor_, next_ * sizeof(Record), into)) != size)
      return fail(Code::io_error, "a temporary file ends too early");
    next_ += block_.size();
    return {};
  }

  int descriptor_;
  std::uint64_t next_;
  std::uint64_t last_;
  std::vector<Record> block_;
  std::size_t used_ = 0;
};

}  // namespace lifeboat::repository
