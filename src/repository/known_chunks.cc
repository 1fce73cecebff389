#include "repository/known_chunks.h"

#include <unordered_map>

namespace lifeboat::repository {
namespace {

std::uint64_t birth_and_number(std::uint64_t birth, std::uint32_t number) {
  return birth << 32U | number;
}

}  // namespace

KnownChunks::KnownChunks(std::shared_ptr<const IndexTable> table)
    : table_(std::move(table)),
      good_packs_(table_->packs()),
      met_(std::make_unique<std::atomic<std::uint64_t>[]>(table_->chunks() / 64 + 1)),
      used_(std::make_unique<std::atomic<std::uint16_t>[]>(table_->segments())) {}

Result<std::unique_ptr<KnownChunks>> KnownChunks::make(std::shared_ptr<const IndexTable> table,
                                                       const Exclusions& exclusions) {
  std::unique_ptr<KnownChunks> known(new KnownChunks(std::move(table)));
  TRY(known->exclude(exclusions));
  return known;
}

Result<void> KnownChunks::exclude(const Exclusions& exclusions) {
  const std::unordered_set<PackName, IdHash> packs(exclusions.packs.begin(),
                                                   exclusions.packs.end());
  for (std::uint32_t i = 0; i < table_->packs(); ++i) {
    const auto pack = TRY(table_->pack(i));
    good_packs_[i] = pack.trusted && !exclusions.everything && !packs.contains(pack.name);
  }
  if (exclusions.segments.empty()) return {};
  std::unordered_multimap<Salt, std::uint32_t, IdHash> births;
  for (std::uint32_t i = 0; i < table_->births(); ++i)
    births.emplace(TRY(table_->birth(i)).salt, i);
  for (const auto& segment : exclusions.segments) {
    const auto [first, last] = births.equal_range(segment.birth);
    for (auto birth = first; birth != last; ++birth)
      excluded_.insert(birth_and_number(birth->second, segment.number));
  }
  return {};
}

Result<bool> KnownChunks::usable(std::uint32_t segment) const {
  const auto place = TRY(table_->segment(segment));
  if (place.pack >= good_packs_.size() || !good_packs_[place.pack]) return false;
  return excluded_.empty() ||
         !excluded_.contains(birth_and_number(place.birth, place.shape.number));
}

Result<bool> KnownChunks::use(const ChunkId& id) {
  const auto range = TRY(table_->find(id));
  for (auto at = range.first; at < range.last; ++at) {
    const auto segment = TRY(table_->place(at)).segment;
    if (segment >= table_->segments() || !TRY(usable(segment))) continue;
    const auto bit = std::uint64_t{1} << at % 64;
    const auto before = met_[at / 64].fetch_or(bit, std::memory_order_relaxed);
    if ((before & bit) == 0) used_[segment].fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

Result<void> KnownChunks::add_used(SegmentUse& to) const {
  for (std::uint32_t segment = 0; segment < table_->segments(); ++segment) {
    const unsigned used = used_[segment].load(std::memory_order_relaxed);
    if (used == 0) continue;
    const auto place = TRY(table_->segment(segment));
    const auto& birth = TRY(table_->birth(place.birth)).salt;
    to.used.add(birth, place.shape.number);
    if (used * 100 < place.chunks * kThinBelowPercent) to.thin.add(birth, place.shape.number);
  }
  return {};
}

}  // namespace lifeboat::repository
