#include "repository/format_repository.h"
#include "repository/snapshot_list.h"
#include "repository/snapshot_reader.h"
#include "repository/snapshot_writer.h"

namespace lifeboat::repository {

Result<std::unique_ptr<SnapshotWriter>> FormatRepository::begin(const SnapshotDraft& draft,
                                                                const RunContext& context) {
  TRY(require_role(store_, {Role::admin, Role::writer}, "write snapshots"));
  TRY(require_features(store_.config, Operation::write));
  return TRY(SessionWriter::open(store_, draft, context));
}

Result<SnapshotList> FormatRepository::snapshots(const RunContext& context) {
  auto list = TRY(list_snapshots(store_, context));
  const std::scoped_lock lock(guard_);
  located_.clear();
  for (const auto& each : list.snapshots) located_.emplace(each.id, each);
  return list;
}

Result<SnapshotInfo> FormatRepository::locate(const SnapshotId& id, const RunContext& context) {
  const auto look = [&]() -> std::optional<SnapshotInfo> {
    const std::scoped_lock lock(guard_);
    const auto found = located_.find(id);
    return found == located_.end() ? std::nullopt : std::optional(found->second);
  };
  if (auto known = look()) return std::move(*known);
  TRY(snapshots(context));
  if (auto known = look()) return std::move(*known);
  return fail(Code::not_found, "there is no snapshot " + id.hex());
}

Result<std::unique_ptr<SnapshotReader>> FormatRepository::open_snapshot(const SnapshotId& id,
                                                                        const RunContext& context) {
  if (store_.keys.box_seed.empty())
    return fail(Error(Code::wrong_key, "this key may write but not read snapshots")
                    .with_hint("Use a key of the role reader or admin."));
  TRY(require_features(store_.config, Operation::read));
  return TRY(StoredSnapshot::open(store_, ring_, TRY(locate(id, context))));
}

}  // namespace lifeboat::repository
