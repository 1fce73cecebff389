#pragma once
// Publishes the index without the packs that a collection removes and with those it made, then
// removes the index objects that it replaces. Used once.
#include "repository/collect_object.h"
#include "repository/segment_move.h"

namespace lifeboat::repository {

class IndexRewrite {
 public:
  IndexRewrite(const Store& store, const CollectPlan& plan, const PackCensus& census,
               const MovedPacks& moved)
      : store_(store), plan_(plan), census_(census), moved_(moved) {}
  Result<void> run(const RunContext& context);

 private:
  Result<void> take_old(const IndexName& name, const RunContext& context);
  Result<void> add_unlisted(const RunContext& context);
  Result<void> add_moved(const PackName& name, const MovedPack& moved, const RunContext& context);
  Result<void> add(const PackListing& pack, const RunContext& context);
  Result<void> publish(const RunContext& context);
  Result<bool> is_touched(const Bytes& plain) const;
  Result<void> keep(PackListing pack, const Signer& signer, const RunContext& context);

  const Store& store_;
  const CollectPlan& plan_;
  const PackCensus& census_;
  const MovedPacks& moved_;
  IndexText text_;
  std::set<Bytes> listed_;  // hashes of what the new index says
  std::vector<IndexName> replaced_;
};

}  // namespace lifeboat::repository
