#include "repository/log_pieces.h"

#include <algorithm>

#include "repository/census.h"
#include "repository/damage.h"
#include "repository/format_repository.h"
#include "repository/parallel.h"
#include "repository/snapshot_list.h"

namespace lifeboat::repository {
namespace {

Result<Bytes> fetch_log(const Store& store, const LogName& name) {
  return storage::get_whole(*store.backend, log_key(name), kMaxLogObject);
}

Result<void> check_piece(const Store& store, const LogName& name, bool contents) {
  const auto bytes = TRY(fetch_log(store, name));
  const auto object = TRY(parse_log_object(store.keys, name, bytes));
  if (contents) TRY(open_log_content(store.keys, name, object));
  return {};
}

// The oldest position from which a snapshot of each log can be brought on.
std::map<LogId, std::uint64_t> oldest_bases(const Store& store,
                                            const std::vector<SnapshotInfo>& snapshots) {
  std::map<LogId, std::uint64_t> oldest;
  for (const auto& snapshot : snapshots)
    for (const auto& source : snapshot.sources) {
      if (!source.log) continue;
      const auto id = log_id_of(store.keys, snapshot.service, source.name);
      const auto [at, is_new] = oldest.try_emplace(id, *source.log);
      if (!is_new) at->second = std::min(at->second, *source.log);
    }
  return oldest;
}

bool has_open_session(const Census& census) {
  return std::ranges::any_of(census.writers,
                             [](const auto& each) { return !each.second.open().empty(); });
}

}  // namespace

Result<LogListing> list_logs(const Store& store, const std::string& folder) {
  LogListing listing;
  for (const auto& info : TRY(list_sorted(*store.backend, folder))) {
    const auto name = parse_log_key(info.key);
    if (name)
      listing.pieces.emplace_back(*name, info);
    else
      listing.findings.push_back({"log-damaged", info.key, name.error().describe(), false});
  }
  return listing;
}

Result<std::vector<Finding>> check_logs(const Store& store, CheckDepth depth,
                                        const RunContext& context) {
  auto listing = TRY(list_logs(store, "logs/"));
  std::vector<std::optional<Finding>> found(listing.pieces.size());
  TRY(for_each_index(listing.pieces.size(), context.stop, [&](std::size_t i) -> Result<void> {
    const auto& [name, info] = listing.pieces[i];
    const auto checked = check_piece(store, name, depth == CheckDepth::contents);
    if (checked || checked.error().code() == Code::not_found) return {};
    if (!is_damage(checked.error())) return fail(checked.error());
    found[i] = Finding{"log-damaged", info.key, checked.error().describe(), false};
    return {};
  }));
  for (auto& each : found)
    if (each) listing.findings.push_back(std::move(*each));
  return std::move(listing.findings);
}

// Where snapshots are missing or cannot be read, nobody knows what they could be brought on with.
Result<LogsPruned> prune_logs(const Store& store, bool dry_run, const RunContext& context) {
  LogsPruned pruned;
  const auto listing = TRY(list_logs(store, "logs/"));
  if (listing.pieces.empty()) return pruned;
  const bool open = has_open_session(TRY(take_census(store)));
  const auto list = TRY(list_snapshots(store, context));
  if (!list.lost.empty()) return pruned;
  const auto bases = oldest_bases(store, list.snapshots);
  for (const auto& [name, info] : listing.pieces) {
    TRY(context.check_stop());
    const auto base = bases.find(name.log);
    const bool needed = base == bases.end() ? open : name.to > base->second;
    if (needed) continue;
    ++pruned.pieces;
    pruned.bytes += info.size;
    if (!dry_run) TRY(store.backend->remove(info.key));
  }
  return pruned;
}

Result<LogPieceInfo> FormatRepository::add_log_piece(const NewLogPiece& piece,
                                                     const RunContext& context) {
  TRY(require_role(store_, {Role::admin, Role::writer}, "write logs"));
  TRY(require_features(store_.config, Operation::write));
  TRY(context.check_stop());
  const LogName name{log_id_of(store_.keys, piece.service, piece.source), piece.from, piece.to};
  const auto object = TRY(make_log_object(store_.keys, piece, context.random));
  TRY(store_.backend->put(log_key(name), object));
  return LogPieceInfo{name.log, piece.service, piece.source,       name.from,
                      name.to,  object.size(), context.clock.now()};
}

Result<std::vector<LogPieceInfo>> FormatRepository::log_pieces(const std::string& service,
                                                               const std::string& source) {
  const auto folder = log_folder(log_id_of(store_.keys, service, source));
  std::vector<LogPieceInfo> pieces;
  for (const auto& [name, info] : TRY(list_logs(store_, folder)).pieces)
    pieces.push_back({name.log, service, source, name.from, name.to, info.size, info.stored_at});
  return pieces;
}

Result<Json> FormatRepository::log_about(const LogPieceInfo& piece) {
  const LogName name{piece.log, piece.from, piece.to};
  const auto bytes = TRY(fetch_log(store_, name));
  return std::move(TRY_CONTEXT(log_key(name), parse_log_object(store_.keys, name, bytes)).about);
}

// Twice little, whatever the piece holds.
Result<Json> FormatRepository::log_head(const LogPieceInfo& piece) {
  const LogName name{piece.log, piece.from, piece.to};
  const auto key = log_key(name);
  Bytes bytes;
  TRY(store_.backend->get(key, {0, kLogHeadBegin}, bytes));
  const auto size = TRY_CONTEXT(key, log_head_size(bytes));
  TRY(store_.backend->get(key, {0, size}, bytes));
  return TRY_CONTEXT(key, parse_log_head(store_.keys, name, bytes));
}

Result<LogPiece> FormatRepository::read_log_piece(const LogPieceInfo& piece) {
  const LogName name{piece.log, piece.from, piece.to};
  const auto bytes = TRY(fetch_log(store_, name));
  auto object = TRY_CONTEXT(log_key(name), parse_log_object(store_.keys, name, bytes));
  auto content = TRY_CONTEXT(log_key(name), open_log_content(store_.keys, name, object));
  return LogPiece{piece, std::move(object.about), std::move(content)};
}

}  // namespace lifeboat::repository
