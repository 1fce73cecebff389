#pragma once
// Reads one source into a snapshot: entries in walk order, their content in parallel, unchanged
// ones not read again. Lives for one source of one backup; run() is called once.
#include <atomic>
#include <mutex>

#include "backup/backup.h"
#include "backup/previous_entries.h"
#include "backup/read_limit.h"
#include "engine/engine.h"

namespace lifeboat::backup {

class SourceRun {
 public:
  struct Stores {
    repository::SnapshotWriter& writer;
    std::string identity;  // of repository and service: what the local list belongs to
  };

  SourceRun(const engine::SourceOptions& options, engine::Source& source, Stores stores,
            const std::filesystem::path& cache);
  Result<SourceReport> run(const RunContext& context);

 private:
  struct Item;

  Result<engine::SourceOutcome> read_all(const RunContext& context);
  Result<void> read_entries(const RunContext& context);
  void read_late(const RunContext& context);
  std::shared_ptr<Item> next_item(const RunContext& context);
  void store_item(Item& item, const RunContext& context);
  Result<void> store_content(Item& item, const RunContext& context);
  bool reuse_previous(Item& item);
  void keep_item(Item& item, const RunContext& context);
  Result<void> record_item(Item& item, const RunContext& context);
  void note_failure(Item& item, const Error& error);
  void stop_source(const Error& error);
  void stop_with(Error error);
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  const engine::SourceOptions& options_;
  engine::Source& source_;
  Stores stores_;
  PreviousReader previous_;
  std::filesystem::path list_file_;
  std::optional<PreviousWriter> next_list_;
  std::size_t number_ = 0;
  std::shared_ptr<Item> late_;  // waits until all before it are read
  SourceReport report_;
  std::atomic<bool> stopped_{false};
  std::mutex error_mutex_;             // workers race to report the first error
  std::optional<Error> error_;         // of the repository or the run
  std::optional<Error> source_error_;  // of the source
  ReadLimit limit_;
};

}  // namespace lifeboat::backup
