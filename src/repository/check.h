#pragma once
// One check of a repository, from the lists of its objects to every chunk in them (docs/format.md).
// Used once, by one thread; its work runs in several.
#include "repository/check_packs.h"
#include "repository/index_access.h"
#include "repository/session.h"
#include "repository/snapshot_list.h"

namespace lifeboat::repository {

class Check {
 public:
  Check(const Store& store, SessionRing& sessions, CheckDepth depth)
      : store_(store), sessions_(sessions), depth_(depth), packs_(store, sessions, notes_) {}

  Result<CheckReport> run(const RunContext& context);

 private:
  Result<void> check_config();
  Result<void> check_slots();
  Result<void> check_collections();
  Result<void> check_sessions(const Census& census, const RunContext& context);
  Result<void> check_indexes(const RunContext& context);
  void take_listing(const IndexName& index, const PackName& pack, ListedPack listed);
  Result<void> check_packs(const RunContext& context);
  Result<void> judge_snapshots(const Census& census, const RunContext& context);
  struct Judged {
    std::set<std::string> damaged;  // ids
    std::vector<Finding> findings;
  };
  Result<Judged> judge(const Census& census, Unlisted unlisted, const RunContext& context);
  Result<void> sign_for(const RunContext& context);
  std::vector<IndexName> whole_indexes(const std::vector<PackName>& whole) const;

  const Store& store_;
  SessionRing& sessions_;
  CheckDepth depth_;
  CheckNotes notes_;
  PackCheck packs_;
  std::map<SnapshotId, SessionRef> visible_;
  std::vector<ListedPack> listed_;
  std::map<IndexName, std::vector<PackName>> indexes_;  // those that are whole
  Time began_;
  CheckReport report_;
};

}  // namespace lifeboat::repository
