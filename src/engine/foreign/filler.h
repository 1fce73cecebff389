#pragma once
// Fills a folder of ours with what somebody else wrote down: every name is opened part by part
// without following a link, nothing that exists is written over, and nothing but folders, files and
// links is made. Used by one thread.
#include <memory>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/run_context.h"
#include "engine/files/open_folders.h"
#include "engine/foreign/options.h"

namespace lifeboat::engine::foreign {

class Filler {
 public:
  // The folder exists and is empty.
  static Result<Filler> open(const std::string& root, Limits limits);

  // Paths are relative; `refused` for one that leads outside, through a link, or is there already.
  struct Item {
    std::string path;
    std::uint32_t mode = 0644;     // without what gives other rights; the owner's are added
    std::int64_t modified_ns = 0;  // 0 = now
  };
  Result<void> make_folder(const Item& item);
  Result<FileDescriptor> begin_file(const Item& item);
  Result<void> end_file(const Item& item, const FileDescriptor& file);
  // The target is only a text: it is never followed here.
  Result<void> make_link(const std::string& path, const std::string& target);
  // Another name of a file that was made before.
  Result<void> add_name(const std::string& path, const std::string& existing);
  // Before `size` more bytes are written; `refused` beyond the limit, `no_space` beyond what the
  // disk had free when this was opened.
  Result<void> count_bytes(std::uint64_t size);
  // The times of the folders, which everything in them has changed.
  Result<void> finish();

  std::uint64_t entries() const { return entries_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Room {
    std::string folder;
    std::uint64_t bytes = 0;
  };
  Filler(files::Folder root, Limits limits, Room room)
      : folders_(std::make_unique<files::OpenFolders>(std::move(root))),
        limits_(limits),
        room_(std::move(room)) {}
  Result<files::Folder> parent(const std::string& path);
  Result<files::Folder> make_folders(const std::string& path);
  Result<void> count_entry(const std::string& path);
  bool fits(std::uint64_t size, std::uint64_t most) const;

  std::unique_ptr<files::OpenFolders> folders_;
  Limits limits_;
  Room room_;
  std::vector<Item> folders_made_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace lifeboat::engine::foreign
