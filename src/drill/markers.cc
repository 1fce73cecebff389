#include "drill/markers.h"

#include <algorithm>

#include "base/counted.h"
#include "engine/markers.h"

namespace lifeboat::drill {
namespace {

CheckResult judge_trail(const engine::MarkerTrail& trail) {
  CheckResult result;
  result.id = "markers";
  result.proves = "no write is missing between two that were restored";
  result.proves_data = true;
  result.outcome = trail.has_gap() ? Outcome::failed : Outcome::passed;
  const auto expected = trail.newest.number - trail.first + 1;
  result.message = trail.has_gap() ? "of the markers " + std::to_string(trail.first) + " to " +
                                         std::to_string(trail.newest.number) + " only " +
                                         std::to_string(trail.count) + " of " +
                                         std::to_string(expected) + " are there"
                                   : counted(trail.count, "marker", "markers") + " without a gap";
  return result;
}

// Against the last one that is known to be written; without that, only against the clock.
LostWrites lost(const engine::MarkerTrail& trail, const MarkersRequest& markers, Time started) {
  LostWrites lost;
  lost.window = std::max(Duration(0), started - trail.newest.time);
  if (markers.last_written && *markers.last_written >= trail.newest.number)
    lost.markers = *markers.last_written - trail.newest.number;
  return lost;
}

}  // namespace

void read_markers(DrillState& state) {
  auto& measures = state.report.measures;
  if (!state.request.markers) return;
  const auto& markers = *state.request.markers;
  const auto item = std::ranges::find(state.plan.items, markers.source, &restore::PlanItem::source);
  if (item == state.plan.items.end()) {
    measures.no_lost_writes = "the snapshot has no source " + markers.source;
    return;
  }
  const auto trail = engine::read_markers({item->type, item->place, markers.name});
  if (!trail) measures.no_lost_writes = trail.error().describe();
  if (trail && !*trail) measures.no_lost_writes = "the snapshot holds no marker";
  if (!trail || !*trail) return;
  state.report.checks.push_back(judge_trail(**trail));
  measures.lost_writes = lost(**trail, markers, state.report.started);
}

}  // namespace lifeboat::drill
