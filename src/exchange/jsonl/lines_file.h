#pragma once
// A new file that grows by pieces, written in large blocks and durable at its end. One thread at a
// time.
#include "base/file.h"

namespace lifeboat::exchange::jsonl {

class LinesFile {
 public:
  // `exists` where there is a file already.
  static Result<LinesFile> create(const fs::path& path);
  // The text and a line feed.
  Result<void> add_line(std::string_view text);
  Result<void> add(std::string_view text);
  Result<void> finish();

 private:
  explicit LinesFile(FileDescriptor file) : file_(std::move(file)) {}
  Result<void> flush();

  FileDescriptor file_;
  Bytes waiting_;
  std::uint64_t position_ = 0;
};

}  // namespace lifeboat::exchange::jsonl
