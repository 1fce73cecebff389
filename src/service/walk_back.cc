#include "drill/walk_back.h"

#include <algorithm>

#include "service/service.h"

namespace lifeboat::service {
Result<WalkBackOutcome> Service::walk_back(const DrillRequest& request,
                                           const repository::SnapshotId& failed,
                                           const RunContext& context) {
  auto prepared = TRY(prepare_drill(request, context));
  const auto list = TRY(prepared.from.repository->snapshots(context));
  const auto try_out = [&](const repository::SnapshotInfo& info) -> Result<drill::Trial> {
    context.log.info("walking back: drilling " + info.id.hex().substr(0, 10) + " of " +
                     to_the_second(info.time));
    auto trial = prepared.request;
    trial.selector = {info.id.hex(), {}};
    const auto sealed = TRY(drill::run_drill(trial, *prepared.from.repository, context));
    TRY(context.check_stop());
    return drill::Trial{info, sealed.report.verdict, sealed.report.reason, sealed.report.id};
  };
  const auto bad = std::ranges::find(list.snapshots, failed, &repository::SnapshotInfo::id);
  if (bad == list.snapshots.end())
    return fail(Code::not_found, "the snapshot that failed is no longer there");
  auto walk = TRY(drill::walk_back(restore::complete_before(list.snapshots, *bad), *bad, try_out));
  return WalkBackOutcome{prepared.from.name, std::move(walk)};
}

}  // namespace lifeboat::service
