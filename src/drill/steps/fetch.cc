#include "drill/step.h"

namespace lifeboat::drill {
namespace {

// Reads the snapshot's manifest: what it must contain. The data itself is fetched while it is
// restored.
class FetchStep final : public Step {
 public:
  std::string name() const override { return "fetch"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    if (!state.report.snapshot) return {};
    TRY(restore::check_needs(state.snapshots, *state.report.snapshot));
    auto opened = TRY(state.repository.open_snapshot(state.report.snapshot->id, context));
    state.snapshot = std::move(opened);
    for (const auto& source : state.snapshot->sources())
      for (const auto& finding : source.findings) state.report.findings.push_back(finding);
    if (state.report.snapshot->complete) return {};
    return fail(Error(Code::incomplete, "the snapshot is incomplete: its backup says so itself")
                    .with_hint("Drill a complete snapshot; see the findings for what is missing."));
  }
};

}  // namespace

std::unique_ptr<Step> make_fetch_step() { return std::make_unique<FetchStep>(); }

}  // namespace lifeboat::drill
