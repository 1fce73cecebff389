#pragma once
// The evidence that drills leave in this machine's state directory. Stateless.
#include <filesystem>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"
#include "policy/watch.h"

namespace lifeboat::service {

// Oldest first; none when there is no such folder.
std::vector<std::filesystem::path> evidence_files(const std::filesystem::path& folder);
Result<Json> read_evidence(const std::filesystem::path& file);
// A drill as a row of a list: what the evidence says, and where it is.
Result<Json> drill_row(const std::filesystem::path& file);
// One that cannot be read counts as of now, with the verdict "unreadable": it decided nothing.
std::optional<policy::DrillRecord> last_drill_in(const std::filesystem::path& folder,
                                                 const Clock& clock);

}  // namespace lifeboat::service
