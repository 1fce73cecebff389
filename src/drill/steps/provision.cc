#include "drill/step.h"

namespace lifeboat::drill {
namespace {

// How long a sandbox is kept for who asked for it.
constexpr Duration kKept = std::chrono::hours(24);

// Makes the sandbox. Isolation and limits for the application take their place here.
class ProvisionStep final : public Step {
 public:
  std::string name() const override { return "provision"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    const auto& parent = state.request.sandboxes;
    state.sandbox.emplace(TRY(sandbox::Sandbox::provision(
        {parent, "drill " + state.request.service + "/" + state.request.options.name}, context)));
    return plan_into_sandbox(state);
  }

  void undo(DrillState& state) override {
    if (!state.sandbox) return;
    if (state.request.keep) keep(state);
    if (!state.report.tear_down) state.report.tear_down = state.sandbox->destroy();
  }

 private:
  // For a person who wants to look at it; what cannot be kept is removed.
  static void keep(DrillState& state) {
    auto kept = state.sandbox->keep(state.report.started + kKept);
    if (!kept) return;
    state.report.tear_down = std::move(*kept);
    state.report.findings.push_back(
        {"sandbox-kept", state.report.tear_down->kept.front(),
         "holds restored data until " + to_rfc3339(state.report.started + kKept), false});
  }

  static Result<void> plan_into_sandbox(DrillState& state) {
    if (!state.snapshot) return {};
    restore::PlanRequest request;
    request.destination.directory = data_of(state).string();
    state.plan =
        TRY(restore::plan_restore(*state.report.snapshot, state.snapshot->sources(), request));
    return {};
  }
};

}  // namespace

std::unique_ptr<Step> make_provision_step() { return std::make_unique<ProvisionStep>(); }

}  // namespace lifeboat::drill
