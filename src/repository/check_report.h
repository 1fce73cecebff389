#pragma once
// What a check finds as it goes, from several threads, and which snapshots that reaches.
// Thread-safe but for judge(), which comes last.
#include <mutex>
#include <set>

#include "repository/index_table.h"
#include "repository/segment_set.h"

namespace lifeboat::repository {

class CheckNotes {
 public:
  void find(std::string code, std::string subject, std::string message);
  void find_all(std::vector<Finding> findings);
  // Not as it was written, whether or not that loses something.
  void damage_pack(const PackName& pack);
  // Nothing in the pack can be relied on.
  void lose_pack(const PackName& pack);
  void lose_segment(const PackName& pack, const Salt& birth, std::uint32_t number);
  // Its key is gone, and with it all that it sealed.
  void lose_session(const SessionRef& session);
  // Those that are there; others are lost.
  void know_sessions(std::set<SessionRef> sessions);

  bool is_lost(const SessionRef& session) const;
  bool is_whole(const PackName& pack) const;
  std::vector<Finding> take_findings();

  // Segments that can be read from at least one pack that is where the index says.
  Result<SegmentSet> readable(const IndexTable& table) const;

 private:
  Result<bool> is_readable(const IndexTable& table, const SegmentPlace& segment,
                           const PackBirth& birth) const;

  mutable std::mutex guard_;  // for everything here
  std::vector<Finding> findings_;
  std::set<PackName> damaged_;
  std::set<PackName> packs_;
  std::map<PackName, SegmentSet> segments_;
  std::set<SessionRef> known_sessions_;
  std::set<SessionRef> lost_sessions_;
};

}  // namespace lifeboat::repository
