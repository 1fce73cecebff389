#include <algorithm>

#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/notices.h"
#include "service/planned.h"

namespace lifeboat::service {
namespace {

std::int64_t seconds_of(Duration time) {
  return std::chrono::floor<std::chrono::seconds>(time).count();
}

Json status_json(const RepositoryStatus& status) {
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

// The tighter of what was promised and what is planned.
Limit backup_limit(const config::Service& service, const StatusCall& call,
                   const std::optional<Time>& newest) {
  if (call.backup_within) return {*call.backup_within, "option"};
  const auto& promised = service.objectives.rpo;
  const auto planned = newest ? planned_backup(service, *newest) : std::nullopt;
  if (planned && (!promised || *planned < *promised)) return {*planned, "schedule"};
  if (promised) return {*promised, "objective"};
  return {policy::WatchLimits().backup, "default"};
}

// That of the drill that comes most often, where there are times.
Limit drill_limit(const policy::WatchRecord& record, const StatusCall& call) {
  if (call.drill_within) return {*call.drill_within, "option"};
  if (record.planned.empty()) return {policy::WatchLimits().drill, "default"};
  return {std::ranges::min(record.planned, {}, &policy::PlannedDrill::limit).limit, "schedule"};
}

Json status_json(const Limit& limit) {
  return {{"seconds", seconds_of(limit.time)}, {"from", limit.from}};
}

Json status_json(const policy::WatchAnswer& answer) {
  Json json{{"question", to_text(answer.question)},
            {"level", to_text(answer.level)},
            {"cause", to_text(answer.cause)}};
  if (!answer.repository.empty()) json["repository"] = answer.repository;
  if (!answer.key.empty()) json["key"] = answer.key;
  if (!answer.drill.empty()) json["drill"] = answer.drill;
  if (answer.age) json["age_seconds"] = seconds_of(*answer.age);
  return json;
}

Json status_json(const policy::DrillRecord& drill) {
  Json json{{"time", to_rfc3339(drill.time)}, {"verdict", drill.verdict}};
  if (!drill.drill.empty()) json["drill"] = drill.drill;
  if (!drill.repository.empty()) json["repository"] = drill.repository;
  return json;
}

struct Watched {
  policy::WatchRecord record;
  std::vector<policy::WatchAnswer> answers;
  Json json;
};

Watched watch_of(policy::WatchRecord record, const config::Service& service, const StatusCall& call,
                 Time now) {
  const auto backup = backup_limit(service, call, policy::newest_backup(record));
  const auto drill = drill_limit(record, call);
  auto level = policy::Level::ok;
  Json answers = Json::array();
  auto judged = policy::judge_watch(record, {backup.time, drill.time}, now);
  for (const auto& answer : judged) {
    level = policy::worse(level, answer.level);
    answers.push_back(status_json(answer));
  }
  Json json{{"level", to_text(level)},
            {"answers", std::move(answers)},
            {"backup_limit", status_json(backup)},
            {"drill_limit", status_json(drill)}};
  if (const auto last = policy::last_drill(record)) json["last_drill"] = status_json(*last);
  json["drills"] = Json::array();
  for (const auto& each : policy::last_drills(record)) json["drills"].push_back(status_json(each));
  return {std::move(record), std::move(judged), std::move(json)};
}

// What has not come for too long. What is not known is not told: the next question may know.
Json tell_all_overdue(const Watched& watched, const config::Service& service, Notices& notices,
                      const RunContext& context) {
  Json told = Json::array();
  for (const auto& answer : watched.answers) {
    using policy::Cause;
    const bool backup = answer.cause == Cause::backup_missing || answer.cause == Cause::backup_old;
    const bool drill = answer.cause == Cause::drill_missing || answer.cause == Cause::drill_old;
    if (!backup && !drill) continue;
    const auto subject =
        backup ? std::string("backup") : "drill " + service.drill_name(answer.drill);
    for (auto& each : notices.tell_overdue(subject, answer.age, context))
      told.push_back(std::move(each));
  }
  return told;
}

// What is to be looked into is no fault yet.
int exit_for(const std::vector<policy::WatchAnswer>& answers) {
  auto level = policy::Level::ok;
  for (const auto& answer : answers) level = policy::worse(level, answer.level);
  if (level == policy::Level::critical) return 1;
  return level == policy::Level::unknown ? 2 : 0;
}

// What people have not been told although they should: an answer of its own where anybody is to be
// told.
void judge_notices(Json& watch, const Json& waiting, const config::Service& service) {
  if (service.notify.empty() && waiting.empty()) return;
  Json answer{{"question", "notice"}, {"level", "ok"}, {"cause", "good"}};
  if (!waiting.empty()) {
    answer["level"] = "warning";
    answer["cause"] = "notice-waiting";
    if (watch.at("level") == "ok") watch["level"] = "warning";
  }
  watch["answers"].push_back(std::move(answer));
}

}  // namespace

Result<Answer> status(const Setup& setup, const StatusCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto& service = *TRY(composition->loaded.config.find_service(call.service));
  const auto found = TRY(composition->service.status(service.name, context));
  Answer answer;
  answer.body = {{"service", service.name},
                 {"repositories", Json::array()},
                 {"objective", policy::to_text(found.objective.rpo)}};
  for (const auto& each : found.repositories)
    answer.body["repositories"].push_back(status_json(each));
  if (found.age) answer.body["age_seconds"] = seconds_of(*found.age);
  Notices notices(*composition, service.name);
  auto record = found.watch();
  if (!call.drill_within)
    record.planned = TRY(planned_drills(service, record, composition->service.settings().state));
  auto watched = watch_of(std::move(record), service, call, context.clock.now());
  answer.body["watch"] = std::move(watched.json);
  if (call.tell)
    if (auto told = tell_all_overdue(watched, service, notices, context); !told.empty())
      answer.body["notices"] = std::move(told);
  auto waiting = notices.waiting();
  judge_notices(answer.body["watch"], waiting, service);
  if (!waiting.empty()) answer.body["notices_waiting"] = std::move(waiting);
  answer.exit_status = worst_exit(found.exit_status(), exit_for(watched.answers));
  return answer;
}

}  // namespace lifeboat::service
