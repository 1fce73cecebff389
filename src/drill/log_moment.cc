#include "drill/log_moment.h"

#include <algorithm>

#include "base/json_value.h"
#include "drill/app/inside.h"
#include "drill/markers.h"
#include "engine/all.h"
#include "engine/log_trouble.h"
#include "engine/markers.h"
#include "restore/moment.h"

namespace lifeboat::drill {
namespace {

void add_check(DrillState& state, const restore::PlanItem& item, Outcome outcome,
               std::string message) {
  auto check = answer("pitr." + item.source,
                      "the archived log leads from the snapshot to a moment after it");
  state.report.checks.push_back(decide(std::move(check), outcome, std::move(message)));
}

std::uint64_t random_between(std::uint64_t from, std::uint64_t to, const RunContext& context) {
  std::uint64_t number = 0;
  for (const auto byte : context.random.array<8>()) number = number << 8U | byte;
  return from + number % (to - from + 1);
}

// Where the snapshot ends in the source's log; nothing where it has no place in one.
std::optional<std::uint64_t> base_of(const DrillState& state, const restore::PlanItem& item) {
  const auto& sources = state.plan.snapshot.sources;
  const auto base = std::ranges::find(sources, item.source, &repository::SourceSummary::name);
  return base == sources.end() ? std::nullopt : base->log;
}

// Of what was archived, whether or not there is a hole before it.
Result<std::uint64_t> end_of_log(const DrillState& state, const restore::PlanItem& item) {
  std::uint64_t end = 0;
  for (const auto& each : TRY(state.repository.log_pieces(state.report.service, item.source)))
    end = std::max(end, each.to);
  return end;
}

// Without it the source is restored as it was at the snapshot.
Result<void> leave_at_snapshot(restore::PlanItem& item) {
  item.log.clear();
  item.until = 0;
  return {};
}

Result<void> no_boundary(DrillState& state, restore::PlanItem& item, const std::string& why) {
  state.report.checks.push_back(decide(boundary_check(item.source), Outcome::not_run, why));
  return leave_at_snapshot(item);
}

// Those that the log brings after the snapshot and that have one before them.
Result<std::vector<engine::LoggedMarker>> later_markers(const DrillState& state,
                                                        const restore::PlanItem& item,
                                                        std::uint64_t base) {
  const auto sources = state.snapshot->sources();
  const auto source = std::ranges::find(sources, item.source, &repository::SourceManifest::name);
  if (source == sources.end()) return fail(Code::internal, "the plan names an unknown source");
  const engine::MarkedLog log{item.type, TRY(text_at(source->position, "database")),
                              state.request.markers->name};
  std::vector<engine::LoggedMarker> markers;
  for (const auto& piece : item.log)
    for (const auto& each :
         TRY(engine::markers_in_log(log, TRY(state.repository.read_log_piece(piece)).content)))
      if (each.position > base && each.number > 1) markers.push_back(each);
  return markers;
}

// `item` is planned from `base` to the end of the log: now to just before one of the markers in it.
Result<void> plan_boundary(DrillState& state, restore::PlanItem& item, std::uint64_t base,
                           const RunContext& context) {
  const auto& markers = state.request.markers;
  if (!markers || markers->source != item.source)
    return no_boundary(state, item, "no markers are written into it");
  const auto found = TRY(later_markers(state, item, base));
  if (found.empty())
    return no_boundary(state, item, "the archived log has no marker after the snapshot");
  const auto& next = found[random_between(0, found.size() - 1, context)];
  state.newest_marker = next.number - 1;
  return restore::end_log_at(item, next.position - 1);
}

Result<void> plan_item(DrillState& state, restore::PlanItem& item, const RunContext& context) {
  const auto base = base_of(state, item);
  if (!base) {
    add_check(state, item, Outcome::not_run,
              "the snapshot has no place in a log, so none can bring it on to another moment");
    return {};
  }
  const auto end = TRY(end_of_log(state, item));
  if (end <= *base) {
    add_check(state, item, Outcome::not_run,
              "no log was archived after the snapshot: `lifeboat log follow " +
                  state.report.service + "`");
    return {};
  }
  const auto wanted = state.request.options.log_moment;
  item.until = wanted == LogMoment::random ? random_between(*base, end, context) : end;
  const auto planned =
      restore::plan_log(state.plan, item, state.snapshot->sources(), state.repository);
  if (planned && wanted == LogMoment::boundary) return plan_boundary(state, item, *base, context);
  if (planned || !engine::is_about_the_log(planned.error())) return planned;
  add_check(state, item, Outcome::failed, planned.error().describe());
  return leave_at_snapshot(item);
}

bool has_log(const restore::PlanItem& item) {
  const auto engine = engine::find_engine(item.type);
  return engine && (*engine)->traits().has_log;
}

}  // namespace

Result<void> plan_log_moments(DrillState& state, const RunContext& context) {
  if (state.request.options.log_moment == LogMoment::none) return {};
  for (auto& item : state.plan.items)
    if (has_log(item)) TRY(plan_item(state, item, context));
  return {};
}

Time moment_of(const DrillState& state, const restore::PlanItem& item) {
  const auto engine = engine::find_engine(item.type);
  if (item.log.empty() || !engine) return state.report.snapshot->time;
  return (*engine)->log_time_of(item.until);
}

void note_log_moments(DrillState& state, const restore::Report& restored) {
  if (state.request.options.log_moment == LogMoment::none) return;
  auto oldest = Time::max();
  for (const auto& item : state.plan.items) {
    oldest = std::min(oldest, moment_of(state, item));
    const auto done = std::ranges::find(restored.items, item.source, &restore::ItemReport::source);
    if (item.log.empty() || done == restored.items.end()) continue;
    add_check(state, item, Outcome::passed,
              "restored to " + item.moment + "; the last of " +
                  counted(done->log_entries, "entry", "entries") + " that was applied is of " +
                  (done->last_applied.empty() ? "none" : done->last_applied));
  }
  // A random moment says nothing of how much a restore would lose.
  const bool latest = state.request.options.log_moment == LogMoment::latest;
  if (latest && !state.plan.items.empty()) state.report.log_reached = oldest;
}

}  // namespace lifeboat::drill
