#include "repository/segment_move.h"

#include <algorithm>

#include "crypto/hash.h"
#include "repository/damage.h"
#include "repository/doubles.h"

namespace lifeboat::repository {

// First what lies where its own writer listed it: of what lies twice that copy stays, so that its
// writer can go on using it.
Result<MovedPacks> SegmentMove::run(const RunContext& context) {
  Names order(plan_.move.begin(), plan_.move.end());
  std::erase_if(order, [&](const auto& name) { return !census_.packs.contains(name); });
  std::ranges::stable_sort(order, {},
                           [&](const auto& name) { return census_.packs.at(name).origin; });
  PackBuilder builder(store_.keys, {store_.keys.writer, plan_.number},
                      store_.backend->traits().pack_size);
  builder.begin(context.random);
  TRY(empty_packs(order, builder, context));
  own_only_ = false;
  const auto rest = std::move(mixed_);
  TRY(empty_packs(rest, builder, context));
  return std::move(moved_);
}

Result<void> SegmentMove::empty_packs(const Names& names, PackBuilder& builder,
                                      const RunContext& context) {
  for (const auto& name : names) {
    TRY(context.check_stop());
    const auto& origin = census_.packs.at(name).origin;
    if (origin != origin_) TRY(close(builder, context));
    origin_ = origin;
    TRY_CONTEXT(pack_key(name), empty_pack(name, builder, context));
  }
  return close(builder, context);
}

Result<void> SegmentMove::empty_pack(const PackName& name, PackBuilder& builder,
                                     const RunContext& context) {
  const auto bytes = TRY(storage::get_whole(*store_.backend, pack_key(name), kMaxPack));
  const auto opened = open_pack(store_.keys, name, bytes);
  if (!opened && is_broken(opened.error())) {
    moved_.damaged.insert(name);
    context.log.warning("left as it is: " + opened.error().describe());
    return {};
  }
  const auto& pack = TRY(opened);
  for (const auto& segment : pack.directory.segments) {
    const auto& birth = pack.directory.births[segment.birth];
    const auto stored = ByteView(bytes).subspan(segment.offset, segment.shape.stored);
    if (!living_.contains(birth.salt, segment.shape.number)) continue;
    const bool later = own_only_ && birth.session.writer != origin_;
    if (later && (mixed_.empty() || mixed_.back() != name)) mixed_.push_back(name);
    if (later) continue;
    if (!copied_.insert(identity_of(pack.directory, segment, stored)).second) continue;
    if (!builder.fits(segment.shape.stored, segment.chunks)) TRY(close(builder, context));
    builder.append(birth, segment.shape, stored, pack.directory.ids_of(segment));
    moved_.bytes += segment.shape.stored;
    context.progress.advance(segment.shape.stored, 1);
  }
  return {};
}

Result<void> SegmentMove::close(PackBuilder& builder, const RunContext& context) {
  if (builder.empty()) return {};
  const auto finished = TRY(builder.finish(context.random));
  TRY(store_.backend->put(pack_key(finished.name), finished.bytes));
  TRY(require_stored(finished.name));
  moved_.packs[finished.name] = {origin_, crypto::sha256(finished.directory)};
  builder.begin(context.random);
  return {};
}

// The other copy is about to go, so what the medium holds is read once more. Nobody knows the new
// pack yet: one that is not what was written goes at once.
Result<void> SegmentMove::require_stored(const PackName& name) const {
  const auto key = pack_key(name);
  const auto stored = get_hashed(*store_.backend, key, kMaxPack);
  if (stored) return {};
  if (is_broken(stored.error())) std::ignore = store_.backend->remove(key);
  return fail(stored.error());
}

}  // namespace lifeboat::repository
