#include "restore/restore.h"

#include <algorithm>
#include <filesystem>

#include "base/durable.h"
#include "engine/all.h"
#include "restore/aside.h"
#include "restore/half_filled.h"
#include "restore/note.h"
#include "restore/wanted.h"
#include "restore/window.h"

namespace lifeboat::restore {
namespace {

using repository::SourceManifest;

struct Job {
  const Plan& plan;
  const PlanItem& item;
  const SourceManifest& source;
  const engine::Engine& engine;
};

Result<Job> job_of(const Plan& plan, const PlanItem& item, repository::SnapshotReader& snapshot) {
  const auto& sources = snapshot.sources();
  const auto found = std::find_if(sources.begin(), sources.end(),
                                  [&](const auto& each) { return each.name == item.source; });
  if (found == sources.end()) return fail(Code::internal, "the plan names an unknown source");
  return Job{plan, item, *found, *TRY(engine::find_engine(item.type))};
}

engine::TargetOptions target_options(const Job& job, const std::string& place) {
  engine::TargetOptions options;
  options.name = job.item.source;
  options.type = job.item.type;
  options.place = place;
  options.overwrite = job.plan.overwrite || job.item.resumes;
  options.until = job.item.until;
  options.state = job.plan.state;
  options.accept_losses = job.plan.accept_losses;
  options.with_users = job.plan.with_users;
  options.facts = std::make_shared<const Json>(job.source.facts);
  options.delete_strangers = clears(job.plan, job.item);
  options.renames = job.item.renames;
  options.kept = job.item.kept;
  options.snapshot = job.plan.snapshot.id.hex();
  return options;
}

struct From {
  repository::Repository& repository;
  repository::SnapshotReader& snapshot;
  Stages& stages;
};

// Before anything is made: for what the snapshot does not have no folder is left either.
Result<Wanted> find_wanted(const Job& job, repository::SnapshotReader& snapshot,
                           const RunContext& context) {
  Wanted wanted(job.engine, job.item.objects);
  if (wanted.objects().empty()) return wanted;
  const auto visit = [&](repository::EntryRecord&& entry) -> Result<void> {
    TRY(context.check_stop());
    return wanted.look_at(entry.info);
  };
  TRY(snapshot.entries(job.source, visit, context));
  if (wanted.missing().empty()) return wanted;
  return fail(Error(Code::not_found, job.item.source + " has no \"" + wanted.missing().front() +
                                         "\" in this snapshot")
                  .with_hint("`lifeboat snapshots ls` lists what is in it."));
}

struct Route {
  Wanted& wanted;
  Window& window;
};

// Returns how many entries were restored.
Result<std::uint64_t> restore_entries(const SourceManifest& source, const Route& route,
                                      repository::SnapshotReader& snapshot,
                                      const RunContext& context) {
  std::uint64_t restored = 0;
  const auto visit = [&](repository::EntryRecord&& entry) -> Result<void> {
    TRY(context.check_stop());
    auto taken = TRY(route.wanted.take(std::move(entry)));
    if (!taken) return {};
    ++restored;
    context.progress.advance(0, 1);
    TRY(route.window.add(std::move(*taken)));
    return route.window.full() ? route.window.run(context) : Result<void>{};
  };
  TRY(snapshot.entries(source, visit, context));
  TRY(route.window.run(context));
  return restored;
}

Result<void> replay_log(const Job& job, engine::Target& target, repository::Repository& repository,
                        const RunContext& context) {
  for (const auto& each : job.item.log) {
    TRY(context.check_stop());
    const auto piece = TRY(repository.read_log_piece(each));
    TRY_CONTEXT("the log", target.replay(piece.content, context));
  }
  return {};
}

// Of an error at the place, where the hint for sources and repositories would mislead.
Failure fail_at(const std::string& place, Error error) {
  const bool is_denied = error.code() == Code::permission_denied;
  if (is_denied && error.hint() == info_of(error.code()).hint)
    error.with_hint("Run as a user that may write to " + place + ", or restore to another place.");
  return fail(std::move(error));
}

Result<ItemReport> fill_target(const Job& job, const std::string& place, const From& from,
                               const RunContext& context) {
  ItemReport report{job.item.source, job.item.place, 0, 0, 0, Duration(0), {}};
  auto wanted = TRY(find_wanted(job, from.snapshot, context));
  const auto options = target_options(job, place);
  const auto target = TRY(job.engine.open_target(options));
  if (auto prepared = target->prepare(context); !prepared)
    return fail_at(place, std::move(prepared).error());
  const auto filling = TRY(begin_filling(job.plan, job.item, context));
  from.stages.end("prepare");
  Window window(*target, from.repository, from.snapshot, options.overwrite);
  report.entries = TRY(restore_entries(job.source, {wanted, window}, from.snapshot, context));
  from.stages.end("write");
  TRY(replay_log(job, *target, from.repository, context));
  if (!job.item.log.empty()) from.stages.end("replay");
  auto end = TRY(target->finish(context));
  TRY(end_filling(filling));
  from.stages.end("finish");
  report.findings = std::move(end.findings);
  std::ranges::move(wanted.losses(), std::back_inserter(report.findings));
  report.facts = std::move(end.facts);
  report.last_applied = std::move(end.last_applied);
  report.log_entries = end.applied;
  report.bytes = window.counts().bytes;
  report.bytes_fetched = window.counts().fetched;
  return report;
}

// A table is cut out of the whole database, which is restored beside the target and removed again.
Result<ItemReport> restore_and_extract(const Job& job, const fs::path& folder, const From& from,
                                       const RunContext& context) {
  if (job.item.objects.size() > 1)
    return fail(Code::usage, "restore one table at a time: each becomes a file of its own");
  auto aside = make_durable_directories(folder).and_then([&] { return Aside::make(folder); });
  if (!aside) return fail_at(folder.string(), std::move(aside).error());
  const auto whole = (aside->path() / "whole").string();
  auto report = TRY(fill_target(job, whole, from, context));
  TRY(job.engine.extract_object(whole, job.item.objects[0], job.item.place));
  from.stages.end("extract");
  return report;
}

// The folder and those above it that are not there yet, the deepest first.
std::vector<fs::path> missing_folders(fs::path folder) {
  std::vector<fs::path> missing;
  std::error_code ignored;
  for (; folder.has_relative_path() && !fs::exists(folder, ignored); folder = folder.parent_path())
    missing.push_back(folder);
  return missing;
}

// Which tables there are is known only at the end: what fails leaves no folder made for it.
Result<ItemReport> restore_objects(const Job& job, const From& from, const RunContext& context) {
  const auto folder = fs::absolute(job.item.place).parent_path();
  const auto missing = missing_folders(folder);
  auto report = restore_and_extract(job, folder, from, context);
  std::error_code not_empty;
  if (!report)
    for (const auto& each : missing) fs::remove(each, not_empty);
  return report;
}

Result<ItemReport> restore_item(const Job& job, const From& from, const RunContext& context) {
  const Duration begun = context.clock.steady();
  context.progress.stage("restoring " + job.item.source, from.snapshot.info().bytes);
  auto report = TRY_CONTEXT("source " + job.item.source,
                            is_cut_out(job.item, job.engine.traits())
                                ? restore_objects(job, from, context)
                                : fill_target(job, job.item.place, from, context));
  report.elapsed = context.clock.steady() - begun;
  return report;
}

Json findings_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const auto& each : findings)
    list.push_back({{"code", each.code},
                    {"message", each.message},
                    {"subject", each.subject},
                    {"incomplete", each.incomplete}});
  return list;
}

