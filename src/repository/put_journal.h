#pragma once
// What this machine's writer is about to put and has not yet put into an index: after a crash those
// packs are found by it and not stored again. The names are kept locally, because only what this
// writer itself remembers is safe to trust unsigned. A file for each session, locked while the
// session lives. Thread-safe.
#include <filesystem>
#include <mutex>
#include <vector>

#include "base/file.h"
#include "repository/types.h"

namespace lifeboat::repository {

class PutJournal {
 public:
  // Without a writable `cache` nothing is remembered, and nothing is wrong.
  PutJournal(const std::filesystem::path& cache, const SessionRef& session);
  ~PutJournal();

  // Packs of this writer's sessions that ended before their packs were in an index. Some may not be
  // there: whoever ended did not see whether his last ones were stored.
  const std::vector<PackName>& left_behind() const { return left_behind_; }
  // Before the pack is put.
  void add(const PackName& pack);
  // Everything added and everything left behind is in an index now.
  void clear();

 private:
  struct Held {
    std::filesystem::path path;
    FileDescriptor file;
  };
  void take_over(const std::filesystem::path& path);

  std::mutex guard_;  // for the file's end
  Held own_;
  std::vector<Held> others_;
  std::vector<PackName> left_behind_;
};

}  // namespace lifeboat::repository
