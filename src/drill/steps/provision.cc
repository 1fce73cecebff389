#include "drill/step.h"

namespace lifeboat::drill {
namespace {

// Room to spare beside the data itself: metadata, temporary files, the file system's own reserve.
constexpr std::uint64_t kSpareBytes = 64U << 20U;

// How long a sandbox is kept for who asked for it.
constexpr Duration kKept = std::chrono::hours(24);

// Makes the sandbox, after removing those that died with their runs. Isolation and limits for the
// application take their place here.
class ProvisionStep final : public Step {
 public:
  std::string name() const override { return "provision"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    const auto& parent = state.request.sandboxes;
    TRY(refuse_production(state.request));
    for (const auto& place : TRY(sandbox::reap_orphans(parent, context.clock.now())))
      state.report.findings.push_back(
          {"sandbox-reaped", place, "left behind by a drill that died, or kept until now; removed",
           false});
    TRY(check_space(state));
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

  static Result<void> check_space(DrillState& state) {
    TRY(make_directories(state.request.sandboxes));
    const auto free = TRY(free_space(state.request.sandboxes));
    const auto own = state.report.snapshot ? state.report.snapshot->bytes : 0;
    const auto needed = own + room_for_foreign(state) + kSpareBytes;
    if (free >= needed) return {};
    return fail(Error(Code::no_space, "the sandbox needs " + describe_size(needed) + ", " +
                                          state.request.sandboxes.string() + " has " +
                                          describe_size(free))
                    .with_hint("Free some space, or name another place in sandbox: {directory}."));
  }

  // Before anything is made: even a fresh directory may lie inside production. Identity decides,
  // not names.
  static Result<void> refuse_production(const Request& request) {
    for (const auto& guarded : request.protected_places)
      if (restore::touches(request.sandboxes.string(), guarded.identity))
        return fail(Error(Code::refused, "the sandbox would lie in or over " + guarded.name)
                        .with_hint("Name another place in the drill's sandbox: {directory}."));
    return {};
  }

  static Result<void> plan_into_sandbox(DrillState& state) {
    if (!state.snapshot) return {};
    restore::PlanRequest request;
    request.destination.directory = (state.sandbox->directory() / "data").string();
    state.plan =
        TRY(restore::plan_restore(*state.report.snapshot, state.snapshot->sources(), request));
    return {};
  }
};

}  // namespace

std::unique_ptr<Step> make_provision_step() { return std::make_unique<ProvisionStep>(); }

}  // namespace lifeboat::drill
