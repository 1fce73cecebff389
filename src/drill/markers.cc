#include "drill/markers.h"

#include <algorithm>

#include "base/counted.h"
#include "drill/app/inside.h"
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

// Nobody would recover to a moment that was chosen by lot.
bool is_chosen_by_lot(LogMoment moment) {
  return moment == LogMoment::random || moment == LogMoment::boundary;
}

CheckResult judge_boundary(const MarkersRequest& markers, std::uint64_t expected,
                           const std::optional<engine::MarkerTrail>& trail) {
  auto check = boundary_check(markers.source);
  const auto found = trail ? trail->newest.number : 0;
  const auto number = std::to_string(expected);
  if (found == expected)
    return decide(std::move(check), Outcome::passed,
                  "restored to just before marker " + std::to_string(expected + 1) + ": marker " +
                      number + " is the newest there");
  return decide(std::move(check), Outcome::failed,
                "marker " + number + " must be the newest there, and " +
                    (trail ? "marker " + std::to_string(found) + " is" : "there is none"));
}

}  // namespace

CheckResult boundary_check(const std::string& source) {
  auto check = answer("boundary." + source,
                      "a restore to a moment between two markers ends exactly between them");
  check.proves_data = true;
  return check;
}

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
  if (state.newest_marker)
    state.report.checks.push_back(
        trail ? judge_boundary(markers, *state.newest_marker, *trail)
              : decide(boundary_check(markers.source), Outcome::not_run, measures.no_lost_writes));
  if (!trail || !*trail) return;
  state.report.checks.push_back(judge_trail(**trail));
  if (is_chosen_by_lot(state.request.options.log_moment))
    measures.no_lost_writes = "the moment was chosen by lot";
  else
    measures.lost_writes = lost(**trail, markers, state.report.started);
}

}  // namespace lifeboat::drill
