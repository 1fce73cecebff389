#include "engine/mongodb/before_restore.h"

#include <algorithm>

#include "engine/mongodb/offered.h"
#include "engine/mongodb/validators_aside.h"

namespace lifeboat::engine::mongodb {

Result<std::vector<Finding>> losses_at(const std::string& place, ByteView catalog,
                                       const std::vector<std::string>& objects) {
  auto wanted = TRY(decode_catalog(catalog));
  if (!objects.empty())
    std::erase_if(wanted.collections,
                  [&](const auto& each) { return std::ranges::count(objects, each.name) == 0; });
  const auto location = TRY(locate(place));
  const auto server = TRY(ask_server(location.server->connect()));
  auto losses = lost_with_buckets(wanted, offered_by(server));
  for (auto& each : losses) each.message = server.product() + ": " + each.message;
  return losses;
}

Result<std::vector<Finding>> recover_place(const TargetOptions& options) {
  const auto location = TRY(locate(options.place));
  const auto journal = TRY(validators_journal(options.state, location));
  return ValidatorsAside(location, journal).recover();
}

}  // namespace lifeboat::engine::mongodb
