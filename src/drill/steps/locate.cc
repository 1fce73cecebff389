#include <algorithm>

#include "base/median.h"
#include "drill/newest.h"
#include "drill/step.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kEarlierSnapshots = 7;  // snapshots that the size is compared with

std::vector<std::uint64_t> earlier_sizes(const std::vector<repository::SnapshotInfo>& all,
                                         const repository::SnapshotInfo& chosen) {
  const auto before = restore::complete_before(all, chosen);
  std::vector<std::uint64_t> sizes;
  for (auto each = before.rbegin(); each != before.rend() && sizes.size() < kEarlierSnapshots;
       ++each)
    sizes.push_back(each->bytes);
  return sizes;
}

// Which snapshot is drilled, and whether the repository's list is whole.
class LocateStep final : public Step {
 public:
  std::string name() const override { return "locate"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    if (state.request.takes) TRY(locate_snapshot(state, context));
    return locate_foreign(state, context);
  }

 private:
  static Result<void> locate_snapshot(DrillState& state, const RunContext& context) {
    auto list = state.repository.snapshots(context);
    if (!list) return fail(explain_denied(list.error()));
    std::ranges::copy(list->findings, std::back_inserter(state.report.findings));
    const auto& request = state.request;
    state.report.snapshot = TRY(restore::choose_listed(*list, request.service, request.selector));
    if (restore::asks_for_newest(request.selector)) look_for_newer(*list, state.report);
    compare_size(state.report, list->snapshots);
    state.snapshots = std::move(list->snapshots);
    return {};
  }

  // What the check says is no finding beside it.
  static void look_for_newer(const repository::SnapshotList& list, Report& report) {
    auto result = check_newest(list, *report.snapshot);
    for (const auto& sign : result.signs)
      std::erase_if(report.findings, [&](const auto& each) { return each.subject == sign.object; });
    report.checks.push_back(std::move(result));
  }

  // "A backup that's suddenly half the usual size is a red flag."
  static void compare_size(Report& report, const std::vector<repository::SnapshotInfo>& all) {
    const auto sizes = earlier_sizes(all, *report.snapshot);
    if (sizes.empty()) return;
    const auto median = median_of(sizes);
    if (report.snapshot->bytes * 2 > median) return;
    report.findings.push_back({"size-halved", report.service,
                               describe_size(report.snapshot->bytes) + " against a median of " +
                                   describe_size(median) + " in the " +
                                   std::to_string(sizes.size()) + " snapshots before",
                               false});
  }
};

}  // namespace

Error explain_denied(const Error& error) {
  if (error.code() != Code::permission_denied) return error;
  return Error(Code::damage_found, error.describe())
      .with_hint("Mend the credentials or the path, then drill again.");
}

std::unique_ptr<Step> make_locate_step() { return std::make_unique<LocateStep>(); }

}  // namespace lifeboat::drill
