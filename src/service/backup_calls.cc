#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/notices.h"
#include "service/trigger_calls.h"

namespace lifeboat::service {
namespace {

Json backup_json(const backup::SourceReport& source) {
  Json json{{"name", source.name},
            {"type", source.type},
            {"entries", source.entries},
            {"unchanged", source.unchanged},
            {"bytes", source.bytes},
            {"complete", source.complete},
            {"findings", service::to_json(source.findings)}};
  if (source.failure) json["error"] = service::to_json(*source.failure);
  return json;
}

Json backup_json(const backup::Report& report) {
  Json sources = Json::array();
  for (const auto& source : report.sources) sources.push_back(backup_json(source));
  return {{"snapshot", service::to_json(report.snapshot)},
          {"sources", std::move(sources)},
          {"stats",
           {{"read", report.stats.bytes_read},
            {"new", report.stats.bytes_new},
            {"stored", report.stats.bytes_stored},
            {"reused_chunks", report.stats.chunks_reused},
            {"packs", report.stats.packs}}},
          {"milliseconds", whole_milliseconds(report.elapsed)}};
}

Json backup_json(const BackupOutcome& outcome) {
  Json json = outcome.report ? backup_json(*outcome.report)
                             : Json{{"error", service::to_json(outcome.report.error())}};
  json["repository"] = outcome.repository;
  if (!outcome.log.logs.empty() || outcome.log.error) json["log"] = service::to_json(outcome.log);
  return json;
}

int exit_of(const BackupOutcome& outcome) {
  if (!outcome.report) return info_of(outcome.report.error().code()).exit_status;
  const bool is_whole = outcome.report->snapshot.complete && !outcome.log.error;
  return is_whole ? 0 : 1;
}

Result<Answer> run_backup(Service& service, const std::string& name, const RunContext& context) {
  BackupRequest request;
  request.service = name;
  auto backed_up = service.back_up(request, context);
  if (!backed_up && backed_up.error().code() == Code::interrupted)
    return fail(std::move(backed_up).error().with_hint(
        "No snapshot was made. What was stored stays: run it again to go on from there."));
  const auto outcomes = TRY(std::move(backed_up));
  Answer answer;
  answer.body = {{"service", name}, {"repositories", Json::array()}};
  for (const auto& outcome : outcomes) {
    answer.body["repositories"].push_back(backup_json(outcome));
    answer.exit_status = worst_exit(answer.exit_status, exit_of(outcome));
  }
  return answer;
}

}  // namespace

Result<Answer> back_up(const Setup& setup, const std::string& service, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  auto answer = run_backup(composition->service, service, context);
  const auto make = [&](const Occasion& occasion) {
    return answer ? backup_notice(occasion, answer->body) : backup_notice(occasion, answer.error());
  };
  if (answer)
    if (const auto queued = queue_drills(*composition, service, answer->body, context); !queued)
      context.log.warning("no drill waits for this backup: " + queued.error().describe());
  add_deliveries(answer, Notices(*composition, service).tell("backup", make, context), context);
  return answer;
}

}  // namespace lifeboat::service
