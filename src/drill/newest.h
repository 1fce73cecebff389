#pragma once
// Whether the snapshot that "latest" means is the newest that was made: what is lost from a
// repository may have been newer than what is left. Pure.
#include "drill/report.h"
#include "restore/plan.h"

namespace lifeboat::drill {

// Lost snapshots that were, or may have been, of the service and newer than `chosen`; all of the
// service where nothing could be chosen.
std::vector<repository::LostSnapshot> lost_after(const repository::SnapshotList& list,
                                                 const std::string& service,
                                                 const repository::SnapshotInfo* chosen);

// Whoever names a snapshot or a moment knows which one it is.
bool asks_for_newest(const restore::Selector& selector);

// Why the newest could not be chosen: where something was made and is lost, "there is none" would
// be false, and it is damage.
Error explain_lost(const Error& none, const repository::SnapshotList& list,
                   const std::string& service);

// What is found of a snapshot that a newer Lifeboat made.
inline constexpr const char* kNewerFormat = "a newer format";

// Fails when anything is lost after `chosen`, and warns of a newer snapshot that is incomplete.
CheckResult check_newest(const repository::SnapshotList& list,
                         const repository::SnapshotInfo& chosen);

}  // namespace lifeboat::drill
