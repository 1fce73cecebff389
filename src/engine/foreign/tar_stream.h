#pragma once
// A tar archive as its plain bytes, whatever it is compressed with: decoded here and not by
// libarchive, which looks at no gzip checksum. Used by one thread.
#include <memory>
#include <string>

#include "base/entry.h"
#include "base/file.h"

namespace lifeboat::engine::foreign {

// By what it begins with, whatever it is called: "tar.gz", "tar.zst", "zip"; else "tar", as which
// what is not compressed is read.
Result<std::string> packing_of(const FileDescriptor& file);

// `refused` when more than 1000 times the bytes of an archive come out of it: a database full of
// zeros compresses well, a bomb better.
Result<void> check_ratio(std::uint64_t in, std::uint64_t out);

class TarStream {
 public:
  // `file` stays open as long as this lives; format: "tar", "tar.gz" or "tar.zst".
  static Result<std::unique_ptr<TarStream>> open(const FileDescriptor& file,
                                                 const std::string& format);
  virtual ~TarStream() = default;

  // Fewer bytes only at the end. `corrupt` when the compressed form is broken or cut short.
  Result<std::size_t> read(ByteSpan into);
  // Reads what is left and answers whether everything ended as a whole archive does: the checksums
  // right, and two blocks of zeros at the end of the tar.
  Result<void> finish();
  std::uint64_t bytes_in() const { return in_; }    // of the file
  std::uint64_t bytes_out() const { return out_; }  // of the tar

 protected:
  explicit TarStream(const FileDescriptor& file) : file_(file) {}
  // Some bytes; 0 only at the end.
  virtual Result<std::size_t> decode(ByteSpan into) = 0;
  // The next bytes of the file.
  Result<std::size_t> take(ByteSpan into);

 private:
  const FileDescriptor& file_;
  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
  std::uint64_t zeros_ = 0;  // at the end of what was read so far
};

}  // namespace lifeboat::engine::foreign
