#pragma once
// How old the newest backup and the last drill of a service may be by its own schedule: until the
// next time has come, and some grace for the run itself. The grace is a quarter of the time between
// two runs, at least an hour and at most six.
#include <filesystem>

#include "config/config.h"
#include "policy/watch.h"

namespace lifeboat::service {

// Nothing without a schedule, or with one that cannot be read: `schedule` and `doctor` say so.
std::optional<Duration> planned_backup(const config::Service& service, Time newest);

// Of each drill with times of its own; the last run is the latest that a repository or this machine
// knows of. And of each that waits for a backup's snapshot since then, which it may for 26 hours.
Result<std::vector<policy::PlannedDrill>> planned_drills(const config::Service& service,
                                                         const policy::WatchRecord& record,
                                                         const std::filesystem::path& state);

}  // namespace lifeboat::service
