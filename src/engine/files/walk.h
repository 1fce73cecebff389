#pragma once
// Walks a folder's tree, depth first in sorted order, a folder before what is in it. Never follows
// a link; holds few descriptors and names whatever the tree's shape. Used by one thread.
#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/run_context.h"
#include "engine/files/listing.h"
#include "engine/files/open_folders.h"

namespace lifeboat::engine::files {

class ExcludeRules;

// What was met on the way, bounded: the first thousand, then a count.
class Findings {
 public:
  void add(Finding finding);
  // Empties it.
  std::vector<Finding> take();
  bool empty() const { return findings_.empty(); }

 private:
  std::vector<Finding> findings_;
  std::size_t more_ = 0;
  bool more_incomplete_ = false;
};

struct Visit {
  std::string path;  // empty for the top folder
  std::string name;
  struct stat status{};
  Folder folder;  // the one it lies in; the top folder itself for the top folder
};

struct WalkRules {
  const ExcludeRules* exclude = nullptr;
  bool one_file_system = false;
  std::size_t batch = 256U << 10U;  // names held for one folder, and twice that for the walk
  std::size_t open_levels = 32;     // folders held open on the way down
};

class Walk {
 public:
  Walk(OpenFolders& folders, WalkRules rules, Findings& findings)
      : folders_(folders), rules_(rules), findings_(findings) {}
  // The next one, or nothing at the end. What vanished or cannot be read becomes a finding.
  Result<std::optional<Visit>> next(const RunContext& context);
  // The folder that was visited last is not entered.
  void stay_out() { enter_.reset(); }
  std::uint64_t excluded() const { return excluded_; }

 private:
  struct Level {
    std::string path;
    Folder folder;  // null when it was closed to bound descriptors
    Batch batch;
    std::size_t at = 0;
    std::string last;  // the last name that was taken, to list on after it
    bool listed = false;
  };

  Result<Visit> visit_top();
  void enter();
  void thin_out();
  void release(Level& level);
  // The level's folder with names to take; false when it is done or cannot be read.
  bool prepare(Level& level);
  std::optional<Visit> take_name(Level& level);
  bool wanted(const Visit& visit);
  void report(const Error& error, std::string_view path);

  OpenFolders& folders_;
  WalkRules rules_;
  Findings& findings_;
  std::vector<Level> levels_;
  std::optional<Level> enter_;  // the folder visited last
  bool started_ = false;
  dev_t device_ = 0;
  std::uint64_t excluded_ = 0;
};

// `file-vanished` or `file-unreadable` (incomplete), by the error's code.
Finding finding_of(const Error& error, std::string_view path);

}  // namespace lifeboat::engine::files
