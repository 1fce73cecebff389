#include "engine/mongodb/before_restore.h"

#include <algorithm>

#include "engine/mongodb/facts.h"
#include "engine/mongodb/offered.h"
#include "engine/mongodb/renaming.h"
#include "engine/mongodb/validators_aside.h"

namespace lifeboat::engine::mongodb {
namespace {

Result<void> check_renamed(const Catalog& wanted, const Brought& brought,
                           const Location& location) {
  if (brought.renames.empty()) return {};
  TRY(check_renames(wanted, brought.renames, location.database));
  if (brought.clears) return {};
  std::set<std::string> there;
  for (const auto& each : TRY(read_collections(location.server->connect(), location.database)))
    there.insert(each.name);
  return check_free(there, brought.renames);
}

}  // namespace

Result<std::vector<Finding>> losses_at(const std::string& place, const Brought& brought) {
  auto wanted = TRY(decode_catalog(brought.catalog));
  const auto& objects = brought.objects;
  if (!objects.empty())
    std::erase_if(wanted.collections,
                  [&](const auto& each) { return std::ranges::count(objects, each.name) == 0; });
  const auto location = TRY(locate(place));
  TRY(check_renamed(wanted, brought, location));
  const auto server = TRY(ask_server(location.server->connect()));
  auto losses = lost_with_buckets(wanted, offered_by(server));
  if (auto older = older_server(product_in(brought.facts), location.describe(), server))
    losses.push_back(std::move(*older));
  for (auto& each : losses) each.message = server.product() + ": " + each.message;
  return losses;
}

Result<std::vector<Finding>> recover_place(const TargetOptions& options) {
  const auto location = TRY(locate(options.place));
  const auto journal = TRY(validators_journal(options.state, location));
  return ValidatorsAside(location, journal).recover();
}

}  // namespace lifeboat::engine::mongodb
