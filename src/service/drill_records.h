#pragma once
// The records of drills on this machine, found by what people call them. Thread-safe.
#include <filesystem>

#include "drill/evidence.h"
#include "policy/watch.h"
#include "service/compose.h"

namespace lifeboat::service {

inline constexpr std::size_t kShortestId = 4;  // that names one of several by its beginning

struct DrillRecord {
  std::filesystem::path file;
  drill::SignedRecord record;
  std::filesystem::path page() const;
};

// `corrupt` when somebody changed it: then it says nothing.
Result<drill::SignedRecord> read_drill_record(const std::filesystem::path& file);

// Rows for a list, oldest first; one that is not believed has the verdict "unreadable".
Result<Json> drill_rows(const Composition& composition, const std::string& service);

// What each says, oldest first, with the id of its repository. The newest, when it is not believed,
// counts as of now, with the verdict "unreadable": it decided nothing.
std::vector<policy::DrillRecord> drills_in(const std::filesystem::path& folder, const Clock& clock);

// By its id, the beginning of it, or "latest"; of any service when it is empty.
Result<DrillRecord> find_drill(const Composition& composition, const std::string& service,
                               const std::string& id);

// The service's repository that the record is about; `not_found` when none that answers is.
Result<RepositoryPtr> repository_of(Composition& composition, const drill::SignedRecord& record,
                                    const RunContext& context);

}  // namespace lifeboat::service
