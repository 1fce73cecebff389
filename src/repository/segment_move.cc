#include "repository/segment_move.h"

#include <algorithm>

#include "crypto/hash.h"
#include "repository/damage.h"

namespace lifeboat::repository {
namespace {

// Two segments are the same only when everything about them is: that a pack says it holds a segment
// which another holds, too, is no proof, since this role cannot open either.
Bytes identity_of(const PackDirectory& directory, const PackSegment& segment, ByteView stored) {
  const auto& birth = directory.births[segment.birth];
  ByteWriter said;
  said.raw(birth.salt.view()).raw(birth.session.writer.view()).u64(birth.session.seq);
  said.raw(birth.commitment.view()).u32(segment.shape.number).u32(segment.shape.raw);
  said.u8(static_cast<std::uint8_t>(segment.shape.method)).u32(segment.chunks);
  for (const auto& id : directory.ids_of(segment)) said.raw(id.view());
  said.raw(crypto::sha256(stored).view());
  return to_bytes(crypto::sha256(said.bytes()).view());
}

}  // namespace

Result<MovedPacks> SegmentMove::run(const RunContext& context) {
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
  moved_.packs[finished.name] = origin_;
  builder.begin(context.random);
  return {};
}

}  // namespace lifeboat::repository
