// The logs of sources between snapshots: what Service does of them.
#include "engine/all.h"
#include "service/lock.h"
#include "service/service.h"

namespace lifeboat::service {
namespace {

// A follower runs for days: it keeps out other followers, not backups.
std::string lock_name(const std::string& service) { return service + ".log"; }

bool has_log(const engine::SourceOptions& source) {
  const auto engine = engine::find_engine(source.type);
  return engine && (*engine)->traits().has_log;
}

std::vector<engine::SourceOptions> with_logs(const std::vector<engine::SourceOptions>& sources) {
  std::vector<engine::SourceOptions> chosen;
  for (const auto& each : sources)
    if (has_log(each)) chosen.push_back(each);
  return chosen;
}

Json base_of(const backup::Report& report, const std::string& source) {
  for (const auto& each : report.sources)
    if (each.name == source && each.position.is_object() && each.position.contains("log"))
      return each.position["log"];
  return nullptr;
}

struct Logs {
  const std::string& service;
  const std::vector<engine::SourceOptions>& sources;
  Duration quiet;
};

// One that fails keeps no other from being archived: its log may be the only one that is let go.
Result<void> archive_each(const Logs& logs, repository::Repository& repository,
                          std::vector<backup::LogReport>& reports, const RunContext& context) {
  std::optional<Error> first;
  for (const auto& source : logs.sources) {
    TRY(context.check_stop());
    auto report =
        backup::archive_log({logs.service, source, nullptr, logs.quiet}, repository, context);
    if (report)
      reports.push_back(std::move(*report));
    else if (!first)
      first = std::move(report).error().add_context("source " + source.name);
  }
  return first ? Result<void>(fail(*first)) : Result<void>();
}

}  // namespace

// From a snapshot that was just made, so that the next piece, which a key may write that cannot
// read snapshots, goes on from a piece.
LogOutcome Service::extend_logs(const backup::Request& made, const backup::Report& report,
                                repository::Repository& repository,
                                const RunContext& context) const {
  LogOutcome outcome;
  const auto extended = [&]() -> Result<void> {
    for (const auto& source : with_logs(made.sources)) {
      const auto base = base_of(report, source.name);
      if (base.is_null()) continue;
      const auto lock = ServiceLock::take(settings_.state, lock_name(made.service), {}, context);
      if (!lock && lock.error().code() == Code::busy) return {};  // somebody follows it
      if (!lock) return fail(lock.error());
      outcome.logs.push_back(
          TRY(backup::archive_log({made.service, source, base}, repository, context)));
    }
    return {};
  }();
  if (!extended) outcome.error = extended.error();
  return outcome;
}

Result<std::vector<std::string>> Service::sources_without_log(const std::string& name) {
  const auto made = TRY(backup_request(*TRY(config_.find_service(name)), {name, {}}));
  std::vector<std::string> names;
  for (const auto& each : made.sources)
    if (!has_log(each)) names.push_back(each.name);
  return names;
}

Result<std::vector<LogOutcome>> Service::archive_logs(const std::string& name, Duration quiet,
                                                      const RunContext& context) {
  const auto& service = *TRY(config_.find_service(name));
  const auto made = TRY(backup_request(service, {name, {}}));
  const auto sources = with_logs(made.sources);
  if (sources.empty())
    return fail(Error(Code::usage, "service " + name + " has no source that keeps a log")
                    .with_hint("Sources of type mongodb do, on a member of a replica set."));
  const auto lock =
      TRY(ServiceLock::take(settings_.state, lock_name(name), settings_.lock_wait, context));
  std::vector<LogOutcome> outcomes;
  for (const auto& each : service.repositories) {
    LogOutcome outcome{each};
    const auto archived = [&]() -> Result<void> {
      const auto repository = TRY(open_repository(each, context));
      return archive_each({name, sources, quiet}, *repository, outcome.logs, context);
    }();
    if (!archived) outcome.error = archived.error();
    outcomes.push_back(std::move(outcome));
    TRY(context.check_stop());
  }
  return outcomes;
}

}  // namespace lifeboat::service
