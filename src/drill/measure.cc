#include "drill/measure.h"

#include <algorithm>

#include "drill/step.h"

namespace lifeboat::drill {
namespace {

bool is_the_drills_own(const std::string& stage) {
  return stage == kBeforeStage || stage == kManualStage || stage == kPreflightStage;
}

// The oldest of all that was restored; nothing when that of one is not known.
std::optional<Time> oldest_moment(const Report& report) {
  std::optional<Time> oldest;
  if (report.snapshot) oldest = report.log_reached.value_or(report.snapshot->time);
  for (const auto& record : report.foreign) {
    if (!record.time) return std::nullopt;
    oldest = std::min(oldest.value_or(*record.time), *record.time);
  }
  return oldest;
}

// A snapshot from the future means that a clock is wrong: then no age is worth anything.
void measure_age(Report& report) {
  const auto shown = oldest_moment(report);
  if (!shown) return;
  const Duration age = report.started - *shown;
  if (age >= Duration(0)) {
    report.measures.rpo_age = age;
    return;
  }
  report.findings.push_back({"clock-skew", "clock",
                             "the backup's time is " + describe_duration(-age) +
                                 " in the future: this clock or the source's is wrong",
                             false});
}

}  // namespace

bool all_done(const Report& report) {
  return std::ranges::all_of(report.stages, [](const auto& stage) { return stage.done; });
}

Duration recovery_so_far(const Report& report) {
  Duration sum{0};
  for (const auto& stage : report.stages)
    if (!is_the_drills_own(stage.name)) sum += stage.elapsed;
  return sum;
}

namespace {

// Proving the isolation is the drill's, not a recovery's.
void measure_recovery(Measures& measures, const Report& report, const Request& request) {
  if (measures.service_ready) {
    measures.recovery = measures.service_ready;
    measures.covered = "locate to the first successful journey";
  } else if (request.options.app) {
    measures.covered = "nothing: no journey of the application succeeded";
  } else {
    measures.recovery = recovery_so_far(report);
    measures.covered = "locate to check; no application is configured";
  }
}

}  // namespace

void measure(Report& report, const Request& request) {
  auto& measures = report.measures;
  measures.own_memory = sandbox::own_memory_peak();
  if (all_done(report)) measure_recovery(measures, report, request);
  measure_age(report);
  measures.rto_objective = request.rto;
  measures.rpo_objective = request.rpo;
  const auto judged =
      policy::Objective({request.rpo, request.rto}).judge({measures.rpo_age, measures.recovery});
  measures.rto = judged.rto;
  measures.rpo = judged.rpo;
}

}  // namespace lifeboat::drill
