#include "service/cold_start.h"

#include "base/file.h"
#include "config/portable.h"
#include "storage/open.h"

namespace lifeboat::service {
namespace {

// A home of this run's own, with nothing in it.
struct ColdPlace {
  ScratchDirectory home;
  std::unique_ptr<repository::Repository> repository;
};

Result<std::string> repository_for(const Composition& composition, const DrillRequest& request) {
  if (!request.from.empty()) return request.from;
  const auto& service = *TRY(composition.loaded.config.find_service(request.service));
  if (!service.repositories.empty()) return service.repositories.front();
  return fail(Code::config_invalid, "service " + service.name + " has no repository");
}

Result<ColdPlace> open_cold(const Setup& setup, const Composition& composition,
                            const ColdRequest& request, const RunContext& context) {
  const auto& config = composition.loaded.config;
  const auto& named = *TRY(config.find_repository(TRY(repository_for(composition, request.drill))));
  const auto place = TRY(config::Resolver(config, composition.loaded.variables).repository(named));
  const auto credential = TRY(credential_of(setup, request.key));
  auto home = TRY(ScratchDirectory::make());
  auto backend =
      TRY(storage::open_backend(place, storage::OpenMode::existing, context.clock, context.random));
  repository::Options options;
  options.cache = home.path() / "cache";
  auto repository =
      TRY(repository::Repository::open(std::move(backend), credential, options, context));
  return ColdPlace{std::move(home), std::move(repository)};
}

struct Found {
  repository::SnapshotInfo snapshot;
  config::Config config;
};

Result<Found> find_configuration(const ColdPlace& place, const std::string& service,
                                 const restore::Selector& selector, const RunContext& context) {
  const auto list = TRY(place.repository->snapshots(context));
  auto snapshot = TRY(restore::choose_listed(list, service, selector));
  const auto reader = TRY(place.repository->open_snapshot(snapshot.id, context));
  auto config =
      TRY_CONTEXT("the snapshot's configuration", config::from_portable_json(reader->config()));
  return Found{std::move(snapshot), std::move(config)};
}

Error needs_a_variable(Error error) {
  if (error.code() != Code::config_invalid) return error;
  return std::move(error).with_hint(
      "Nothing but the repository and the key is there on that day. Keep the value where the key "
      "is kept, or drill without what needs it: --drill NAME.");
}

// With nothing of a snapshot at hand, what this machine's configuration says of the drill names it.
Result<DrillEnd> end_unopened(const Composition& composition, const DrillRequest& request,
                              const Error& error, const RunContext& context) {
  if (is_of_caller(error)) return fail(error);
  const auto& config = composition.loaded.config;
  const config::Resolver resolver(config, composition.loaded.variables);
  const auto made = composition.service.drill_request(*TRY(config.find_service(request.service)),
                                                      resolver, request);
  if (!made) return fail(error);
  return drill::report_unopened(*made, error, context);
}

}  // namespace

Result<DrillEnd> run_cold_drill(const Setup& setup, Composition& composition,
                                const ColdRequest& request, const RunContext& context) {
  const auto& host = composition.service;
  const auto& name = request.drill.service;
  const auto& settings = host.settings();
  const auto lock = TRY(ServiceLock::take(settings.state, name, settings.lock_wait, context));
  auto place = open_cold(setup, composition, request, context);
  if (!place) return end_unopened(composition, request.drill, place.error(), context);
  const auto found = TRY(find_configuration(*place, name, request.drill.selector, context));
  const config::Variables none(std::map<std::string, std::string>{});
  const config::Resolver resolver(found.config, none);
  auto made = host.drill_request(*TRY(found.config.find_service(name)), resolver, request.drill);
  if (!made) return fail(needs_a_variable(std::move(made).error()).add_context("cold start"));
  made->selector = {found.snapshot.id.hex(), {}};
  made->cold_start =
      "opened with " + request.key.describe() + "; the configuration is that of snapshot " +
      found.snapshot.id.hex().substr(0, 10) + "; an empty home, no cache, no variables";
  return TRY(drill::run_drill(*made, *place->repository, context));
}

}  // namespace lifeboat::service
