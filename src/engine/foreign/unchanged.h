#pragma once
// Whether somebody writes a backup while it is read: what is cut short because it is not whole yet
// is no damage. One thread.
#include <map>
#include <string>

#include "base/file.h"

namespace lifeboat::engine::foreign {

class Unchanged {
 public:
  // A file, or a folder with all that is below it; links in it are not followed.
  static Result<Unchanged> begin(const fs::path& path);
  // `source_changed` when a file came, went or has another size or time by now.
  Result<void> check() const;

 private:
  struct Look {
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    bool operator==(const Look&) const = default;
  };
  using Looks = std::map<std::string, Look>;
  static Result<Looks> look(const fs::path& path);

  Unchanged(fs::path path, Looks before) : path_(std::move(path)), before_(std::move(before)) {}
  fs::path path_;
  Looks before_;
};

// The error of it.
Failure still_written(const std::string& path);

}  // namespace lifeboat::engine::foreign
