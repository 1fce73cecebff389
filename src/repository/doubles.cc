#include "repository/doubles.h"

#include "crypto/hash.h"
#include "repository/damage.h"

namespace lifeboat::repository {
namespace {

bool holds_any(const PackDirectory& directory, const SegmentSet& segments) {
  for (const auto& each : directory.segments)
    if (segments.contains(directory.births[each.birth].salt, each.shape.number)) return true;
  return false;
}

// By what the index says; those that no index lists are few, and looked at anyway.
Result<std::set<PackName>> possible_holders(const Store& store, const PackCensus& census) {
  std::set<PackName> names;
  for (const auto& [name, pack] : census.packs)
    if (!pack.indexed && !pack.damaged) names.insert(name);
  for (const auto& index : census.indexes) {
    const auto object = get_hashed(*store.backend, index_key(index), kMaxObject);
    if (!object && object.error().code() == Code::not_found) continue;
    const auto opened = TRY(open_index_object(store.keys, index, TRY(object)));
    TRY(parse_index(opened.plain, [&](const PackListing& pack, const PackDirectory& directory) {
      const auto found = census.packs.find(pack.name);
      const bool there = found != census.packs.end() && !found->second.damaged;
      if (there && holds_any(directory, census.twice)) names.insert(pack.name);
      return Result<void>{};
    }));
  }
  return names;
}

class Doubles {
 public:
  Doubles(const Store& store, PackCensus& census) : store_(store), census_(census) {}

  // What cannot be read is no double of anything; a pack may also have gone meanwhile.
  Result<void> look_into(const PackName& name) {
    const auto looked = compare(name);
    if (looked || is_damage_or_absence(looked.error())) return {};
    return looked;
  }

 private:
  Result<void> compare(const PackName& name) {
    const auto pack = TRY(read_pack_directory(*store_.backend, store_.keys, name));
    Bytes stored;
    for (const auto& segment : pack.directory.segments) {
      const auto& birth = pack.directory.births[segment.birth];
      if (!census_.twice.contains(birth.salt, segment.shape.number)) continue;
      TRY(store_.backend->get(pack_key(name), {segment.offset, segment.shape.stored}, stored));
      note(identity_of(pack.directory, segment, stored), name, segment.shape.stored);
    }
    return {};
  }

  void note(const Bytes& identity, const PackName& name, std::uint64_t bytes) {
    const auto [first, fresh] = first_.try_emplace(identity, name);
    if (fresh) return;
    census_.packs.at(first->second).shares = true;
    auto& pack = census_.packs.at(name);
    pack.shares = true;
    pack.doubled += bytes;
  }

  const Store& store_;
  PackCensus& census_;
  std::map<Bytes, PackName> first_;  // who holds it, by identity
};

}  // namespace

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

Result<void> mark_doubles(const Store& store, PackCensus& census, const RunContext& context) {
  if (census.twice.size() == 0) return {};
  Doubles doubles(store, census);
  for (const auto& name : TRY(possible_holders(store, census))) {
    TRY(context.check_stop());
    TRY(doubles.look_into(name));
  }
  return {};
}

}  // namespace lifeboat::repository
