#include "engine/mongodb/before_restore.h"

#include <algorithm>

#include "engine/losses.h"
#include "engine/mongodb/facts.h"
#include "engine/mongodb/offered.h"
#include "engine/mongodb/renaming.h"
#include "engine/mongodb/scratch_names.h"
#include "engine/mongodb/sharding.h"
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

// A server that is asked and does not say that it is off has it on.
bool deletes_expired(const Connection& connection) {
  const auto reply = connection.command(
      "admin", DocumentBuilder().int32("getParameter", 1).int32("ttlMonitorEnabled", 1).take());
  const auto said = reply ? DocumentView::check(*reply) : fail(reply.error());
  return !said || !said->find("ttlMonitorEnabled") || said->is_true_at("ttlMonitorEnabled");
}

// A restore that ends well lets documents expire, and on a server of one's own nothing deletes them
// until all is compared. One that others use would: a good backup would be found to lack them.
std::vector<Finding> lost_to_expiry(const Catalog& wanted, const Connection& connection) {
  const auto used = used_features(wanted);
  const auto expiring = used.find(Feature::expiry);
  if (expiring == used.end() || !deletes_expired(connection)) return {};
  std::vector<Finding> lost;
  for (const auto& each : expiring->second)
    lost.push_back({"expiry-not-held-off", each,
                    "it deletes what has expired before that is compared (ttlMonitorEnabled)",
                    false});
  return lost;
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
  const auto connection = location.server->connect();
  const auto server = TRY(ask_server(connection));
  const auto offered = offered_by(server);
  auto losses = lost_with_buckets(wanted, offered);
  if (is_scratch_database(location.database) && offered.contains(Feature::expiry))
    std::ranges::move(lost_to_expiry(wanted, connection), std::back_inserter(losses));
  if (auto older = older_server(product_in(brought.facts), location.describe(), server))
    losses.push_back(std::move(*older));
  for (const auto& each : wanted.collections)
    if (const auto key = shard_key_of(each); !key.empty())
      losses.push_back({std::string(kNotSharded), wanted.database + "." + each.name,
                        "it is not sharded there; its shard key is " + key, false});
  for (auto& each : losses) each.message = server.product() + ": " + each.message;
  return losses;
}

Result<std::vector<Finding>> recover_place(const TargetOptions& options) {
  const auto location = TRY(locate(options.place));
  const auto journal = TRY(validators_journal(options.state, location));
  return ValidatorsAside(location, journal).recover();
}

}  // namespace lifeboat::engine::mongodb
