#include "service/trigger_calls.h"

#include "service/json.h"
#include "service/notices.h"
#include "service/triggers.h"

namespace lifeboat::service {
namespace {

constexpr Duration kTriggersLockWait = std::chrono::seconds(10);

// A backup and a drill may end at once, and both write here.
Result<ServiceLock> lock_memory(const Composition& composition, const std::string& service,
                                const RunContext& context) {
  return ServiceLock::take(composition.service.settings().state, "triggers." + service,
                           kTriggersLockWait, context);
}

bool looks_for_changes(const config::Service& service) {
  return std::any_of(service.drills.begin(), service.drills.end(),
                     [](const auto& drill) { return drill.on_change; });
}

// The key slots of all repositories, with their ids: one that was replaced under its name is
// another key. Nothing when one does not answer, for then it is not known whether they changed.
std::optional<Json> keys_of(Composition& composition, const config::Service& service,
                            const RunContext& context) {
  Json all = Json::array();
  for (const auto& name : service.repositories) {
    const auto repository = composition.service.open_repository(name, context);
    const auto slots = repository ? (*repository)->keys() : fail(repository.error());
    if (!slots) return std::nullopt;
    std::vector<std::string> texts;
    for (const auto& slot : *slots)
      texts.push_back(name_of(slot.role) + " " + slot.kind + " " + slot.name + " " + slot.id);
    std::sort(texts.begin(), texts.end());
    all.push_back({name, texts});
  }
  return all;
}

Fingerprint fingerprint_now(Composition& composition, const config::Service& service,
                            const RunContext& context) {
  std::optional<Json> keys;
  if (looks_for_changes(service)) keys = keys_of(composition, service, context);
  return fingerprint_of(composition.loaded.config, service, keys);
}

std::optional<Queued> queued_of(const Json& backup, const std::string& from, Time now) {
  for (const auto& outcome : backup.at("repositories")) {
    const auto name = outcome.value("repository", "");
    const auto snapshot = outcome.find("snapshot");
    if (snapshot == outcome.end() || !snapshot->value("complete", false)) continue;
    if (from.empty() || name == from) return Queued{snapshot->value("id", ""), name, now};
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<DueDrill>> due_drills(Composition& composition, const std::string& service_name,
                                         const RunContext& context) {
  const auto& service = *TRY(composition.loaded.config.find_service(service_name));
  const TriggerMemory memory(composition.service.settings().state, service.name);
  const auto fingerprint = fingerprint_now(composition, service, context);
  std::vector<DueDrill> all;
  for (const auto& drill : service.drills) {
    const auto known = memory.of(drill.options.name);
    auto due = TRY_CONTEXT("drill " + drill.options.name + " of " + service.name,
                           due_now({drill, service.tz, known, fingerprint, context.clock.now()}));
    if (due) all.push_back(std::move(*due));
  }
  return all;
}

Result<std::vector<DueDrill>> due_drills(const Setup& setup, const std::string& service,
                                         const RunContext& context) {
  const auto composition = TRY(compose(setup));
  return due_drills(*composition, service, context);
}

Result<void> queue_drills(const Composition& composition, const std::string& service_name,
                          const Json& backup, const RunContext& context) {
  const auto& service = *TRY(composition.loaded.config.find_service(service_name));
  const bool asked = std::any_of(service.drills.begin(), service.drills.end(),
                                 [](const auto& drill) { return drill.after_backup; });
  if (!asked) return {};
  const auto lock = TRY(lock_memory(composition, service.name, context));
  TriggerMemory memory(composition.service.settings().state, service.name);
  for (const auto& drill : service.drills) {
    if (!drill.after_backup) continue;
    const auto queued = queued_of(backup, drill.options.from, context.clock.now());
    if (!queued) continue;
    memory.queue(drill.options.name, *queued);
  }
  return memory.write();
}

void remember_drill(Composition& composition, const DrillDone& done, const RunContext& context) {
  const auto service = composition.loaded.config.find_service(done.service);
  if (!service) return;
  const Json& evidence = done.answer.at("evidence");
  const auto drill = evidence.value("drill", "");
  const auto snapshot = evidence.value("snapshot", Json::object()).value("id", "");
  const auto fingerprint = fingerprint_now(composition, **service, context);
  const auto written = [&]() -> Result<void> {
    const auto lock = TRY(lock_memory(composition, done.service, context));
    TriggerMemory memory(composition.service.settings().state, done.service);
    memory.ran(drill, {done.began, snapshot}, fingerprint);
    return memory.write();
  }();
  if (!written)
    context.log.warning("the drill will count as due again: " + written.error().describe());
}

Result<Answer> tell_overdue(const Setup& setup, const std::string& service,
                            const RunContext& context) {
  const auto composition = TRY(compose(setup));
  Result<Answer> answer = Answer{{{"service", service}}, 0};
  const auto& configured = *TRY(composition->loaded.config.find_service(service));
  if (configured.notify.empty()) return answer;
  StatusCall call;
  call.service = service;
  call.tell = true;
  const auto watched = TRY(status(setup, call, context));
  if (const auto told = watched.body.find("notices"); told != watched.body.end())
    answer->body["notices"] = *told;
  return answer;
}

}  // namespace lifeboat::service
