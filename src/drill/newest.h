#pragma once
// Whether the snapshot that "latest" means is the newest that was made: what is lost from a
// repository may have been newer than what is left. Pure.
#include "drill/report.h"
#include "restore/plan.h"

namespace lifeboat::drill {

// Lost snapshots that were, or may have been, of the service of `chosen` and newer.
std::vector<repository::LostSnapshot> lost_after(const repository::SnapshotList& list,
                                                 const repository::SnapshotInfo& chosen);

// What is found of a snapshot that a newer Lifeboat made.
inline constexpr const char* kNewerFormat = "a newer format";

// Fails when anything is lost after `chosen`, and warns of a newer snapshot that is incomplete.
CheckResult check_newest(const repository::SnapshotList& list,
                         const repository::SnapshotInfo& chosen);

}  // namespace lifeboat::drill
