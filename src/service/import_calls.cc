#include <fmt/format.h>

#include "base/text.h"
#include "engine/mongodb/validators_aside.h"
#include "exchange/jsonl/export.h"
#include "exchange/jsonl/import.h"
#include "service/compose.h"
#include "service/exchange_calls.h"
#include "service/exchange_place.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

namespace jsonl = exchange::jsonl;
using engine::mongodb::Location;

std::string state_of(const jsonl::PlannedCollection& planned) {
  if (!planned.exists) return "created";
  if (planned.is_dropped_first) return "replaced";
  return planned.adds_to ? "added to" : "filled";
}

Json planned_json(const jsonl::PlannedCollection& planned) {
  return {{"name", planned.file.name},
          {"file", planned.file.stem + std::string(jsonl::kLinesSuffix)},
          {"count", planned.survey.sum.count},
          {"bytes", planned.survey.sum.bytes},
          {"escaped", planned.survey.escaped},
          {"state", state_of(planned)},
          {"sample_hash", planned.survey.sample_hash},
          {"digest", planned.survey.sum.digest.hex()},
          {"time_series", planned.is_time_series()},
          {"grounds", planned.grounds}};
}

Json plan_json(const jsonl::ImportPlan& plan) {
  Json collections = Json::array();
  for (const auto& each : plan.collections) collections.push_back(planned_json(each));
  Json views = Json::array();
  for (const auto& each : plan.views) views.push_back(each.name);
  return {{"database", plan.database},
          {"server", plan.server},
          {"product", plan.product},
          {"drop", plan.drop},
          {"create", plan.create},
          {"restore", plan.restore},
          {"documents", plan.documents()},
          {"collections", collections},
          {"views", views},
          {"losses", to_json(plan.losses)},
          {"findings", to_json(plan.findings)}};
}

Json imported_json(const jsonl::ImportedCollection& collection) {
  return {{"name", collection.name},
          {"file_count", collection.file_count},
          {"db_count", collection.db_count},
          {"sample_hash", collection.sample_hash},
          {"file_digest", collection.file_digest},
          {"db_digest", collection.db_digest},
          {"not_compared", collection.not_compared},
          {"equal", collection.is_equal()}};
}

Json import_json(const jsonl::ImportReport& report) {
  Json collections = Json::array();
  for (const auto& each : report.collections) collections.push_back(imported_json(each));
  return {{"inserted", report.inserted}, {"dropped", report.dropped},
          {"views", report.views},       {"findings", to_json(report.findings)},
          {"equal", report.is_equal()},  {"collections", collections}};
}

Result<jsonl::ImportOptions> import_options(const Setup& setup, const ImportJsonlCall& call,
                                            const Location& to) {
  if (call.batch_size == 0) return fail(Code::usage, "--batch-size is at least 1");
  jsonl::ImportOptions options;
  options.archive = exchange_path(setup, call.archive, "");
  if (!call.out_dir.empty()) options.unpack_into = exchange_path(setup, call.out_dir, "");
  options.journal = TRY(engine::mongodb::validators_journal(settings_of(setup).state, to));
  options.renames = TRY(jsonl::parse_renames(call.renames));
  options.batch_size = call.batch_size;
  options.sample = call.sample;
  options.force = call.force;
  options.replace_existing = call.replace_existing;
  options.infer_time_series = call.infer_time_series;
  options.accept_losses = call.accept_losses;
  return options;
}

// The URI only as it was given: one with a password never is. What was there may break its own
// validators.
std::string go_back_command(const ImportJsonlCall& call, const jsonl::ExportReport& before,
                            const std::string& database) {
  auto command = "lifeboat import jsonl " + shell_word(before.archive.string()) +
                 " --replace-existing --force --mongo-db " + shell_word(database);
  if (!call.database.uri.empty()) command += " --mongo-uri " + shell_word(call.database.uri);
  return command;
}

// What is there must come back whatever it is: what JSON cannot carry is escaped.
Result<jsonl::ExportReport> export_before(const Setup& setup, const ImportJsonlCall& call,
                                          const Location& to, const RunContext& context) {
  jsonl::ExportOptions options;
  options.out_dir = exchange_path(setup, call.snapshot_dir, kDefaultOutDir);
  options.lossy = engine::mongodb::Lossy::escaped;
  auto exported = jsonl::export_jsonl(to, options, context);
  if (exported) return exported;
  if (exported.error().code() == Code::interrupted) return exported;
  return fail(std::move(exported)
                  .error()
                  .add_context("what is there could not be saved")
                  .with_hint("Nothing was changed. --no-snapshot goes on without saving it."));
}

}  // namespace

Result<Answer> import_jsonl(const Setup& setup, const ImportJsonlCall& call, const Confirm& confirm,
                            const RunContext& context) {
  const auto to = TRY(database_of(setup, call.database));
  const auto options = TRY(import_options(setup, call, to));
  auto plan = TRY(jsonl::plan_import(to, options, context));
  Answer answer{plan_json(plan), 0};
  auto& body = answer.body;
  const bool snapshot_first = call.snapshot_first && !plan.is_empty;
  body["archive"] = options.archive.string();
  body["snapshot_first"] = snapshot_first;
  body["empty"] = plan.is_empty;
  body["force"] = call.force;
  TRY(confirm(body));
  if (call.dry_run) return answer;
  TRY(jsonl::recover_import(to, options, plan));
  if (snapshot_first) {
    const auto before = TRY(export_before(setup, call, to, context));
    body["before"] = {{"folder", before.folder.string()},
                      {"archive", before.archive.string()},
                      {"findings", to_json(before.findings)}};
    body["go_back"] = go_back_command(call, before, plan.database);
  }
  auto report = jsonl::run_import(to, plan, options, context);
  if (!report && snapshot_first) {
    const std::string hint(report.error().hint());
    return fail(std::move(report).error().with_hint(
        "The database is half imported. What was there comes back with: " +
        body["go_back"].get<std::string>() + (hint.empty() ? "" : "\n" + hint)));
  }
  body["report"] = import_json(TRY(std::move(report)));
  answer.exit_status = body["report"]["equal"].get<bool>() ? 0 : 1;
  return answer;
}

}  // namespace lifeboat::service
