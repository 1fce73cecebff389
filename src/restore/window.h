#pragma once
// A bounded number of entries being restored at once: their chunks are fetched in the order of
// packs and land in their files from several threads. Lives for one source of one restore.
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/run_context.h"
#include "engine/engine.h"
#include "repository/repository.h"

namespace lifeboat::restore {

struct WindowCounts {
  std::uint64_t bytes = 0;
  std::uint64_t fetched = 0;
};

class Window {
 public:
  Window(engine::Target& target, repository::Repository& repository,
         repository::SnapshotReader& snapshot, bool delta);
  ~Window();
  // Entries without content are made at once. False from full() means more may be added.
  Result<void> add(repository::EntryRecord&& entry);
  bool full() const;
  // Brings all entries of the window to their end and empties it.
  Result<void> run(const RunContext& context);
  WindowCounts counts() const { return counts_; }

 private:
  struct File;
  struct Piece;

  Result<void> fill_in_order(const RunContext& context);
  Result<void> fill_one(File& file, const RunContext& context);
  Result<void> compare_existing(const RunContext& context);
  Result<void> compare_file(std::size_t file);
  Result<bool> keep_equal_pieces(File& file, std::vector<bool>& equal);
  Result<void> fetch_pieces(const RunContext& context);
  Result<void> land(std::uint64_t tag, ByteView chunk);
  Result<engine::Sink*> sink_of(File& file);
  Result<void> finish_piece(File& file);
  void add_request(std::size_t file, std::size_t chunk);

  engine::Target& target_;
  repository::Repository& repository_;
  repository::SnapshotReader& snapshot_;
  const bool delta_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<Piece> pieces_;  // a request's tag is its place here
  std::vector<repository::ChunkRequest> requests_;
  std::mutex requests_mutex_;  // files are compared in parallel
  std::size_t chunks_ = 0;
  std::size_t large_ = 0;
  WindowCounts counts_;
};

}  // namespace lifeboat::restore
