#include "restore/unknown.h"

#include <algorithm>

#include "engine/all.h"

namespace lifeboat::restore {
namespace {

// A place on a server is no folder, and so no repository.
Result<bool> may_be_repository(const Plan& plan, const PlanItem& item) {
  if (std::ranges::find(plan.occupied, item.place) == plan.occupied.end()) return false;
  return !TRY(engine::find_engine(item.type))->traits().is_server;
}

Error cannot_tell(const PlanItem& item, const Protected& guarded) {
  return Error(Code::refused, item.place + " exists, and whether it is " + guarded.name +
                                  " cannot be told: " + guarded.unknown)
      .with_hint("Restore to a new place, or set what is missing.");
}

}  // namespace

Result<void> check_unknown(Plan& plan, const std::vector<Protected>& protected_places) {
  for (const auto& guarded : protected_places) {
    if (guarded.unknown.empty()) continue;
    plan.unknown.push_back(guarded.name + ": " + guarded.unknown);
    for (const auto& item : plan.items)
      if (guarded.never && TRY(may_be_repository(plan, item)))
        return fail(cannot_tell(item, guarded));
  }
  return {};
}

}  // namespace lifeboat::restore
