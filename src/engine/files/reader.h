#pragma once
// Reads one file's content: holes without touching the disk, and never more than the size it had
// when it was opened. Used by one thread at a time.
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/entry.h"
#include "base/file.h"

namespace lifeboat::engine::files {

class FileReader final : public Reader {
 public:
  // What became of it: the bytes that were read, or nothing when reading failed. Called at most
  // once.
  using Settle = std::function<void(std::optional<std::uint64_t> size)>;

  // Opens a regular file of a folder, not following links. `not_found` when it is gone or is
  // something else now, else `source_unreadable`.
  static Result<std::unique_ptr<FileReader>> open(int folder, std::string_view path);

  // The state it was listed with, when that was before: a difference is a change as well.
  void expect(const struct stat& listed, Settle settle);
  std::uint64_t size() const { return static_cast<std::uint64_t>(opened_.st_size); }

  Result<std::size_t> read(ByteSpan into) override;
  std::vector<Finding> finish() override;

 private:
  FileReader(FileDescriptor file, std::string path, const struct stat& opened);
  Result<std::size_t> read_run(ByteSpan into);
  void find_run();
  void settle(std::optional<std::uint64_t> size);

  FileDescriptor file_;
  std::string path_;
  struct stat opened_;
  struct stat listed_;
  Settle settle_;
  std::uint64_t at_ = 0;
  std::uint64_t run_end_ = 0;  // of the run of data or hole that `at_` is in
  bool in_hole_ = false;
  bool has_holes_ = false;
  bool ended_ = false;
};

// Whether both show the same content of the same file, as far as the file system tells.
bool same_content(const struct stat& one, const struct stat& other);

}  // namespace lifeboat::engine::files
