#include "service/service.h"

#include <algorithm>

#include "base/text.h"
#include "base/undisturbed.h"
#include "config/portable.h"
#include "drill/evidence.h"
#include "restore/half_filled.h"
#include "restore/losses.h"
#include "restore/moment.h"
#include "restore/unknown.h"
#include "service/kept.h"
#include "service/lock.h"
#include "service/placement.h"

namespace lifeboat::service {
namespace {

std::string stamp(Time time) {
  std::string text;
  for (const char c : to_rfc3339(time))
    if (c != '-' && c != ':') text += c;
  return text;
}

// A position is one of a log; a time is one where there are logs.
std::optional<restore::Moment> asked_moment(const restore::Selector& selector,
                                            const std::vector<repository::SnapshotInfo>& snapshots,
                                            const std::string& service) {
  if (!selector.position.empty()) return restore::Moment{{}, selector.position};
  if (!selector.at || !restore::have_logs(snapshots, service)) return std::nullopt;
  return restore::Moment{*selector.at, {}};
}

std::string outcome_word(const Result<void>& done) {
  if (done) return "restored";
  return done.error().code() == Code::interrupted ? "interrupted" : "failed";
}

// Nobody knows how much of each item is in place.
void add_failure(Json& record, const restore::Plan& plan, const Error& error) {
  record["error"] = error.describe();
  for (const auto& item : plan.items)
    record["items"].push_back({{"source", item.source}, {"place", item.place}});
}

}  // namespace

Service::Service(const config::Config& config, const config::Variables& variables,
                 Settings settings)
    : config_(config),
      variables_(variables),
      resolver_(config, variables),
      settings_(std::move(settings)) {}

Result<std::vector<std::string>> Service::service_names(
    const std::vector<std::string>& given) const {
  for (const auto& name : given) TRY(config_.find_service(name));
  if (!given.empty()) return given;
  std::vector<std::string> all;
  for (const auto& service : config_.services) all.push_back(service.name);
  return all;
}

Result<backup::Request> Service::backup_request(const config::Service& service,
                                                const BackupRequest& request) const {
  backup::Request made;
  made.service = service.name;
  made.host = settings_.host;
  made.version = settings_.version;
  made.labels = request.labels;
  made.config = config::portable_json(config_);
  made.cache = settings_.cache;
  for (const auto& source : service.sources)
    if (!source.is_foreign()) made.sources.push_back(TRY(resolver_.source(source)));
  auto hooks = TRY(resolver_.hooks(service));
  made.hooks = {std::move(hooks.before_backup), std::move(hooks.after_backup), hooks.timeout};
  return made;
}

Circumstances Service::circumstances(const config::Service& service,
                                     const RunContext& context) const {
  return {resolver_.release(service, context).value_or(""), resolver_.secrets(service)};
}

Result<std::vector<BackupOutcome>> Service::back_up(const BackupRequest& request,
                                                    const RunContext& context) {
  const auto& service = *TRY(config_.find_service(request.service));
  if (!service.takes())
    return fail(Error(Code::usage, "service " + service.name +
                                       " is drilled, never taken: other "
                                       "tools back up " +
                                       service.foreign_names())
                    .with_hint("Run `lifeboat drill run " + service.name + "`."));
  const auto made = TRY(backup_request(service, request));
  const auto lock =
      TRY(ServiceLock::take(settings_.state, service.name, settings_.lock_wait, context));
  const auto here = circumstances(service, context);
  std::vector<BackupOutcome> outcomes;
  for (const auto& name : service.repositories) {
    LogOutcome log;
    auto report = [&]() -> Result<backup::Report> {
      TRY(check_placement(made, name));
      const auto repository = TRY(open_repository(name, context));
      auto own = made;
      own.labels.merge(TRY(labels_of(here, *repository)));
      auto taken = TRY(backup::run_backup(own, *repository, context));
      log = extend_logs(made, taken, *repository, context);
      return taken;
    }();
    log.repository = name;
    outcomes.push_back({name, std::move(report), std::move(log)});
    TRY(context.check_stop());
  }
  return outcomes;
}

Result<void> Service::check_placement(const backup::Request& request,
                                      const std::string& name) const {
  const auto options = TRY(resolver_.repository(*TRY(config_.find_repository(name))));
  const auto place = local_path(options.url);
  for (const auto& source : request.sources)
    if (place && would_read(source, *place))
      return fail(Error(Code::refused, "repository " + name + " is inside the source " +
                                           source.name +
                                           ", which would back it up: " + place->string())
                      .with_hint("Keep it elsewhere, best on another disk, or exclude it from "
                                 "that source."));
  return {};
}

// What other tools back up is in no snapshot: they restore it.
Result<void> Service::refuse_foreign(const config::Service& service,
                                     const restore::PlanRequest& plan) {
  const auto named = [&](const config::Source& source) {
    const auto is_it = [&](const auto& each) { return each.source == source.name; };
    return source.is_foreign() && std::any_of(plan.only.begin(), plan.only.end(), is_it);
  };
  const bool any = std::any_of(service.sources.begin(), service.sources.end(), named);
  if (service.takes() && !any) return {};
  return fail(Error(Code::usage, service.foreign_names() + " is restored by the tool that backs it "
                                                           "up: no snapshot holds it")
                  .with_hint("`lifeboat drill run " + service.name +
                             " --keep` unpacks the newest backup and leaves it for a day."));
}

Result<PreparedRestore> Service::prepare_restore(const RestoreRequest& request,
                                                 const RunContext& context) {
  const Duration begun = context.clock.steady();
  const auto& service = *TRY(config_.find_service(request.service));
  TRY(refuse_foreign(service, request.plan));
  PreparedRestore prepared;
  prepared.service = service.name;
  prepared.snapshot_first = request.snapshot_first;
  auto answering = TRY(first_answering(service, request.from, context));
  prepared.repository_name = answering.name;
  prepared.repository = std::move(answering.repository);
  const auto list = TRY(prepared.repository->snapshots(context));
  for (const auto& finding : list.findings) context.log.warning(finding.message);
  if (const auto names = service.foreign_names(); !names.empty())
    context.log.warning("not in any snapshot, for other tools back it up: " + names);
  const auto moment = asked_moment(request.selector, list.snapshots, service.name);
  const auto chosen = TRY(moment ? restore::choose_base(list.snapshots, service.name, *moment)
                                 : restore::choose_listed(list, service.name, request.selector));
  TRY(restore::check_needs(list.snapshots, chosen));
  prepared.snapshot = TRY(prepared.repository->open_snapshot(chosen.id, context));
  auto wanted = request.plan;
  wanted.state = settings_.state.string();
  if (wanted.delete_strangers) wanted.kept = TRY(kept_of(*prepared.snapshot, variables_));
  prepared.plan = TRY(restore::plan_restore(chosen, prepared.snapshot->sources(), wanted));
  if (moment)
    TRY(restore::plan_logs(prepared.plan, prepared.snapshot->sources(), *moment,
                           *prepared.repository));
  const auto guarded = protected_places();
  TRY(restore::check_targets(prepared.plan, guarded, context));
  TRY(restore::check_unknown(prepared.plan, guarded));
  TRY(restore::find_losses(prepared.plan, *prepared.snapshot, context));
  prepared.planned_in = context.clock.steady() - begun;
  return prepared;
}

// Of the targets that will change, under a service name of its own: it never becomes `latest`.
Result<repository::SnapshotInfo> Service::snapshot_before(const PreparedRestore& prepared,
                                                          const RunContext& context) {
  backup::Request request;
  request.service = restore::before_restore(prepared.service);
  request.host = settings_.host;
  request.version = settings_.version;
  request.labels = {{"replaced-by", prepared.plan.snapshot.id.hex()}};
  request.config = config::portable_json(config_);
  request.cache = settings_.cache;
  for (const auto& item : prepared.plan.items) {
    const auto& occupied = prepared.plan.occupied;
    if (std::find(occupied.begin(), occupied.end(), item.place) == occupied.end()) continue;
    engine::SourceOptions source;
    source.name = item.source;
    source.type = item.type;
    source.path = item.place;
    request.sources.push_back(std::move(source));
  }
  auto report = TRY_CONTEXT("snapshot of the target before it is overwritten",
                            backup::run_backup(request, *prepared.repository, context));
  if (report.snapshot.complete) return report.snapshot;
  return fail(
      Error(Code::incomplete, "the target could not be saved whole before overwriting it")
          .with_hint("Nothing was changed. Give --no-snapshot to overwrite it all the same."));
}

Result<RestoreOutcome> Service::run_restore(PreparedRestore& prepared, const RunContext& context) {
  const auto lock =
      TRY(ServiceLock::take(settings_.state, prepared.service, settings_.lock_wait, context));
  RestoreOutcome outcome;
  const auto done = carry_out(prepared, outcome, context);
  auto record =
      restore::record_of(prepared.plan, outcome.report, prepared.repository->description());
  record["outcome"] = outcome_word(done);
  if (outcome.before) record["snapshot_before"] = outcome.before->id.hex();
  if (!done) add_failure(record, prepared.plan, done.error());
  outcome.record = keep_record(prepared, std::move(record), undisturbed(context));
  if (done) return outcome;
  if (!outcome.record)
    context.log.warning("no record of it could be kept: " + outcome.record.error().describe());
  for (const auto& place : restore::half_filled_places(prepared.plan))
    context.log.warning(place + ". " + std::string(restore::kAfterHalfFilled));
  if (outcome.before)
    context.log.warning("what was there before is brought back by: " +
                        way_back(prepared, *outcome.before));
  return fail(done.error());
}

// How far it came is in the outcome also where it fails.
Result<void> Service::carry_out(PreparedRestore& prepared, RestoreOutcome& outcome,
                                const RunContext& context) {
  auto& stages = outcome.report.stages;
  stages.push_back({"plan", prepared.planned_in});
  restore::Stages before(context.clock);
  const auto ready = [&]() -> Result<void> {
    for (const auto& finding : TRY(restore::recover_targets(prepared.plan)))
      context.log.warning(finding.subject + ": " + finding.message);
    before.end("recover");
    if (!prepared.snapshot_first || prepared.plan.occupied.empty()) return {};
    outcome.before = TRY(snapshot_before(prepared, context));
    before.end("save");
    return {};
  }();
  std::ranges::move(before.take(), std::back_inserter(stages));
  TRY(ready);
  auto report =
      TRY(restore::run_restore(prepared.plan, *prepared.repository, *prepared.snapshot, context));
  report.stages.insert(report.stages.begin(), stages.begin(), stages.end());
  outcome.report = std::move(report);
  return {};
}

std::string Service::way_back(const PreparedRestore& prepared,
                              const repository::SnapshotInfo& before) const {
  auto command = "lifeboat restore " + shell_word(prepared.service) + " --snapshot " +
                 before.id.hex().substr(0, 10);
  for (const auto& item : prepared.plan.items)
    if (std::ranges::find(prepared.plan.occupied, item.place) != prepared.plan.occupied.end())
      command += " --to " + shell_word(item.source + "=" + item.place);
  const auto service = config_.find_service(prepared.service);
  if (service && (*service)->repositories.size() > 1)
    command += " --from " + shell_word(prepared.repository_name);
  return command + " --delete";
}

// The file and the statement are each a record alone: one that cannot be had must not lose the
// other. Without a file the path is empty.
Result<std::filesystem::path> Service::keep_record(const PreparedRestore& prepared, Json record,
                                                   const RunContext& context) {
  const Time now = context.clock.now();
  record["kind"] = "restore";
  record["ended"] = to_rfc3339(now);
  record["host"] = settings_.host;
  record["version"] = settings_.version;
  // The repository's id lets a stranger check the signature.
  record["repository"] = {{"id", prepared.repository->id().hex()},
                          {"medium", prepared.repository->description()}};
  const auto sealed = TRY(drill::sign_evidence(record, *prepared.repository));
  const auto path = settings_.state / "restores" / prepared.service / (stamp(now) + ".json");
  const auto written = make_directories(path.parent_path()).and_then([&] {
    return write_file(path, view_of(pretty_json(sealed)));
  });
  const auto added = prepared.repository->add_statement("restored",
                                                        {{"snapshot", record["snapshot"]},
                                                         {"service", prepared.service},
                                                         {"outcome", record["outcome"]},
                                                         {"record", sealed}},
                                                        context);
  if (!written && !added) return fail(written.error());
  if (!added)
    context.log.warning("the record is not in the repository: " + added.error().describe());
  if (written) return path;
  context.log.warning("the record is in the repository only: " + written.error().describe());
  return std::filesystem::path();
}

}  // namespace lifeboat::service
