#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "base/json_value.h"
#include "engine/all.h"
#include "restore/moment.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

// A log without writes is known to go on at least so often.
constexpr Duration kQuiet = std::chrono::minutes(5);

// Returns at once when the run is stopped.
void wait_for_more(Duration time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock hold(mutex);
  woken.wait_for(hold, stop, time, [] { return false; });
}

Answer log_answer(const std::string& service, const std::vector<LogOutcome>& outcomes) {
  Answer answer;
  answer.body = {{"service", service}, {"repositories", Json::array()}};
  for (const auto& outcome : outcomes) {
    answer.body["repositories"].push_back(to_json(outcome));
    if (outcome.error)
      answer.exit_status =
          worst_exit(answer.exit_status, info_of(outcome.error->code()).exit_status);
    for (const auto& log : outcome.logs)
      if (!log.broken.empty()) answer.exit_status = worst_exit(answer.exit_status, 1);
  }
  return answer;
}

// By what the configuration says alone: no variable of a source is needed.
bool keeps_log(const config::Service& service) {
  return std::ranges::any_of(service.sources, [](const config::Source& source) {
    const auto engine = engine::find_engine(source.type);
    return engine && (*engine)->traits().has_log;
  });
}

// Whether the newest snapshot that has the source is one that a log leads on from.
bool is_led_on(const std::vector<repository::SnapshotInfo>& snapshots, const std::string& service,
               const std::string& source) {
  bool is_led = true;
  for (const auto& snapshot : snapshots) {
    if (snapshot.service != service || !snapshot.complete) continue;
    for (const auto& each : snapshot.sources)
      if (each.name == source) is_led = each.log.has_value();
  }
  return is_led;
}

// What came since the newest snapshot of these is in no log. A repository that does not answer has
// said so before.
Result<Json> not_led_on(Composition& composition, const config::Service& service,
                        const RunContext& context) {
  std::set<std::string> names;
  for (const auto& each : service.repositories) {
    const auto repository = composition.service.open_repository(each, context);
    if (!repository) continue;
    const auto list = TRY((*repository)->snapshots(context));
    for (const auto& source : service.sources)
      if (const auto engine = engine::find_engine(source.type);
          engine && (*engine)->traits().has_log &&
          !is_led_on(list.snapshots, service.name, source.name))
        names.insert(source.name);
  }
  return Json(names);
}

void warn_of_breaks(const std::vector<LogOutcome>& outcomes, const RunContext& context) {
  for (const auto& outcome : outcomes) {
    if (outcome.error) context.log.warning(outcome.repository + ": " + outcome.error->describe());
    for (const auto& log : outcome.logs)
      if (!log.broken.empty())
        context.log.error("the log of " + log.source + " in " + outcome.repository +
                          " has a hole: " + log.broken +
                          ". Moments from here on need a new full backup.");
  }
}

}  // namespace

Json to_json(const LogOutcome& outcome) {
  Json logs = Json::array();
  for (const auto& log : outcome.logs) {
    Json row{{"source", log.source},
             {"pieces", log.pieces},
             {"bytes", log.bytes},
             {"reaches", log.moment}};
    if (!log.broken.empty()) row["broken"] = log.broken;
    logs.push_back(std::move(row));
  }
  Json json{{"repository", outcome.repository}, {"logs", std::move(logs)}};
  if (outcome.error) json["error"] = to_json(*outcome.error);
  return json;
}

// A stop between two rounds is how it ends; one that failed is tried again.
Result<Answer> follow_log(const Setup& setup, const LogCall& call, const VisitLog& visit,
                          const RunContext& context) {
  const auto composition = TRY(compose(setup));
  Answer answer;
  int worst = 0;
  do {
    auto outcomes =
        composition->service.archive_logs(call.service, call.every ? kQuiet : Duration(0), context);
    if (!outcomes && call.every && outcomes.error().code() == Code::interrupted) break;
    const auto archived = TRY(std::move(outcomes));
    warn_of_breaks(archived, context);
    answer = log_answer(call.service, archived);
    worst = worst_exit(worst, answer.exit_status);
    visit(answer.body);
    if (call.every) wait_for_more(*call.every, context.stop);
  } while (call.every && !context.stop.stop_requested());
  answer.body["service"] = call.service;
  answer.body["without_log"] = TRY(composition->service.sources_without_log(call.service));
  if (!call.every)
    answer.body["newest_without_log"] = TRY(not_led_on(
        *composition, *TRY(composition->loaded.config.find_service(call.service)), context));
  answer.exit_status = worst;
  return answer;
}

Result<Answer> log_status(const Setup& setup, const std::string& name, const RunContext& context,
                          bool quick) {
  const auto composition = TRY(compose(setup));
  const auto& service = *TRY(composition->loaded.config.find_service(name));
  Answer answer;
  answer.body = {{"service", name},
                 {"keeps_log", keeps_log(service)},
                 {"quick", quick},
                 {"repositories", Json::array()}};
  for (const auto& each : service.repositories) {
    const auto repository = TRY(composition->service.open_repository(each, context));
    const auto list = TRY(repository->snapshots(context));
    Json ranges = Json::array();
    for (const auto& range :
         TRY(restore::reachable(list.snapshots, {name, quick}, *repository, context)))
      ranges.push_back(
          {{"source", range.source}, {"from", range.from_text}, {"to", range.to_text}});
    answer.body["repositories"].push_back({{"repository", each}, {"ranges", std::move(ranges)}});
  }
  return answer;
}

}  // namespace lifeboat::service
