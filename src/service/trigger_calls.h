#pragma once
// What other calls do for drills that wait: remember that one ran, let one wait for a backup. The
// state directory holds it. One process at a time for each service.
#include "service/calls.h"
#include "service/compose.h"

namespace lifeboat::service {

Result<std::vector<DueDrill>> due_drills(Composition& composition, const std::string& service,
                                         const RunContext& context);

// The drills with `after_backup` wait for the snapshot of this backup, as back_up() answers it,
// where it is complete.
Result<void> queue_drills(const Composition& composition, const std::string& service,
                          const Json& backup, const RunContext& context);

struct DrillDone {
  std::string service;
  const Json& answer;  // of run_drill()
  Time began;
};
// A state directory that cannot be written is a warning: the drill is due once more, that is all.
void remember_drill(Composition& composition, const DrillDone& done, const RunContext& context);

}  // namespace lifeboat::service
