#pragma once
// Copies the living segments of packs that a collection empties into new packs, byte for byte: no
// data key is needed. Packs of different origin are not mixed, so that trust in them stays what it
// was. Used once.
#include "repository/collect_object.h"
#include "repository/pack.h"
#include "repository/survey.h"

namespace lifeboat::repository {

class SegmentMove {
 public:
  SegmentMove(const Store& store, const CollectPlan& plan, const SegmentSet& living,
              const PackCensus& census)
      : store_(store), plan_(plan), living_(living), census_(census) {}

  struct Moved {
    std::map<PackName, WriterId> packs;  // new ones, durable, with their origin
    std::uint64_t bytes = 0;
  };
  Result<Moved> run(const RunContext& context);

 private:
  Result<void> empty_pack(const PackName& name, PackBuilder& builder, const RunContext& context);
  Result<void> close(PackBuilder& builder, const RunContext& context);

  const Store& store_;
  const CollectPlan& plan_;
  const SegmentSet& living_;
  const PackCensus& census_;
  SegmentSet copied_;
  WriterId origin_;
  Moved moved_;
};

}  // namespace lifeboat::repository
