#include "service/mark_calls.h"

namespace lifeboat::service {

namespace {

Result<drill::DrillOptions> choose_drill(const config::Service& service, const std::string& name,
                                         const config::Resolver& resolver) {
  const auto* named = TRY(service.find_drill(name));
  return named == nullptr ? drill::DrillOptions{} : resolver.drill(*named);
}

}  // namespace

std::filesystem::path Service::drill_reports(const std::string& service) const {
  return settings_.state / "drills" / service;
}

Result<drill::Request> Service::drill_request(const config::Service& service,
                                              const config::Resolver& resolver,
                                              const DrillRequest& request) const {
  drill::Request made;
  made.service = service.name;
  made.owner = resolver.owner(service);
  made.host = settings_.host;
  made.version = settings_.version;
  made.options = TRY(choose_drill(service, request.drill, resolver));
  made.selector = request.selector;
  made.keep = request.keep;
  made.ask_person = request.ask_person;
  made.rto = service.objectives.rto;
  made.rpo = service.objectives.rpo;
  made.protected_places = protected_places();
  made.takes = service.takes();
  made.time_zone = service.tz;
  for (const auto& source : service.sources)
    if (source.is_foreign())
      made.foreign.push_back({source.name, TRY(resolver.source(source)).foreign});
  made.reports = drill_reports(service.name);
  made.sandboxes = made.options.sandbox_directory.empty()
                       ? settings_.state / "sandboxes"
                       : std::filesystem::path(made.options.sandbox_directory);
  return made;
}

Result<Service::PreparedDrill> Service::prepare_drill(const DrillRequest& request,
                                                      const RunContext& context) {
  const auto& service = *TRY(config_.find_service(request.service));
  auto lock = TRY(ServiceLock::take(settings_.state, service.name, settings_.lock_wait, context));
  auto made = TRY(drill_request(service, resolver_, request));
  const auto from = request.from.empty() ? made.options.from : request.from;
  auto answering = TRY(first_answering(service, from, context));
  made.markers = markers_of(service, settings_.state);
  made.circumstances = TRY(labels_of(circumstances(service, context), *answering.repository));
  // A mistyped id is a mistake of the caller, not a backup that failed.
  const bool chosen = !request.selector.snapshot.empty() || request.selector.at;
  if (chosen && !made.takes)
    return fail(Code::usage, "service " + service.name +
                                 " has no snapshots: the newest backup of " +
                                 service.foreign_names() + " is drilled");
  if (chosen) {
    const auto list = TRY(answering.repository->snapshots(context));
    TRY(restore::choose_snapshot(list.snapshots, service.name, request.selector));
  }
  return PreparedDrill{std::move(lock), std::move(made), std::move(answering)};
}

Result<drill::Sealed> Service::run_drill(const DrillRequest& request, const RunContext& context) {
  const auto prepared = TRY(prepare_drill(request, context));
  return drill::run_drill(prepared.request, *prepared.from.repository, context);
}

Result<drill::SabotageReport> Service::run_sabotage(const DrillRequest& request,
                                                    const RunContext& context) {
  const auto prepared = TRY(prepare_drill(request, context));
  return drill::run_sabotage(prepared.request, *prepared.from.repository, context);
}

}  // namespace lifeboat::service
