#include "repository/check_report.h"

#include <algorithm>

namespace lifeboat::repository {

void CheckNotes::find(std::string code, std::string subject, std::string message) {
  const std::scoped_lock lock(guard_);
  findings_.push_back({std::move(code), std::move(subject), std::move(message), false});
}

void CheckNotes::find_all(std::vector<Finding> findings) {
  const std::scoped_lock lock(guard_);
  std::ranges::move(findings, std::back_inserter(findings_));
}

void CheckNotes::damage_pack(const PackName& pack) {
  const std::scoped_lock lock(guard_);
  damaged_.insert(pack);
}

void CheckNotes::lose_pack(const PackName& pack) {
  const std::scoped_lock lock(guard_);
  damaged_.insert(pack);
  packs_.insert(pack);
}

void CheckNotes::lose_segment(const PackName& pack, const Salt& birth, std::uint32_t number) {
  const std::scoped_lock lock(guard_);
  damaged_.insert(pack);
  segments_[pack].add(birth, number);
}

void CheckNotes::lose_session(const SessionRef& session) {
  const std::scoped_lock lock(guard_);
  lost_sessions_.insert(session);
}

void CheckNotes::know_sessions(std::set<SessionRef> sessions) {
  const std::scoped_lock lock(guard_);
  known_sessions_ = std::move(sessions);
}

bool CheckNotes::is_lost(const SessionRef& session) const {
  const std::scoped_lock lock(guard_);
  return lost_sessions_.contains(session) || !known_sessions_.contains(session);
}

bool CheckNotes::is_whole(const PackName& pack) const {
  const std::scoped_lock lock(guard_);
  return !damaged_.contains(pack);
}

std::vector<Finding> CheckNotes::take_findings() {
  std::ranges::stable_sort(findings_, {}, &Finding::subject);
  return std::move(findings_);
}

Result<bool> CheckNotes::is_readable(const IndexTable& table, const SegmentPlace& segment,
                                     const PackBirth& birth) const {
  const auto pack = TRY(table.pack(segment.pack));
  if (packs_.contains(pack.name) || is_lost(birth.session)) return false;
  const auto lost = segments_.find(pack.name);
  return lost == segments_.end() || !lost->second.contains(birth.salt, segment.shape.number);
}

Result<SegmentSet> CheckNotes::readable(const IndexTable& table) const {
  SegmentSet good;
  for (std::uint32_t i = 0; i < table.segments(); ++i) {
    const auto segment = TRY(table.segment(i));
    const auto birth = TRY(table.birth(segment.birth));
    if (TRY(is_readable(table, segment, birth))) good.add(birth.salt, segment.shape.number);
  }
  return good;
}

}  // namespace lifeboat::repository
