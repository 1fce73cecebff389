#include "engine/mongodb/doctor.h"

#include <algorithm>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/grants.h"
#include "engine/mongodb/member.h"
#include "engine/mongodb/oplog.h"
#include "engine/mongodb/sharding.h"
#include "engine/mongodb/snapshot_read.h"
#include "engine/mongodb/source.h"

namespace lifeboat::engine::mongodb {
namespace {

using Level = Advice::Level;

std::size_t documents_in(const Catalog& catalog) {
  std::size_t count = 0;
  for (const auto& each : catalog.collections) count += each.has_documents();
  return count;
}

constexpr Duration kMostSkew = std::chrono::minutes(1);
constexpr const char* kGrantsHint =
    "`lifeboat doctor --grants` prints the least rights of each job.";
constexpr const char* kNoOneMoment =
    ": each collection is backed up as of the moment when it is read, not all as of one";

// A server that gives snapshots keeps a log.
Advice without_right(const Error& error, const SnapshotAnswer& snapshot) {
  const auto why = error.describe();
  if (!snapshot.moment) return {Level::warning, why + kNoOneMoment, kGrantsHint};
  return {Level::warning,
          why +
              ": no moment between two backups can be had, and a copy that outlasts the server's "
              "snapshot is of no one moment",
          kGrantsHint};
}

Result<Advice> examine_log(const Connection& connection, const ServerFacts& server,
                           const SnapshotAnswer& snapshot) {
  if (server.is_sharded)
    return Advice{Level::warning, std::string(kNoLogOfAll) + kNoOneMoment,
                  "Stop the balancer while a backup runs."};
  const auto ends = ask_log(connection, server);
  if (!ends && ends.error().code() == Code::permission_denied)
    return without_right(ends.error(), snapshot);
  if (!ends) return fail(ends.error());
  if (!*ends)
    return Advice{Level::warning, server.product() + " keeps no log" + kNoOneMoment,
                  "Run backups when little is written; a member of a replica set keeps a log."};
  return Advice{Level::ok, "its log reaches back to " + moment_text((*ends)->oldest.at.ts), ""};
}

// What a backup is without it.
Advice lacking(const std::string& user, const Right& right) {
  const auto message = user + " lacks " + right.text();
  if (right.action.starts_with("view"))
    return {Level::warning, message + ": users and roles are not backed up", kGrantsHint};
  if (right.database == "local")
    return {Level::warning,
            message +
                ": the logs of two replica sets of one name are told apart by their entries "
                "only",
            kGrantsHint};
  if (right.action == "dbStats")
    return {Level::warning, message + ": its size is not known", kGrantsHint};
  if (!right.collection.empty())
    return {Level::warning, message + ": a backup fails where the database has any", kGrantsHint};
  return {Level::error, message, kGrantsHint};
}

// What it is for is said where the log is looked at.
bool is_for_log(const Right& right) {
  return right.collection == "oplog.rs" || right.database == "config";
}

bool is_needed(const Right& right, const ServerFacts& server) {
  return !server.is_sharded || (right.database != "local" && right.database != "config");
}

Result<std::vector<Advice>> compare_rights(const Rights& rights, const ServerFacts& server,
                                           const std::string& database) {
  std::vector<Advice> advices;
  const auto& user = rights.users.front();
  bool has_all = true;
  for (const auto& right : rights_for(Purpose::backup, database)) {
    if (!is_needed(right, server) || rights.may(right)) continue;
    has_all = false;
    if (!is_for_log(right)) advices.push_back(lacking(user, right));
  }
  if (has_all)
    advices.push_back({Level::ok, user + " has the rights that backup and log need", ""});
  return advices;
}

// A server without users lets everybody do everything, and FerretDB does not tell what it allows.
Result<std::vector<Advice>> examine_rights(const Connection& connection, const ServerFacts& server,
                                           const std::string& database) {
  const auto reply = connection.command(
      "admin",
      DocumentBuilder().int32("connectionStatus", 1).boolean("showPrivileges", true).take());
  const auto rights = reply ? rights_in(TRY(DocumentView::check(*reply))) : fail(reply.error());
  const std::string unchecked = "what this user may do was not checked: ";
  if (!rights)
    return std::vector<Advice>{{Level::warning, unchecked + rights.error().message(), ""}};
  if (rights->users.empty())
    return std::vector<Advice>{{Level::ok, unchecked + "nobody is logged in", ""}};
  if (!rights->privileges)
    return std::vector<Advice>{
        {Level::warning, unchecked + server.product() + " does not tell it", ""}};
  return compare_rights(*rights, server, database);
}

// Nothing where this user may not ask for it.
Result<std::optional<std::uint64_t>> ask_size(const Location& location) {
  const auto reply = location.server->connect().command(
      location.database, DocumentBuilder().int32("dbStats", 1).take());
  if (!reply && reply.error().code() == Code::permission_denied) return std::nullopt;
  if (!reply) return fail(reply.error());
  const auto size = TRY(DocumentView::check(*reply)).find("dataSize");
  const auto bytes = size ? size->number() : std::nullopt;
  constexpr double kMost = 1e18;
  return bytes && *bytes > 0 && *bytes < kMost ? static_cast<std::uint64_t>(*bytes) : 0U;
}

bool has_errors(const std::vector<Advice>& advices) {
  return std::ranges::any_of(advices, [](const auto& each) { return each.level == Level::error; });
}

Advice advice_on(const Member& member) {
  if (!member.is_secondary)
    return {Level::ok, "it reads from " + member.address + ", which is the primary", ""};
  return {Level::ok,
          "it reads from " + member.address + ", a secondary, " +
              std::to_string(member.lag.count()) + " s behind the primary",
          ""};
}

// Moments to restore to, and the log, go by the server's clock; ages by this machine's.
std::optional<Advice> advice_on_clock(const ServerFacts& server, Time now) {
  if (!server.clock) return std::nullopt;
  const auto ahead = *server.clock - now;
  if (ahead < kMostSkew && -ahead < kMostSkew) return std::nullopt;
  const auto by = ahead < Duration(0) ? describe_duration(-ahead) + " behind"
                                      : describe_duration(ahead) + " ahead of";
  return Advice{Level::warning,
                "the server's clock is " + by +
                    " this machine's: --at goes by the server's, and ages of backups are wrong",
                "Set the clock that is wrong; see timedatectl on both machines."};
}

Result<std::vector<Advice>> examine(const SourceOptions& options, const RunContext& context) {
  const auto [location, member] = TRY(locate_to_read(options));
  const auto connection = location.server->connect();
  const auto server = TRY(ask_server(connection));
  TRY(check_server(server, options.mongodb.fuzzy));
  const auto clock = advice_on_clock(server, context.clock.now());
  auto rights = TRY(examine_rights(connection, server, location.database));
  if (has_errors(rights)) return rights;
  const auto catalog = TRY(read_catalog(connection, location.database));
  TRY(check_catalog(connection, catalog));
  const auto bytes = TRY(ask_size(location));
  const auto size = bytes ? describe_size(*bytes) : "size unknown";
  std::vector<Advice> advices{{Level::ok,
                               location.describe() + ": " + server.product() + ", " +
                                   std::to_string(documents_in(catalog)) + " collections, " + size,
                               ""}};
  if (clock) advices.push_back(*clock);
  std::ranges::move(rights, std::back_inserter(advices));
  for (const auto& series : series_as_documents(catalog, options.mongodb.series_as_documents))
    advices.push_back({Level::warning, series.subject + ": " + series.message, ""});
  if (member) advices.push_back(advice_on(*member));
  const auto snapshot = TRY(ask_snapshot(connection, server, catalog));
  if (snapshot.moment)
    advices.push_back(
        {Level::ok, "it gives snapshots: all collections are backed up as of one moment", ""});
  advices.push_back(TRY(examine_log(connection, server, snapshot)));
  if (TRY(is_one_shard(connection, server)))
    advices.push_back({Level::warning,
                       "it is one shard of a sharded cluster: only what this one has is backed up",
                       "Back up every shard, with the balancer stopped."});
  return advices;
}

}  // namespace

Result<std::vector<Advice>> examine_source(const SourceOptions& options,
                                           const RunContext& context) {
  TRY(context.check_stop());
  auto advices = examine(options, context);
  if (advices) return advices;
  const auto& error = advices.error();
  return std::vector<Advice>{{Level::error, error.describe(), std::string(error.hint())}};
}

Result<std::uint64_t> estimate_source(const SourceOptions& options) {
  return TRY(ask_size(TRY(locate(options)))).value_or(0);
}

}  // namespace lifeboat::engine::mongodb
