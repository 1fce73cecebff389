#include "repository/segment_move.h"

#include <algorithm>

namespace lifeboat::repository {

Result<SegmentMove::Moved> SegmentMove::run(const RunContext& context) {
  std::vector<PackName> order(plan_.move.begin(), plan_.move.end());
  std::erase_if(order, [&](const auto& name) { return !census_.packs.contains(name); });
  std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return census_.packs.at(a).origin < census_.packs.at(b).origin;
  });
  PackBuilder builder(store_.keys, {store_.keys.writer, plan_.number},
                      store_.backend->traits().pack_size);
  builder.begin(context.random);
  for (const auto& name : order) {
    TRY(context.check_stop());
    const auto& origin = census_.packs.at(name).origin;
    if (origin != origin_) TRY(close(builder, context));
    origin_ = origin;
    TRY_CONTEXT(pack_key(name), empty_pack(name, builder, context));
  }
  TRY(close(builder, context));
  return std::move(moved_);
}

Result<void> SegmentMove::empty_pack(const PackName& name, PackBuilder& builder,
                                     const RunContext& context) {
  const auto bytes = TRY(storage::get_whole(*store_.backend, pack_key(name), kMaxPack));
  const auto pack = TRY(open_pack(store_.keys, name, bytes));
  for (const auto& segment : pack.directory.segments) {
    const auto& birth = pack.directory.births[segment.birth];
    const bool needed = living_.contains(birth.salt, segment.shape.number) &&
                        !copied_.contains(birth.salt, segment.shape.number);
    if (!needed) continue;
    if (!builder.fits(segment.shape.stored, segment.chunks)) TRY(close(builder, context));
    builder.append(birth, segment.shape,
                   ByteView(bytes).subspan(segment.offset, segment.shape.stored),
                   pack.directory.ids_of(segment));
    copied_.add(birth.salt, segment.shape.number);
    moved_.bytes += segment.shape.stored;
    context.progress.advance(segment.shape.stored, 1);
  }
  return {};
}

Result<void> SegmentMove::close(PackBuilder& builder, const RunContext& context) {
  if (builder.empty()) return {};
  const auto finished = TRY(builder.finish(context.random));
  TRY(store_.backend->put(pack_key(finished.name), finished.bytes));
  moved_.packs[finished.name] = origin_;
  builder.begin(context.random);
  return {};
}

}  // namespace lifeboat::repository
