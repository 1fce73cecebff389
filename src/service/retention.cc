#include <algorithm>

#include "service/forget.h"

namespace lifeboat::service {
namespace {

std::vector<repository::SnapshotInfo> of_service(std::vector<repository::SnapshotInfo> all,
                                                 const std::string& service) {
  std::erase_if(all, [&](const auto& each) { return each.service != service; });
  return all;
}

}  // namespace

// Signed time, but never later than the first time a store saw it: a forged clock keeps nothing for
// ever.
policy::RetainedSnapshot retained(const repository::SnapshotInfo& info) {
  policy::RetainedSnapshot snapshot;
  snapshot.id = info.id.hex();
  snapshot.time = std::min(info.time, info.first_stored);
  snapshot.complete = info.complete;
  snapshot.held = info.held;
  snapshot.proven = info.proven_at.has_value();
  snapshot.needs = info.needs;
  return snapshot;
}

Result<ForgetPlan> Service::plan_forget(const std::string& service_name,
                                        const std::string& repository, const RunContext& context) {
  const auto& service = *TRY(config_.find_service(service_name));
  ForgetPlan plan;
  plan.repository_name = repository;
  plan.repository = TRY(open_repository(repository, context));
  auto list = TRY(plan.repository->snapshots(context));
  plan.snapshots = of_service(std::move(list.snapshots), service.name);
  plan.findings = std::move(list.findings);
  std::vector<policy::RetainedSnapshot> retained_all;
  std::transform(plan.snapshots.begin(), plan.snapshots.end(), std::back_inserter(retained_all),
                 retained);
  plan.decisions = policy::Retention(service.retention).decide(retained_all, context.clock.now());
  return plan;
}

Result<std::size_t> Service::forget(ForgetPlan& plan, const RunContext& context) {
  std::size_t forgotten = 0;
  for (const auto& decision : plan.decisions) {
    if (decision.keep) continue;
    TRY(context.check_stop());
    const auto id = TRY(repository::SnapshotId::from_hex(decision.id));
    TRY(plan.repository->forget(id, plan.reason, context));
    ++forgotten;
  }
  return forgotten;
}

}  // namespace lifeboat::service
