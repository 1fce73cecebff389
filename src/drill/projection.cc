#include "drill/projection.h"

#include "drill/render/view.h"

namespace lifeboat::drill {
namespace {

constexpr const char* kCheck = "check";

std::uint64_t bytes_of(const Report& report) {
  std::uint64_t bytes = report.snapshot ? report.snapshot->bytes : 0;
  for (const auto& backup : report.foreign) bytes += backup.unpacked;
  return bytes;
}

Duration check_of(const Report& report) {
  Duration sum{0};
  for (const auto& stage : report.stages)
    if (stage.name == kCheck) sum += stage.elapsed;
  return sum;
}

void compare_with_objective(Report& report) {
  const auto& measures = report.measures;
  if (!measures.rto_objective || measures.projected->rto <= *measures.rto_objective) return;
  report.findings.push_back({"projection-over-objective", "rto",
                             "a recovery that compares everything is projected to take " +
                                 describe_duration(measures.projected->rto) + ", promised are " +
                                 describe_duration(*measures.rto_objective),
                             false});
}

}  // namespace

void project(Report& report, const History& history) {
  if (report.tier != "quick" || report.error || !report.measures.recovery) return;
  const Ahead whole{"", "full", bytes_of(report)};
  const auto like = like_drills(history.records, whole);
  auto& projected = report.measures.projected.emplace();
  const auto check = forecast_stage(like, kCheck, whole);
  if (!check) return;
  projected.drills = check->drills;
  projected.check = check->whole;
  projected.rto = *report.measures.recovery - check_of(report) + check->whole;
  compare_with_objective(report);
}

}  // namespace lifeboat::drill
