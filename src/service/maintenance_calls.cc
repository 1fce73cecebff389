#include <algorithm>

#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/lock.h"

namespace lifeboat::service {
namespace {

using repository::CheckDepth;

Result<CheckDepth> depth_of(const std::string& name) {
  if (name == "objects") return CheckDepth::objects;
  if (name == "hashes") return CheckDepth::hashes;
  if (name == "contents") return CheckDepth::contents;
  return fail(Error(Code::usage, "--depth: there is no \"" + name + "\"")
                  .with_hint("Write objects, hashes or contents."));
}

const repository::SnapshotInfo* find_snapshot(const ForgetPlan& plan, const std::string& id) {
  const auto found = std::find_if(plan.snapshots.begin(), plan.snapshots.end(),
                                  [&](const auto& each) { return each.id.hex() == id; });
  return found == plan.snapshots.end() ? nullptr : &*found;
}

Json to_json(const ForgetPlan& plan) {
  Json json{{"repository", plan.repository_name},
            {"keep", Json::array()},
            {"forget", Json::array()},
            {"findings", service::to_json(plan.findings)}};
  for (const auto& decision : plan.decisions) {
    const auto* snapshot = find_snapshot(plan, decision.id);
    if (snapshot == nullptr) continue;
    json[decision.keep ? "keep" : "forget"].push_back(
        {{"snapshot", service::to_json(*snapshot)}, {"reasons", decision.reasons}});
  }
  return json;
}

Json to_json(const RepositoryStatus& status) {
  Json json{{"repository", status.name},
            {"snapshots", status.snapshots},
            {"findings", service::to_json(status.findings)}};
  if (status.error) json["error"] = service::to_json(*status.error);
  if (status.newest) json["newest"] = service::to_json(*status.newest);
  if (status.last_proven) json["last_proven"] = service::to_json(*status.last_proven);
  return json;
}

std::int64_t seconds_of(Duration time) { return time.count() / 1'000'000; }

}  // namespace

Result<Answer> verify(const Setup& setup, const std::string& name, const std::string& depth,
                      const RunContext& context) {
  const auto chosen = TRY(depth_of(depth));
  const auto composition = TRY(compose(setup));
  const auto repository = TRY(composition->service.open_repository(name, context));
  const auto report = TRY(repository->check(chosen, context));
  Answer answer;
  answer.body = {{"repository", name},
                 {"medium", repository->description()},
                 {"depth", depth},
                 {"packs", report.packs},
                 {"segments", report.segments},
                 {"chunks", report.chunks},
                 {"bytes", report.bytes},
                 {"snapshots", report.snapshots},
                 {"findings", to_json(report.findings)},
                 {"damaged_snapshots", report.damaged_snapshots}};
  answer.exit_status = report.findings.empty() && report.damaged_snapshots.empty() ? 0 : 1;
  return answer;
}

Result<Answer> forget(const Setup& setup, const ForgetCall& call, const Confirm& confirm,
                      const RunContext& context) {
  const auto& name = call.service;
  const auto composition = TRY(compose(setup));
  auto& service = composition->service;
  const auto lock =
      TRY(ServiceLock::take(service.settings().state, name, service.settings().lock_wait, context));
  const auto& configured = *TRY(composition->loaded.config.find_service(name));
  Answer answer;
  answer.body = {{"service", name}, {"repositories", Json::array()}};
  std::vector<ForgetPlan> plans;
  for (const auto& repository : configured.repositories) {
    plans.push_back(TRY(service.plan_forget(name, repository, context)));
    answer.body["repositories"].push_back(to_json(plans.back()));
  }
  TRY(confirm(answer.body));
  for (std::size_t at = 0; at < plans.size() && !call.dry_run; ++at)
    answer.body["repositories"][at]["forgotten"] = TRY(service.forget(plans[at], context));
  return answer;
}

Result<Answer> prune(const Setup& setup, const PruneCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto repository = TRY(composition->service.open_repository(call.repository, context));
  repository::PruneOptions options;
  options.dry_run = call.dry_run;
  options.despite_missing = call.despite_missing;
  options.wait = call.wait;
  const auto report = TRY(repository->prune(options, context));
  Answer answer;
  answer.body = {
      {"repository", call.repository},         {"dry_run", call.dry_run},
      {"packs_removed", report.packs_removed}, {"packs_moved", report.packs_moved},
      {"bytes_freed", report.bytes_freed},     {"bytes_moved", report.bytes_moved},
      {"bytes_kept", report.bytes_kept},       {"sessions_voided", report.sessions_voided},
      {"findings", to_json(report.findings)}};
  return answer;
}

Result<Answer> status(const Setup& setup, const std::string& name, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto found = TRY(composition->service.status(name, context));
  Answer answer;
  answer.body = {{"service", name},
                 {"repositories", Json::array()},
                 {"objective", policy::to_text(found.objective.rpo)}};
  for (const auto& each : found.repositories) answer.body["repositories"].push_back(to_json(each));
  if (found.age) answer.body["age_seconds"] = seconds_of(*found.age);
  answer.exit_status = found.exit_status();
  return answer;
}

}  // namespace lifeboat::service
