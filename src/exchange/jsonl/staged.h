#pragma once
// A backup that is being written: its folder and its archive stay under hidden names until both are
// whole and on the disk, and go away when that is never reached. One thread at a time.
#include "base/file.h"
#include "base/run_context.h"

namespace lifeboat::exchange::jsonl {

class Staged {
 public:
  // Below `out_dir`, which is made; the name is of the present second, or of the next free one.
  // `suffix` is the archive's, such as ".tar".
  static Result<Staged> begin(const fs::path& out_dir, const std::string& suffix,
                              const RunContext& context);
  Staged(Staged&& other) noexcept;
  Staged& operator=(Staged&&) = delete;
  ~Staged();

  // Where files are written until commit(), and the archive's file.
  const fs::path& folder() const { return folder_; }
  const FileDescriptor& archive() const { return archive_; }
  Time moment() const { return moment_; }
  // What they are called after commit().
  fs::path final_folder() const { return out_dir_ / name_; }
  fs::path final_archive() const;

  // Makes everything durable, then visible: the folder first, the archive last.
  Result<void> commit();

 private:
  Staged() = default;
  Result<void> make();

  fs::path out_dir_;
  std::string name_;
  std::string suffix_;
  Time moment_;
  fs::path folder_;
  fs::path archive_path_;
  FileDescriptor archive_;
};

}  // namespace lifeboat::exchange::jsonl
