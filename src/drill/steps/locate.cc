#include <algorithm>

#include "drill/step.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kEarlierSnapshots = 7;  // snapshots that the size is compared with

std::vector<std::uint64_t> earlier_sizes(const std::vector<repository::SnapshotInfo>& all,
                                         const repository::SnapshotInfo& chosen) {
  std::vector<std::uint64_t> sizes;
  for (auto each = all.rbegin(); each != all.rend() && sizes.size() < kEarlierSnapshots; ++each)
    if (each->service == chosen.service && each->complete && each->time < chosen.time)
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
    // A store that cannot even be listed is no backup; one that does not answer in time decides
    // nothing.
    if (!list && list.error().code() == Code::permission_denied)
      return fail(Error(Code::damage_found, list.error().describe())
                      .with_hint("Mend the credentials or the path, then drill again."));
    if (!list) return fail(std::move(list).error());
    for (auto& finding : list->findings) state.report.findings.push_back(std::move(finding));
    const auto chosen = TRY(
        restore::choose_snapshot(list->snapshots, state.request.service, state.request.selector));
    state.report.snapshot = chosen;
    compare_size(state.report, list->snapshots);
    return {};
  }

  // "A backup that's suddenly half the usual size is a red flag."
  static void compare_size(Report& report, const std::vector<repository::SnapshotInfo>& all) {
    auto sizes = earlier_sizes(all, *report.snapshot);
    if (sizes.empty()) return;
    std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2),
                     sizes.end());
    const auto median = sizes[sizes.size() / 2];
    if (report.snapshot->bytes * 2 > median) return;
    report.findings.push_back({"size-halved", report.service,
                               describe_size(report.snapshot->bytes) + " against a median of " +
                                   describe_size(median) + " in the " +
                                   std::to_string(sizes.size()) + " snapshots before",
                               false});
  }
};

}  // namespace

std::unique_ptr<Step> make_locate_step() { return std::make_unique<LocateStep>(); }

}  // namespace lifeboat::drill
