#pragma once
// A file on its way into a local store: written and made durable under a temporary name, then
// published under its own by one step that never replaces. One thread at a time.
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"

namespace lifeboat::storage {

class Temporary {
 public:
  // A new empty file in the directory, which must outlive this; removed on destruction.
  static Result<Temporary> make(const FileDescriptor& directory, Random& random);
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary();

  Result<void> write(ByteView bytes);  // and makes them durable

  // Gives the file its name, where nothing has it: 0 or errno, EEXIST when something has.
  int publish(int directory, const std::string& name);
  // The way for file systems that cannot rename without replacing.
  int publish_by_link(int directory, const std::string& name);

 private:
  Temporary(int directory, std::string name, FileDescriptor file);
  int directory_;
  std::string name_;
  FileDescriptor file_;
};

// Removes temporary files older than a day: what killed runs left.
void sweep_temporaries(const FileDescriptor& directory, Time now);

}  // namespace lifeboat::storage
