#include <fcntl.h>

#include "config/portable.h"
#include "repository/repository.h"
#include "service/given_key.h"
#include "service/init.h"
#include "service/json.h"
#include "service/settings.h"
#include "service/write_new.h"
#include "storage/open.h"

namespace lifeboat::service {
namespace {

Result<std::unique_ptr<repository::Repository>> open_repository(const Setup& setup,
                                                                const RecoverRequest& request,
                                                                const RunContext& context) {
  const auto credential = TRY(credential_of(setup, {request.key_file, request.recipient}));
  storage::Options place;
  place.url = request.url.find("://") == std::string::npos
                  ? (setup.working_directory / request.url).string()
                  : request.url;
  auto backend =
      TRY(storage::open_backend(place, storage::OpenMode::existing, context.clock, context.random));
  repository::Options options;
  options.cache = default_settings(setup.environment).cache;
  return repository::Repository::open(std::move(backend), credential, options, context);
}

// Snapshots taken before a restore carry the configuration too, but of a service nobody configured.
bool is_recovered(const repository::SnapshotInfo& snapshot, const std::string& service) {
  if (!service.empty()) return snapshot.service == service;
  return !snapshot.service.ends_with(".before-restore");
}

Result<repository::SnapshotInfo> newest(repository::Repository& repository,
                                        const std::string& service, const RunContext& context) {
  const auto list = TRY(repository.snapshots(context));
  const repository::SnapshotInfo* found = nullptr;
  for (const auto& each : list.snapshots)
    if (is_recovered(each, service) && (found == nullptr || found->time < each.time)) found = &each;
  if (found != nullptr) return *found;
  return fail(Code::not_found, "the repository has no snapshot" +
                                   (service.empty() ? "" : " of service \"" + service + "\""));
}

}  // namespace

Result<Answer> recover_configuration(const Setup& setup, const RecoverRequest& request,
                                     const RunContext& context) {
  const auto repository = TRY(open_repository(setup, request, context));
  const auto snapshot = TRY(newest(*repository, request.service, context));
  const auto reader = TRY(repository->open_snapshot(snapshot.id, context));
  const auto config =
      TRY_CONTEXT("the snapshot's configuration", config::from_portable_json(reader->config()));
  const auto text = "# Recovered from snapshot " + snapshot.id.hex().substr(0, 10) + " of " +
                    to_the_second(snapshot.time) + "; secrets are named, not written.\n" +
                    config::to_yaml(config);
  const auto file = setup.working_directory / request.output;
  TRY(write_new(file, text));
  Answer answer;
  answer.body = {
      {"file", file.string()}, {"snapshot", to_json(snapshot)}, {"services", Json::array()}};
  for (const auto& service : config.services) answer.body["services"].push_back(service.name);
  return answer;
}

}  // namespace lifeboat::service
