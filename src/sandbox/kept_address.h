#pragma once
// An address with a password, in memory alone: its place names a file without a name, which only
// this process finds. Belongs to one run.
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace lifeboat::sandbox {

class KeptAddress {
 public:
  static Result<KeptAddress> keep(ByteView uri);
  // What an engine opens, good as long as this lives.
  std::string place() const;

 private:
  explicit KeptAddress(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace lifeboat::sandbox
