#pragma once
// One collection: gives back the space of what nothing refers to, beside living writers and without
// locks. The order of its steps is the safety (docs/adr/0005-collection.md,
// tests/model/collection.py). Used once, by one thread.
#include "repository/collect_object.h"
#include "repository/segment_move.h"
#include "repository/session_object.h"

namespace lifeboat::repository {

class Collection {
 public:
  Collection(const Store& store, const PruneOptions& options, const RunContext& context)
      : store_(store), options_(options), context_(context) {}
  Result<PruneReport> run();
  // True when it only finished what an earlier one had planned.
  bool resumed() const { return resumed_; }

 private:
  // The steps, in order.
  Result<void> require_all_snapshots();
  Result<void> put_back_statement(const Finding& lost);
  Result<void> give_up(const SnapshotList& list);
  Result<void> end_lost(const SessionRef& ref);
  Result<void> forget_unreadable(const SessionRef& ref);
  Result<Census> take_whole_census() const;
  Result<bool> plan_or_resume();
  Result<void> publish_plan();
  Result<void> end_sessions();
  Result<void> reconsider();
  Result<void> require_all_of(const PackCensus& before) const;
  Result<std::vector<CollectPlan>> unfinished() const;
  Result<References> count_references(const Census& census) const;
  Result<bool> is_over() const;
  Result<std::uint64_t> last_collected() const;
  Result<void> move_living();
  Result<void> publish_index();
  Result<void> remove_packs();
  Result<void> remove_heads();
  Result<void> finish();

  void choose(const PackName& name, const PackSurvey& pack, bool ended);
  Result<bool> may_drop(const PackName& name);
  Result<std::optional<SessionObject>> read_open_session(const SessionRef& session);
  Result<void> remove_all(const std::set<PackName>& names, const std::set<PackName>& damaged);
  Result<void> end_session(const SessionRef& session, const storage::ObjectInfo& object);
  Result<bool> wait_for_end(const SessionRef& session);
  Result<std::uint64_t> next_number();
  Result<void> check() const { return context_.check_stop(); }

  const Store& store_;
  const PruneOptions& options_;
  const RunContext& context_;
  PruneReport report_;
  CollectPlan plan_;
  bool resumed_ = false;
  // Whose snapshots are lost (then without an id) or cannot be read. A dry run ends none.
  std::map<SessionRef, SnapshotId> given_up_;
  References references_;
  PackCensus packs_;
  MovedPacks moved_;
  std::set<PackName> unreadable_;  // of those to drop: they leave the index and stay
};

}  // namespace lifeboat::repository
