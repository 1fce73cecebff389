#pragma once
// The chunks that a session has stored so far. What does not fit into bounded memory is spilled to
// sorted, memory-mapped runs in unnamed files. Thread-safe.
#include <array>
#include <filesystem>
#include <mutex>

#include "repository/paged_file.h"
#include "repository/sorted_search.h"

namespace lifeboat::repository {

class NewChunks {
 public:
  // About `limit` chunks are kept in memory, at 16 to 48 bytes each.
  explicit NewChunks(std::filesystem::path directory, std::size_t limit = 1U << 20U);

  // True when the chunk was not there: the caller is the one to store it.
  Result<bool> insert(const ChunkId& id);
  Result<bool> contains(const ChunkId& id);

 private:
  static constexpr std::size_t kShards = 16;

  struct Run {
    PagedFile file;
    Section keys;
  };
  // An open-addressing table of prefixes; all zeroes is an empty slot.
  class Shard {
   public:
    Result<bool> insert(const ChunkPrefix& key, const NewChunks& owner);
    Result<bool> contains(const ChunkPrefix& key);

   private:
    ChunkPrefix& slot_of(const ChunkPrefix& key);
    Result<bool> in_runs(const ChunkPrefix& key) const;
    void grow();
    Result<void> spill(const NewChunks& owner);
    Result<Run> write_run(const std::filesystem::path& directory) const;
    Result<Run> merge_runs(const std::filesystem::path& directory) const;

    std::mutex guard_;  // for everything here, held while looking or adding
    std::vector<ChunkPrefix> slots_;
    std::size_t used_ = 0;
    std::vector<Run> runs_;
  };
  Shard& shard_of(const ChunkPrefix& key) { return shards_[key[1] % kShards]; }

  std::filesystem::path directory_;
  std::size_t limit_;  // of each shard
  std::array<Shard, kShards> shards_;
};

}  // namespace lifeboat::repository
