#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/notices.h"

namespace lifeboat::service {
namespace {

std::int64_t seconds_of(Duration time) {
  return std::chrono::floor<std::chrono::seconds>(time).count();
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

// How old something may be, and who says so.
struct Limit {
  Duration time{0};
  std::string_view from = "default";
};

Limit limit_of(const std::optional<Duration>& option, const std::optional<Duration>& objective,
               Duration otherwise) {
  if (option) return {*option, "option"};
  if (objective) return {*objective, "objective"};
  return {otherwise, "default"};
}

Json to_json(const Limit& limit) {
  return {{"seconds", seconds_of(limit.time)}, {"from", limit.from}};
}

Json to_json(const policy::WatchAnswer& answer) {
  Json json{{"question", to_text(answer.question)},
            {"level", to_text(answer.level)},
            {"cause", to_text(answer.cause)}};
  if (!answer.repository.empty()) json["repository"] = answer.repository;
  if (!answer.key.empty()) json["key"] = answer.key;
  if (answer.age) json["age_seconds"] = seconds_of(*answer.age);
  return json;
}

Json watch_of(const ServiceStatus& status, const StatusCall& call,
              const policy::ObjectiveOptions& objectives, Time now) {
  const policy::WatchLimits fallback;
  const auto backup = limit_of(call.backup_within, objectives.rpo, fallback.backup);
  const auto drill = limit_of(call.drill_within, std::nullopt, fallback.drill);
  const auto record = status.watch();
  auto level = policy::Level::ok;
  Json answers = Json::array();
  for (const auto& answer : policy::judge_watch(record, {backup.time, drill.time}, now)) {
    level = policy::worse(level, answer.level);
    answers.push_back(to_json(answer));
  }
  Json json{{"level", to_text(level)},
            {"answers", std::move(answers)},
            {"backup_limit", to_json(backup)},
            {"drill_limit", to_json(drill)}};
  if (const auto last = policy::last_drill(record))
    json["last_drill"] = {{"time", to_rfc3339(last->time)}, {"verdict", last->verdict}};
  return json;
}

}  // namespace

Result<Answer> status(const Setup& setup, const StatusCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto& service = *TRY(composition->loaded.config.find_service(call.service));
  const auto found = TRY(composition->service.status(service.name, call.watch, context));
  Answer answer;
  answer.body = {{"service", service.name},
                 {"repositories", Json::array()},
                 {"objective", policy::to_text(found.objective.rpo)}};
  for (const auto& each : found.repositories) answer.body["repositories"].push_back(to_json(each));
  if (found.age) answer.body["age_seconds"] = seconds_of(*found.age);
  if (auto waiting = Notices(*composition, service.name).waiting(); !waiting.empty())
    answer.body["notices_waiting"] = std::move(waiting);
  if (call.watch)
    answer.body["watch"] = watch_of(found, call, service.objectives, context.clock.now());
  answer.exit_status = found.exit_status();
  return answer;
}

}  // namespace lifeboat::service
