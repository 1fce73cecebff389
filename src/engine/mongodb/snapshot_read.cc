#include "engine/mongodb/snapshot_read.h"

#include <algorithm>

#include "engine/mongodb/collection_scan.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr double kFirstRelease = 5.0;

Bytes one_document_of_snapshot(const std::string& collection) {
  return DocumentBuilder()
      .text("find", collection)
      .int32("limit", 1)
      .boolean("singleBatch", true)
      .document("readConcern", DocumentBuilder().text("level", "snapshot").take())
      .take();
}

std::string why_not_asked(const ServerFacts& server, const Catalog& catalog) {
  if (server.is_sharded)
    return "a mongos is asked for no snapshot; stop the balancer while a backup runs";
  if (!server.ferretdb.empty() || server.release() < kFirstRelease)
    return server.product() + " gives no snapshots";
  if (server.replica_set.empty()) return "the server is no member of a replica set";
  if (std::ranges::none_of(catalog.collections, &Collection::has_documents))
    return "there is no collection";
  // Not before 8.0; and none can be gone on with once the server lets the snapshot go.
  if (std::ranges::any_of(catalog.collections, is_capped)) return "there are capped collections";
  return {};
}

// A time series, where there is one: a server that gives snapshots of all else may give none of it.
const Collection& first_to_read(const Catalog& catalog) {
  const auto& all = catalog.collections;
  const auto series = std::ranges::find(all, CollectionKind::time_series, &Collection::kind);
  return series != all.end() ? *series : *std::ranges::find_if(all, &Collection::has_documents);
}

}  // namespace

Result<SnapshotAnswer> ask_snapshot(const Connection& connection, const ServerFacts& server,
                                    const Catalog& catalog) {
  auto why_not = why_not_asked(server, catalog);
  if (!why_not.empty()) return SnapshotAnswer{std::nullopt, std::move(why_not)};
  const auto reply = connection.command(
      catalog.database, one_document_of_snapshot(first_to_read(catalog).stored_name()));
  const auto code = reply ? Code::internal : reply.error().code();
  if (code == Code::unavailable || code == Code::permission_denied) return fail(reply.error());
  if (!reply) return SnapshotAnswer{std::nullopt, reply.error().message()};
  const auto cursor = TRY(DocumentView::check(*reply)).document_at("cursor");
  const auto moment = cursor ? cursor->find("atClusterTime") : std::nullopt;
  if (moment && moment->timestamp()) return SnapshotAnswer{moment->timestamp(), {}};
  return SnapshotAnswer{std::nullopt, "the server names no cluster time of its snapshots"};
}

void SharedSnapshot::begin(Timestamp moment) {
  const std::scoped_lock lock(mutex_);
  moment_ = moment;
}

std::optional<Timestamp> SharedSnapshot::moment() const {
  const std::scoped_lock lock(mutex_);
  return moment_;
}

void SharedSnapshot::lose(const std::string& why) {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(moment_, std::nullopt)) why_lost_ = why;
}

std::string SharedSnapshot::why_lost() const {
  const std::scoped_lock lock(mutex_);
  return why_lost_;
}

}  // namespace lifeboat::engine::mongodb
