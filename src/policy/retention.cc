#include "policy/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lifeboat::policy {
namespace {

// The decisions while they are being made: snapshots newest first, and the reasons found so far.
struct Draft {
  std::vector<const RetainedSnapshot*> newest_first;
  std::map<std::string, std::vector<std::string>> reasons;

  void keep(const RetainedSnapshot& snapshot, std::string reason) {
    reasons[snapshot.id].push_back(std::move(reason));
  }
  bool kept(const RetainedSnapshot& snapshot) const { return reasons.contains(snapshot.id); }
};

Draft begin_draft(std::span<const RetainedSnapshot> snapshots) {
  Draft draft;
  for (const auto& snapshot : snapshots) draft.newest_first.push_back(&snapshot);
  std::sort(draft.newest_first.begin(), draft.newest_first.end(), [](const auto* a, const auto* b) {
    return a->time != b->time ? a->time > b->time : a->id > b->id;
  });
  return draft;
}

const RetainedSnapshot* newest_complete(const Draft& draft) {
  for (const auto* snapshot : draft.newest_first)
    if (snapshot->complete) return snapshot;
  return nullptr;
}

void keep_last(Draft& draft, unsigned count) {
  unsigned seen = 0;
  for (const auto* snapshot : draft.newest_first) {
    if (seen == count) return;
    if (snapshot->complete) draft.keep(*snapshot, fmt::format("last {} of {}", ++seen, count));
  }
}

void keep_within(Draft& draft, Duration window, Time now) {
  if (window == Duration(0)) return;
  const auto* newest = newest_complete(draft);
  const Time from = (newest == nullptr ? now : std::min(now, newest->time)) - window;
  for (const auto* snapshot : draft.newest_first)
    if (snapshot->time > from)
      draft.keep(*snapshot, fmt::format("within {}", describe_duration(window)));
}

// A store may hold nothing newer that is whole: then the parts are all there is of those moments.
void keep_unfollowed(Draft& draft) {
  for (const auto* snapshot : draft.newest_first) {
    if (snapshot->complete) {
      draft.keep(*snapshot, "newest complete");
      return;
    }
    draft.keep(*snapshot, "incomplete, but nothing complete is newer");
  }
}

void keep_chosen(Draft& draft) {
  bool proven_seen = false;
  for (const auto* snapshot : draft.newest_first) {
    if (snapshot->held) draft.keep(*snapshot, "held");
    if (snapshot->proven && !proven_seen) draft.keep(*snapshot, "last proven");
    proven_seen = proven_seen || snapshot->proven;
  }
}

// Follows `needs` from everything kept, to any depth; ids that are not here are somebody else's
// finding.
void keep_needed(Draft& draft) {
  std::map<std::string, const RetainedSnapshot*> by_id;
  for (const auto* snapshot : draft.newest_first) by_id[snapshot->id] = snapshot;
  std::vector<const RetainedSnapshot*> waiting;
  for (const auto* snapshot : draft.newest_first)
    if (draft.kept(*snapshot)) waiting.push_back(snapshot);
  while (!waiting.empty()) {
    const auto* snapshot = waiting.back();
    waiting.pop_back();
    for (const auto& id : snapshot->needs) {
      const auto found = by_id.find(id);
      if (found == by_id.end()) continue;
      if (!draft.kept(*found->second)) waiting.push_back(found->second);
      draft.keep(*found->second, "needed by " + snapshot->id);
    }
  }
}

bool is_one_of(std::span<const std::string> ids, const std::string& id) {
  return std::ranges::find(ids, id) != ids.end();
}

// What stays needs what it needs.
void keep_needed_by_others(Draft& draft, std::span<const std::string> named) {
  for (const auto* snapshot : draft.newest_first)
    for (const auto* other : draft.newest_first)
      if (is_one_of(other->needs, snapshot->id) && !is_one_of(named, other->id))
        draft.keep(*snapshot, "needed by " + other->id);
}

std::string reason_to_go(const RetainedSnapshot& snapshot) {
  return snapshot.complete ? "no rule keeps it" : "incomplete, and a complete one is newer";
}

}  // namespace

std::vector<Decision> Retention::decide(std::span<const RetainedSnapshot> snapshots,
                                        Time now) const {
  Draft draft = begin_draft(snapshots);
  const bool no_rule = options_.keep_last == 0 && options_.keep_within == Duration(0);
  if (no_rule)
    for (const auto* snapshot : draft.newest_first) draft.keep(*snapshot, "no retention rule");
  keep_last(draft, options_.keep_last);
  keep_within(draft, options_.keep_within, now);
  keep_unfollowed(draft);
  keep_chosen(draft);
  keep_needed(draft);

  std::vector<Decision> decisions;
  for (const auto* snapshot : draft.newest_first) {
    const bool keep = draft.kept(*snapshot);
    decisions.push_back(
        {snapshot->id, keep,
         keep ? draft.reasons[snapshot->id] : std::vector<std::string>{reason_to_go(*snapshot)}});
  }
  return decisions;
}

std::vector<Decision> decide_removal(std::span<const RetainedSnapshot> snapshots,
                                     std::span<const std::string> named) {
  Draft draft = begin_draft(snapshots);
  keep_chosen(draft);
  keep_needed_by_others(draft, named);
  const auto* newest = newest_complete(draft);
  std::vector<Decision> decisions;
  for (const auto* snapshot : draft.newest_first) {
    if (!is_one_of(named, snapshot->id)) continue;
    const bool keep = draft.kept(*snapshot);
    Decision decision{snapshot->id, keep, {"named"}};
    if (keep) decision.reasons = draft.reasons[snapshot->id];
    if (!keep && snapshot == newest) decision.reasons.emplace_back("the newest complete one");
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

}  // namespace lifeboat::policy
