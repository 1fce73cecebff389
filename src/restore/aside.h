#pragma once
// A folder beside a target for what is needed only until it ends. One that a killed run left there
// is removed by the next. Lives for one source of one restore.
#include "base/file.h"

namespace lifeboat::restore {

class Aside {
 public:
  // In `parent`, for this user only.
  static Result<Aside> make(const fs::path& parent);
  Aside(Aside&& other) noexcept = default;
  Aside& operator=(Aside&&) = delete;
  ~Aside();
  const fs::path& path() const { return path_; }

 private:
  Aside(fs::path path, FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  fs::path path_;
  FileDescriptor lock_;  // held while the run lives
};

}  // namespace lifeboat::restore
