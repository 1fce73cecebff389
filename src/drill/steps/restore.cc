#include "restore/restore.h"

#include "drill/log_moment.h"
#include "drill/step.h"

namespace lifeboat::drill {
namespace {

// The same plan and run that a person's restore uses.
class RestoreStep final : public Step {
 public:
  std::string name() const override { return "restore"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    TRY(make_directories(data_of(state)));
    if (state.snapshot) TRY(restore_snapshot(state, context));
    return bring_foreign(state, context);
  }

 private:
  static Result<void> restore_snapshot(DrillState& state, const RunContext& context) {
    auto report = TRY(restore::run_restore(state.plan, state.repository, *state.snapshot, context));
    for (auto& item : report.items) {
      state.report.measures.bytes_restored += item.bytes;
      state.report.measures.entries_restored += item.entries;
      for (auto& finding : item.findings) state.report.findings.push_back(std::move(finding));
    }
    for (const auto& item : state.plan.items)
      state.restored.push_back({item.source, item.type, item.place, manifest_of(state, item.source),
                                moment_of(state, item), facts_of(report, item.source)});
    note_log_moments(state, report);
    return {};
  }

  static std::optional<Json> facts_of(const restore::Report& report, const std::string& source) {
    for (const auto& item : report.items)
      if (item.source == source) return item.facts;
    return std::nullopt;
  }

  static const repository::SourceManifest* manifest_of(const DrillState& state,
                                                       const std::string& name) {
    for (const auto& source : state.snapshot->sources())
      if (source.name == name) return &source;
    return nullptr;
  }
};

}  // namespace

std::unique_ptr<Step> make_restore_step() { return std::make_unique<RestoreStep>(); }

}  // namespace lifeboat::drill
