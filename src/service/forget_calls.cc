#include <algorithm>
#include <set>

#include "service/calls.h"
#include "service/compose.h"
#include "service/forget.h"
#include "service/lock.h"

namespace lifeboat::service {
namespace {

// "shop" of "shop.before-restore": what was saved before a restore belongs to the service.
std::string owner_of(const std::string& service) { return service.substr(0, service.find('.')); }

bool is_meant(const repository::SnapshotInfo& snapshot, const std::vector<std::string>& services) {
  return services.empty() ||
         std::ranges::find(services, owner_of(snapshot.service)) != services.end();
}

Result<std::vector<std::string>> repositories_of(const Composition& composition,
                                                 const std::vector<std::string>& services) {
  std::set<std::string> names;
  for (const auto& name : TRY(composition.service.service_names(services)))
    for (const auto& each : (*composition.loaded.config.find_service(name))->repositories)
      names.insert(each);
  return std::vector(names.begin(), names.end());
}

Result<ForgetPlan> open_plan(Service& service, const std::string& repository,
                             const std::vector<std::string>& services, const RunContext& context) {
  ForgetPlan plan;
  plan.repository_name = repository;
  plan.reason = "named by a person";
  plan.repository = TRY(service.open_repository(repository, context));
  auto list = TRY(plan.repository->snapshots(context));
  plan.findings = std::move(list.findings);
  plan.snapshots = std::move(list.snapshots);
  std::erase_if(plan.snapshots, [&](const auto& each) { return !is_meant(each, services); });
  return plan;
}

// Of all repositories that answer; a snapshot in one of the others is not found.
struct OpenedPlans {
  std::vector<ForgetPlan> plans;
  std::optional<Error> silent;
};

Result<OpenedPlans> open_plans(Composition& composition, const RemovalCall& call,
                               const RunContext& context) {
  OpenedPlans opened;
  for (const auto& name : TRY(repositories_of(composition, call.services))) {
    TRY(context.check_stop());
    auto plan = open_plan(composition.service, name, call.services, context);
    if (plan) {
      opened.plans.push_back(std::move(*plan));
      continue;
    }
    if (plan.error().code() == Code::interrupted) return fail(plan.error());
    context.log.warning(plan.error().describe());
    if (!opened.silent) opened.silent = plan.error();
  }
  return opened;
}

Result<std::vector<NamedSnapshot>> find_all(const OpenedPlans& opened,
                                            const std::vector<std::string>& words) {
  std::vector<NamedSnapshot> named;
  for (const auto& word : words) {
    auto found = find_named(opened.plans, word);
    const bool none = !found && found.error().code() == Code::not_found;
    if (none && opened.silent) return fail(*opened.silent);
    std::ranges::move(TRY(std::move(found)), std::back_inserter(named));
  }
  return named;
}

// Of the services that are configured; the others nobody backs up here.
Result<std::vector<ServiceLock>> lock_all(const Composition& composition,
                                          const std::vector<NamedSnapshot>& named,
                                          const RunContext& context) {
  std::set<std::string> names;
  for (const auto& each : named) {
    const auto owner = owner_of(each.info.service);
    if (composition.loaded.config.find_service(owner)) names.insert(owner);
  }
  const auto& settings = composition.service.settings();
  std::vector<ServiceLock> locks;
  for (const auto& name : names)
    locks.push_back(TRY(ServiceLock::take(settings.state, name, settings.lock_wait, context)));
  return locks;
}

Json list_of(const std::vector<ForgetPlan>& plans) {
  Json list = Json::array();
  for (const auto& plan : plans) list.push_back(to_json(plan));
  return list;
}

}  // namespace

Result<Answer> forget(const Setup& setup, const ForgetCall& call, const Confirm& confirm,
                      const RunContext& context) {
  const auto& name = call.service;
  const auto composition = TRY(compose(setup));
  auto& service = composition->service;
  const auto lock =
      TRY(ServiceLock::take(service.settings().state, name, service.settings().lock_wait, context));
  const auto& configured = *TRY(composition->loaded.config.find_service(name));
  std::vector<ForgetPlan> plans;
  for (const auto& repository : configured.repositories)
    plans.push_back(TRY(service.plan_forget(name, repository, context)));
  Answer answer;
  answer.body = {{"service", name}, {"repositories", list_of(plans)}};
  TRY(confirm(answer.body));
  for (std::size_t at = 0; at < plans.size() && !call.dry_run; ++at)
    answer.body["repositories"][at]["forgotten"] = TRY(service.forget(plans[at], context));
  return answer;
}

Result<Answer> forget_named(const Setup& setup, const RemovalCall& call, const Confirm& confirm,
                            const RunContext& context) {
  const auto composition = TRY(compose(setup));
  auto opened = TRY(open_plans(*composition, call, context));
  const auto named = TRY(find_all(opened, call.snapshots));
  const auto locks = TRY(lock_all(*composition, named, context));
  TRY(decide_named(opened.plans, named));
  std::erase_if(opened.plans, [](const auto& plan) { return plan.decisions.empty(); });
  Answer answer;
  answer.body = {{"repositories", list_of(opened.plans)}};
  TRY(confirm(answer.body));
  for (std::size_t at = 0; at < opened.plans.size() && !call.dry_run; ++at)
    answer.body["repositories"][at]["forgotten"] =
        TRY(composition->service.forget(opened.plans[at], context));
  return answer;
}

}  // namespace lifeboat::service
