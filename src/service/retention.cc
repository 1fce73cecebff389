#include <algorithm>

#include "service/lock.h"
#include "service/service.h"

namespace lifeboat::service {
namespace {

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

const repository::SnapshotInfo* newest_where(const std::vector<repository::SnapshotInfo>& all,
                                             bool (*accept)(const repository::SnapshotInfo&)) {
  const repository::SnapshotInfo* newest = nullptr;
  for (const auto& each : all)
    if (accept(each) && (newest == nullptr || newest->time < each.time)) newest = &each;
  return newest;
}

void fill(RepositoryStatus& status, const std::vector<repository::SnapshotInfo>& own) {
  status.snapshots = own.size();
  const auto* newest = newest_where(own, [](const auto& each) { return each.complete; });
  const auto* proven =
      newest_where(own, [](const auto& each) { return each.proven_at.has_value(); });
  if (newest != nullptr) status.newest = *newest;
  if (proven != nullptr) status.last_proven = *proven;
}

std::vector<repository::SnapshotInfo> of_service(std::vector<repository::SnapshotInfo> all,
                                                 const std::string& service) {
  std::erase_if(all, [&](const auto& each) { return each.service != service; });
  return all;
}

RepositoryStatus status_of(const std::string& name, Result<RepositoryPtr> opened,
                           const std::string& service, const RunContext& context) {
  RepositoryStatus status;
  status.name = name;
  auto list = opened ? (*opened)->snapshots(context) : fail(opened.error());
  if (!list) {
    status.error = list.error();
    return status;
  }
  status.findings = std::move(list->findings);
  fill(status, of_service(std::move(list->snapshots), service));
  return status;
}

}  // namespace

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
    TRY(plan.repository->forget(id, "retention", context));
    ++forgotten;
  }
  return forgotten;
}

Result<ServiceStatus> Service::status(const std::string& service_name, const RunContext& context) {
  const auto& service = *TRY(config_.find_service(service_name));
  ServiceStatus status;
  status.service = service.name;
  std::optional<Time> newest;
  for (const auto& name : service.repositories) {
    TRY(context.check_stop());
    status.repositories.push_back(
        status_of(name, open_repository(name, context), service.name, context));
    const auto& found = status.repositories.back().newest;
    if (found && (!newest || *newest < found->time)) newest = found->time;
  }
  if (newest) status.age = context.clock.now() - *newest;
  status.objective =
      policy::Objective({service.objectives.rpo, std::nullopt}).judge({status.age, std::nullopt});
  return status;
}

// A copy that is missing or cannot be seen is never "fine".
int ServiceStatus::exit_status() const {
  const auto unknown = [](const RepositoryStatus& each) { return each.error.has_value(); };
  const auto empty = [](const RepositoryStatus& each) { return !each.error && !each.newest; };
  if (std::any_of(repositories.begin(), repositories.end(), unknown)) return 2;
  if (objective.missed() || std::any_of(repositories.begin(), repositories.end(), empty)) return 1;
  return 0;
}

}  // namespace lifeboat::service
