#include "service/planned.h"

#include <algorithm>

#include "policy/schedule.h"
#include "service/triggers.h"

namespace lifeboat::service {
namespace {

constexpr Duration kLeastGrace = std::chrono::hours(1);
constexpr Duration kMostGrace = std::chrono::hours(6);
constexpr int kPartOfInterval = 4;
// `drill run --due` comes every hour: what waits for so long is not looked at by anybody.
constexpr Duration kMostWait = std::chrono::hours(26);

// How old something of this time may get.
Duration limit_after(const policy::Schedule& schedule, Time last) {
  const auto next = schedule.next_after(last);
  const Duration interval = schedule.next_after(next) - next;
  return next - last + std::clamp(interval / kPartOfInterval, kLeastGrace, kMostGrace);
}

}  // namespace

std::optional<Duration> planned_backup(const config::Service& service, Time newest) {
  std::optional<Duration> limit;
  for (const auto& timer : service.schedule) {
    const auto schedule = policy::Schedule::parse(timer.cron, service.tz);
    if (!schedule) continue;
    const auto own = limit_after(*schedule, newest);
    limit = limit ? std::min(*limit, own) : own;
  }
  return limit;
}

Result<std::vector<policy::PlannedDrill>> planned_drills(const config::Service& service,
                                                         const policy::WatchRecord& record,
                                                         const std::filesystem::path& state) {
  const TriggerMemory memory(state, service.name);
  std::vector<policy::PlannedDrill> all;
  for (const auto& drill : service.drills) {
    const auto known = memory.of(drill.options.name);
    if (drill.cron.empty() && drill.after_backup && known.queued)
      all.push_back({drill.options.name, known.queued->since, kMostWait});
    if (drill.cron.empty()) continue;
    const auto schedule = TRY_CONTEXT("drill " + drill.options.name + " of " + service.name,
                                      policy::Schedule::parse(drill.cron, service.tz));
    policy::PlannedDrill planned{drill.options.name, known.ran, {}};
    for (const auto& copy : record.copies)
      if (const auto found = copy.drills.find(planned.name); found != copy.drills.end())
        planned.last = std::max(planned.last.value_or(Time()), found->second.time);
    planned.limit = limit_after(schedule, planned.last.value_or(Time()));
    all.push_back(std::move(planned));
  }
  return all;
}

}  // namespace lifeboat::service
