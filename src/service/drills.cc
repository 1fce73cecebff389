#include <algorithm>
#include <array>

#include "engine/mongodb/identity.h"
#include "engine/mongodb/location.h"
#include "service/mark_calls.h"

namespace lifeboat::service {

namespace {

Result<drill::DrillOptions> choose_drill(const config::Service& service, const std::string& name,
                                         const config::Resolver& resolver) {
  const auto* named = TRY(service.find_drill(name));
  return named == nullptr ? drill::DrillOptions{} : resolver.drill(*named);
}

bool names_snapshot(const restore::Selector& selector) {
  return !selector.snapshot.empty() || selector.at;
}

// One that cannot be asked is production that cannot be told from any other server.
void add_production(const std::string& name, const Result<engine::SourceOptions>& options,
                    drill::ScratchServer& scratch) {
  restore::Protected place{name, {}, true};
  const auto database = options ? engine::mongodb::database_of(*options) : fail(options.error());
  auto identity = database ? engine::mongodb::identify_server(*options) : fail(database.error());
  if (identity)
    place.identity = std::move(*identity);
  else
    place.unknown = identity.error().describe();
  if (database) scratch.databases.push_back(*database);
  scratch.production.push_back(std::move(place));
}

}  // namespace

bool is_of_caller(const Error& error) {
  static constexpr std::array kCodes{Code::usage, Code::config_invalid, Code::interrupted,
                                     Code::internal};
  return std::ranges::find(kCodes, error.code()) != kCodes.end();
}

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
  made.tell_person = request.tell_person;
  made.rto = service.objectives.rto;
  made.rpo = service.objectives.rpo;
  made.protected_places = protected_places();
  made.scratch = TRY(scratch_server(service, request.drill, resolver));
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

// Every server of the configuration, also of other services, and where markers are written.
Result<std::optional<drill::ScratchServer>> Service::scratch_server(
    const config::Service& service, const std::string& drill,
    const config::Resolver& resolver) const {
  const auto* named = TRY(service.find_drill(drill));
  const auto uri = named == nullptr ? nullptr : TRY(resolver.scratch(*named));
  if (!uri) return std::nullopt;
  drill::ScratchServer scratch{uri, {}, {}};
  for (const auto& each : config_.services) {
    for (const auto& source : each.sources)
      if (source.type == "mongodb")
        add_production("source " + each.name + "/" + source.name, resolver_.source(source),
                       scratch);
    if (each.markers && each.markers->uri)
      add_production("markers of " + each.name, resolver_.marked_source(each), scratch);
  }
  return scratch;
}

Result<Service::BegunDrill> Service::begin_drill(const DrillRequest& request,
                                                 const RunContext& context) {
  const auto& service = *TRY(config_.find_service(request.service));
  auto lock = TRY(ServiceLock::take(settings_.state, service.name, settings_.lock_wait, context));
  auto made = TRY(drill_request(service, resolver_, request));
  if (names_snapshot(request.selector) && !made.takes)
    return fail(Code::usage, "service " + service.name +
                                 " has no snapshots: the newest backup of " +
                                 service.foreign_names() + " is drilled");
  made.markers = markers_of(service, settings_.state);
  auto from = request.from.empty() ? made.options.from : request.from;
  return BegunDrill{std::move(lock), std::move(made), std::move(from)};
}

Result<Service::PreparedDrill> Service::prepare_from(BegunDrill begun, Answering from,
                                                     const RunContext& context) {
  auto& made = begun.request;
  const auto& service = *TRY(config_.find_service(made.service));
  made.circumstances = TRY(labels_of(circumstances(service, context), *from.repository));
  for (const auto& error : from.closed)
    made.findings.push_back({"copy-closed", service.name, error.describe(), false});
  // A mistyped id is a mistake of the caller, not a backup that failed; a list that cannot be read
  // is for the drill to say.
  if (names_snapshot(made.selector))
    if (const auto list = from.repository->snapshots(context))
      TRY(restore::choose_snapshot(list->snapshots, service.name, made.selector));
  return PreparedDrill{std::move(begun.lock), std::move(made), std::move(from)};
}

Result<Service::PreparedDrill> Service::prepare_drill(const DrillRequest& request,
                                                      const RunContext& context) {
  auto begun = TRY(begin_drill(request, context));
  const auto& service = *TRY(config_.find_service(request.service));
  auto from = TRY(first_answering(service, begun.from, context));
  return prepare_from(std::move(begun), std::move(from), context);
}

Result<DrillEnd> Service::run_drill(const DrillRequest& request, const RunContext& context) {
  auto begun = TRY(begin_drill(request, context));
  const auto& service = *TRY(config_.find_service(request.service));
  auto from = first_answering(service, begun.from, context);
  if (!from && is_of_caller(from.error())) return fail(std::move(from).error());
  if (!from) return drill::report_unopened(begun.request, from.error(), context);
  const auto prepared = TRY(prepare_from(std::move(begun), std::move(*from), context));
  return TRY(drill::run_drill(prepared.request, *prepared.from.repository, context));
}

Result<drill::SabotageReport> Service::run_sabotage(const DrillRequest& request,
                                                    const RunContext& context) {
  const auto prepared = TRY(prepare_drill(request, context));
  return drill::run_sabotage(prepared.request, *prepared.from.repository, context);
}

}  // namespace lifeboat::service
