#include "drill/measure.h"

#include <algorithm>

namespace lifeboat::drill {
namespace {

bool all_done(const Report& report) {
  return std::all_of(report.stages.begin(), report.stages.end(),
                     [](const auto& stage) { return stage.done; });
}

// A snapshot from the future means that a clock is wrong: then no age is worth anything.
void measure_age(Report& report) {
  const Duration age = report.started - report.snapshot->time;
  if (age >= Duration(0)) {
    report.measures.rpo_age = age;
    return;
  }
  report.findings.push_back({"clock-skew", "clock",
                             "the snapshot's time is " + describe_duration(-age) +
                                 " in the future: this clock or the source's is wrong",
                             false});
}

}  // namespace

void measure(Report& report, const Request& request) {
  auto& measures = report.measures;
  for (const auto& stage : report.stages) measures.rto_so_far += stage.elapsed;
  // Proving the isolation and the rest of the journey are the drill's, not a recovery's.
  if (measures.service_ready) measures.rto_so_far = *measures.service_ready;
  if (report.snapshot) measure_age(report);
  measures.rto_objective = request.rto;
  measures.rpo_objective = request.rpo;
  // A drill that stopped half-way has measured no recovery.
  const auto rto = all_done(report) ? std::optional(measures.rto_so_far) : std::nullopt;
  const auto judged = policy::Objective({request.rpo, request.rto}).judge({measures.rpo_age, rto});
  measures.rto = judged.rto;
  measures.rpo = judged.rpo;
}

}  // namespace lifeboat::drill
