#include "engine/mongodb/validators_aside.h"
#include "exchange/mongodump/export.h"
#include "exchange/mongodump/import.h"
#include "service/compose.h"
#include "service/exchange_calls.h"
#include "service/exchange_place.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

namespace mongodump = exchange::mongodump;

Json dumped_json(const std::string& name, const mongodump::DumpedCollection& dumped) {
  return {{"name", name},
          {"count", dumped.sum.count},
          {"bytes", dumped.sum.bytes},
          {"indexes", dumped.wanted.indexes.size()}};
}

Json dump_plan_json(const mongodump::DumpPlan& plan) {
  Json collections = Json::array();
  for (const auto& [name, each] : plan.collections) collections.push_back(dumped_json(name, each));
  Json views = Json::array();
  for (const auto& each : plan.views.collections) views.push_back(each.name);
  return {{"from", plan.database},
          {"product", plan.product},
          {"documents", plan.documents()},
          {"log_entries", plan.log ? plan.log->entries : 0},
          {"server_version", plan.head.server_version},
          {"tool_version", plan.head.tool_version},
          {"views", views},
          {"losses", to_json(plan.losses)},
          {"findings", to_json(plan.findings)},
          {"collections", collections}};
}

Json restored_json(const mongodump::RestoredCollection& restored) {
  return {{"name", restored.name},
          {"file_count", restored.dumped.count},
          {"db_count", restored.there.count},
          {"file_digest", restored.dumped.digest.hex()},
          {"db_digest", restored.there.digest.hex()},
          {"indexes", restored.indexes},
          {"not_compared", restored.not_compared},
          {"equal", restored.is_equal()}};
}

Json dump_report_json(const mongodump::DumpReport& report) {
  Json collections = Json::array();
  for (const auto& each : report.collections) collections.push_back(restored_json(each));
  return {{"equal", report.is_equal()},           {"views", report.views},
          {"log_applied", report.log_applied},    {"log_until", report.log_until},
          {"findings", to_json(report.findings)}, {"collections", collections}};
}

}  // namespace

Result<Answer> import_mongodump(const Setup& setup, const ImportMongodumpCall& call,
                                const std::function<void(const Json& plan)>& planned,
                                const RunContext& context) {
  const auto to = TRY(database_of(setup, call.database));
  mongodump::DumpOptions options;
  options.path = exchange_path(setup, call.path, "");
  options.database = call.from_database;
  options.without_oplog = call.without_oplog;
  options.accept_losses = call.accept_losses;
  options.journal = TRY(engine::mongodb::validators_journal(settings_of(setup).state, to));
  const auto plan = TRY(mongodump::plan_dump(to, options, context));
  Answer answer{dump_plan_json(plan), 0};
  answer.body["path"] = options.path.string();
  answer.body["database"] = to.database;
  answer.body["server"] = to.server->address();
  planned(answer.body);
  if (call.dry_run) return answer;
  auto report = mongodump::restore_dump(to, plan, options, context);
  if (!report && report.error().code() != Code::interrupted)
    return fail(std::move(report).error().with_hint(
        "The database is half restored: drop it before the import is tried again."));
  answer.body["report"] = dump_report_json(TRY(std::move(report)));
  answer.exit_status = answer.body["report"]["equal"].get<bool>() ? 0 : 1;
  return answer;
}

Result<Answer> export_mongodump(const Setup& setup, const ExportMongodumpCall& call,
                                const RunContext& context) {
  const auto from = TRY(database_of(setup, call.database));
  const auto file = exchange_path(setup, call.file, "");
  const auto report = TRY(mongodump::export_archive(from, file, context));
  Json collections = Json::array();
  for (const auto& each : report.collections)
    collections.push_back({{"name", each.name},
                           {"count", each.sum.count},
                           {"bytes", each.sum.bytes},
                           {"digest", each.sum.digest.hex()}});
  return Answer{{{"database", from.database},
                 {"server", from.server->address()},
                 {"archive", file.string()},
                 {"archive_bytes", report.bytes},
                 {"documents", report.documents()},
                 {"views", report.views},
                 {"findings", to_json(report.findings)},
                 {"collections", collections}},
                0};
}

}  // namespace lifeboat::service
