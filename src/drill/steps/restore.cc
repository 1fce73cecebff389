#include "restore/restore.h"

#include "drill/step.h"

namespace lifeboat::drill {
namespace {

// The same plan and run that a person's restore uses.
class RestoreStep final : public Step {
 public:
  std::string name() const override { return "restore"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    TRY(make_directories(state.sandbox->directory() / "data"));
    auto report = TRY(restore::run_restore(state.plan, state.repository, *state.snapshot, context));
    for (auto& item : report.items) {
      state.report.measures.bytes_restored += item.bytes;
      state.report.measures.entries_restored += item.entries;
      for (auto& finding : item.findings) state.report.findings.push_back(std::move(finding));
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Step> make_restore_step() { return std::make_unique<RestoreStep>(); }

}  // namespace lifeboat::drill
