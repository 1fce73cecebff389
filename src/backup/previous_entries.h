#pragma once
// The local list of what the last backup of a source stored, so that unchanged files are not read
// again. It is a cache: anything odd in it only means that files are read. One thread at a time.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "repository/repository.h"

namespace lifeboat::backup {

struct PreviousEntry {
  std::string path;
  std::string change_token;
  std::uint64_t size = 0;
  repository::ChunkList chunks;
};

// Walks the list beside a walk of the source: both are in the order of path components.
class PreviousReader {
 public:
  // A missing or foreign file gives an empty list.
  static PreviousReader open(const std::filesystem::path& file, const std::string& identity);
  // The entry of exactly this path, if there was one; paths must come in walk order.
  std::optional<PreviousEntry> find(const std::string& path);

 private:
  void advance();
  Result<PreviousEntry> read_record();
  Result<void> fill(std::size_t size);

  FileDescriptor file_;
  std::uint64_t size_ = 0;    // of the file
  std::uint64_t offset_ = 0;  // of it, what was read
  Bytes buffer_;
  std::size_t used_ = 0;
  std::optional<PreviousEntry> current_;
};

// Writes the next list beside the old one; it takes its place at commit().
class PreviousWriter {
 public:
  static Result<PreviousWriter> create(const std::filesystem::path& file,
                                       const std::string& identity);
  PreviousWriter(PreviousWriter&&) = default;
  ~PreviousWriter();
  Result<void> add(const PreviousEntry& entry);
  Result<void> commit();

 private:
  PreviousWriter(std::filesystem::path file, FileDescriptor descriptor)
      : path_(std::move(file)), file_(std::move(descriptor)) {}
  Result<void> write_out();

  std::filesystem::path path_;
  FileDescriptor file_;
  std::uint64_t offset_ = 0;
  Bytes buffer_;
};

// What precedes the body of each record, after its length.
std::uint64_t record_checksum(ByteView body);

// True when `a` comes before `b` in a walk that sorts names in each directory.
bool walks_before(std::string_view a, std::string_view b);

}  // namespace lifeboat::backup
