#include "service/kept.h"

#include <algorithm>

#include "config/portable.h"

namespace lifeboat::service {

Result<std::map<std::string, std::vector<std::string>>> kept_of(
    const repository::SnapshotReader& snapshot, const config::Variables& variables) {
  const auto config =
      TRY_CONTEXT("the snapshot's configuration", config::from_portable_json(snapshot.config()));
  std::map<std::string, std::vector<std::string>> kept;
  const auto& services = config.services;
  const auto service = std::ranges::find(services, snapshot.info().service, &config::Service::name);
  if (service == services.end()) return kept;
  for (const auto& source : service->sources)
    for (const auto& pattern : source.exclude)
      kept[source.name].push_back(
          TRY_CONTEXT("what the snapshot excluded", pattern.resolve(variables)));
  return kept;
}

}  // namespace lifeboat::service