Json item_json(const ItemReport& item) {
  Json json{{"source", item.source},
            {"place", item.place},
            {"entries", item.entries},
            {"bytes", item.bytes},
            {"bytes_fetched", item.bytes_fetched},
            {"milliseconds", whole_milliseconds(item.elapsed)},
            {"findings", findings_json(item.findings)}};
  if (item.last_applied.empty()) return json;
  json["last_applied"] = item.last_applied;
  json["log_entries"] = item.log_entries;
  return json;
}

}  // namespace

std::uint64_t Report::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& item : items) sum += item.bytes;
  return sum;
}

Result<Report> run_restore(const Plan& plan, repository::Repository& repository,
                           repository::SnapshotReader& snapshot, const RunContext& context) {
  Stages stages(context.clock);
  Report report;
  write_note(plan, context);
  for (const auto& item : plan.items) {
    const auto job = TRY(job_of(plan, item, snapshot));
    report.items.push_back(TRY(restore_item(job, {repository, snapshot, stages}, context)));
  }
  TRY(remove_note(plan));
  stages.end("finish");
  report.stages = stages.take();
  return report;
}

Result<std::vector<Finding>> recover_targets(const Plan& plan) {
  std::vector<Finding> findings;
  for (const auto& item : plan.items) {
    engine::TargetOptions options;
    options.place = item.place;
    options.state = plan.state;
    for (auto& each : TRY(TRY(engine::find_engine(item.type))->recover(options)))
      findings.push_back(std::move(each));
  }
  return findings;
}

Json record_of(const Plan& plan, const Report& report, const std::string& repository) {
  Json items = Json::array();
  for (const auto& item : report.items) items.push_back(item_json(item));
  for (std::size_t i = 0; i < items.size(); ++i)
    if (const auto& renames = plan.items[i].renames; !renames.empty())
      items[i]["renames"] = renames;
  return {{"snapshot", plan.snapshot.id.hex()},
          {"service", plan.snapshot.service},
          {"snapshot_time", to_rfc3339(plan.snapshot.time)},
          {"repository", repository},
          {"in_place", plan.in_place},
          {"overwrite", plan.overwrite},
          {"milliseconds", whole_milliseconds(sum_of(report.stages))},
          {"stages", to_json(report.stages)},
          {"items", items}};
}

}  // namespace lifeboat::restore
