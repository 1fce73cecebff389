#pragma once
// What somebody saw of every writer's sequence numbers: recorded in every head, and remembered by
// this machine, so that a storage that hides a snapshot is found out (docs/format.md, section 5).
// Values.
#include <filesystem>
#include <map>
#include <vector>

#include "base/json_value.h"
#include "repository/types.h"

namespace lifeboat::repository {

struct SeenWriter {
  std::uint64_t max = 0;            // the highest number that existed
  std::vector<std::uint64_t> open;  // of those up to it, which had not ended; ascending
  bool ended(std::uint64_t seq) const;
  bool operator==(const SeenWriter&) const = default;
};

using Seen = std::map<WriterId, SeenWriter>;

// Everything that either saw exist or end.
Seen merge(const Seen& one, const Seen& other);

Json to_json(const Seen& seen);
Result<Seen> seen_from(const Json& value);

// This machine's memory. A missing or damaged file is an empty memory: storage cannot touch it.
Seen read_memory(const std::filesystem::path& cache);
// Merges into what is there.
Result<void> write_memory(const std::filesystem::path& cache, const Seen& seen);

}  // namespace lifeboat::repository
