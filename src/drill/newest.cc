#include "drill/newest.h"

#include <algorithm>

namespace lifeboat::drill {
namespace {

using repository::LostSnapshot;
using repository::SnapshotInfo;
using repository::SnapshotList;

bool any_of(const SnapshotList& list, const auto& fits) {
  return std::ranges::any_of(list.snapshots, fits);
}

// Of an unknown one: did its writer ever back up this service?
bool may_be_of(const LostSnapshot& lost, const SnapshotList& list, const std::string& service) {
  if (!lost.service.empty()) return lost.service == service;
  return any_of(list, [&](const SnapshotInfo& each) {
    return each.service == service && each.writer == lost.writer;
  });
}

// One writer numbers its snapshots; between two, only times tell.
bool may_be_newer(const LostSnapshot& lost, const SnapshotList& list, const SnapshotInfo& chosen) {
  if (lost.writer == chosen.writer) return lost.seq > chosen.seq;
  if (lost.stored) return *lost.stored > chosen.time;
  return !any_of(list, [&](const SnapshotInfo& each) {
    return each.writer == lost.writer && each.seq > lost.seq && each.time <= chosen.time;
  });
}

const Finding* finding_of(const SnapshotList& list, const std::string& key) {
  const auto found = std::ranges::find(list.findings, key, &Finding::subject);
  return found == list.findings.end() ? nullptr : &*found;
}

void tell_lost(const SnapshotList& list, const LostSnapshot& lost, CheckResult& result) {
  const auto* finding = finding_of(list, lost.key);
  result.details.push_back(lost.key + ": " + (finding != nullptr ? finding->message : "lost"));
  const auto kind = lost.stored ? Sign::Kind::different : Sign::Kind::missing;
  const bool newer = finding != nullptr && finding->code == "snapshot-newer-format";
  result.signs.push_back({kind, lost.key, "", newer ? kNewerFormat : ""});
}

std::string name_of_chosen(const SnapshotInfo& chosen) {
  return chosen.id.hex().substr(0, 10) + " of " + to_the_second(chosen.time);
}

// "latest" means the latest complete one.
const SnapshotInfo* incomplete_after(const SnapshotList& list, const SnapshotInfo& chosen) {
  const SnapshotInfo* last = nullptr;
  for (const auto& each : list.snapshots)
    if (each.service == chosen.service && !each.complete && each.time > chosen.time) last = &each;
  return last;
}

CheckResult answer_newest(Outcome outcome, std::string message) {
  CheckResult result;
  result.id = "newest";
  result.proves = "no newer snapshot of the service is missing, damaged or incomplete";
  result.outcome = outcome;
  result.message = std::move(message);
  return result;
}

}  // namespace

std::vector<LostSnapshot> lost_after(const SnapshotList& list, const SnapshotInfo& chosen) {
  std::vector<LostSnapshot> lost;
  for (const auto& each : list.lost)
    if (may_be_of(each, list, chosen.service) && may_be_newer(each, list, chosen))
      lost.push_back(each);
  return lost;
}

CheckResult check_newest(const SnapshotList& list, const SnapshotInfo& chosen) {
  const auto name = name_of_chosen(chosen);
  if (const auto lost = lost_after(list, chosen); !lost.empty()) {
    auto result = answer_newest(Outcome::failed, "what was made after " + name +
                                                     " is missing or damaged, or may be; an older "
                                                     "one was drilled");
    for (const auto& each : lost) tell_lost(list, each, result);
    return result;
  }
  if (const auto* incomplete = incomplete_after(list, chosen))
    return answer_newest(Outcome::warned, name_of_chosen(*incomplete) +
                                              " is newer and incomplete: " + name +
                                              ", the newest complete one, was drilled");
  return answer_newest(Outcome::passed, name + " is the newest that was made");
}

}  // namespace lifeboat::drill
