#pragma once
// Copies the living segments of packs that a collection empties into new packs, byte for byte: no
// data key is needed. Packs of different origin are not mixed, so that trust in them stays what it
// was. Used once.
#include "repository/collect_object.h"
#include "repository/pack.h"
#include "repository/survey.h"

namespace lifeboat::repository {

struct MovedPack {
  WriterId origin;
  crypto::Digest directory;  // the hash of its plaintext as it was written
};

struct MovedPacks {
  std::map<PackName, MovedPack> packs;  // new ones, durable
  std::set<PackName> damaged;           // those to be emptied that are not whole: they stay
  std::uint64_t bytes = 0;
};

class SegmentMove {
 public:
  SegmentMove(const Store& store, const CollectPlan& plan, const SegmentSet& living,
              const PackCensus& census)
      : store_(store), plan_(plan), living_(living), census_(census) {}

  Result<MovedPacks> run(const RunContext& context);

 private:
  using Names = std::vector<PackName>;
  Result<void> empty_packs(const Names& names, PackBuilder& builder, const RunContext& context);
  Result<void> empty_pack(const PackName& name, PackBuilder& builder, const RunContext& context);
  Result<void> close(PackBuilder& builder, const RunContext& context);
  Result<void> require_stored(const PackName& name) const;

  const Store& store_;
  const CollectPlan& plan_;
  const SegmentSet& living_;
  const PackCensus& census_;
  std::set<Bytes> copied_;  // hashes of segments and all that is said of them
  bool own_only_ = true;    // segments that lie where their own writer listed them
  Names mixed_;             // packs that hold others, too
  WriterId origin_;
  MovedPacks moved_;
};

}  // namespace lifeboat::repository
