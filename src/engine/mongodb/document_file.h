#pragma once
// BSON documents in a file of their own, which goes with the object: written one after the other,
// and read again in the same order, or from some place on, with little memory. One thread at a
// time.
#include <functional>

#include "base/file.h"
#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

class DocumentFile {
 public:
  static Result<DocumentFile> make();
  // Pieces need not end where documents do.
  Result<void> append(ByteView bytes);
  // `corrupt` for what is no document.
  Result<void> each(const std::function<Result<void>(DocumentView)>& visit) const;

  using Take = std::function<Result<void>(ByteView piece)>;
  Result<void> read(std::uint64_t at, std::uint64_t size, const Take& take) const;
  std::uint64_t size() const { return size_; }

 private:
  DocumentFile(ScratchDirectory folder, FileDescriptor file)
      : folder_(std::move(folder)), file_(std::move(file)) {}

  ScratchDirectory folder_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace lifeboat::engine::mongodb
