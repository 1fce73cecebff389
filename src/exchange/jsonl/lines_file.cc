#include "exchange/jsonl/lines_file.h"

#include <fcntl.h>

namespace lifeboat::exchange::jsonl {
namespace {

constexpr std::size_t kBlockOfLines = 1U << 20U;

}  // namespace

Result<LinesFile> LinesFile::create(const fs::path& path) {
  return LinesFile(TRY(open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)));
}

Result<void> LinesFile::add_line(std::string_view text) {
  TRY(add(text));
  return add("\n");
}

Result<void> LinesFile::add(std::string_view text) {
  append(waiting_, view_of(text));
  if (waiting_.size() < kBlockOfLines) return {};
  return flush();
}

Result<void> LinesFile::finish() {
  TRY(flush());
  return sync_descriptor(file_.get());
}

Result<void> LinesFile::flush() {
  TRY(write_at(file_.get(), position_, waiting_));
  position_ += waiting_.size();
  waiting_.clear();
  return {};
}

}  // namespace lifeboat::exchange::jsonl
