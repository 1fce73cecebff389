#include "drill/app/inside.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kLongestWords = 2000;

// What only a person can judge, asked last: they take their time, and the recovery is over.
class ManualStep final : public Step {
 public:
  std::string name() const override { return kManualStage; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    std::size_t number = 0;
    for (const auto& check : state.request.options.checks) {
      const auto* manual = std::get_if<ManualCheck>(&check);
      if (manual == nullptr) continue;
      auto result = answer("manual." + std::to_string(++number),
                           "a person looked at the restored data: " + manual->ask);
      state.report.checks.push_back(TRY(ask(state, *manual, std::move(result), context)));
    }
    return {};
  }

 private:
  static Result<CheckResult> ask(const DrillState& state, const ManualCheck& manual,
                                 CheckResult result, const RunContext& context) {
    const auto owner = manual.owner.empty() ? "" : " (" + manual.owner + ")";
    if (!state.request.ask_person)
      return decide(std::move(result), Outcome::not_run,
                    "nobody could be asked" + owner + ": run the drill on a terminal, or waive it");
    const auto begun = context.clock.steady();
    const auto asked_at = context.clock.now();
    const auto said =
        state.request.ask_person({manual.ask, manual.owner, data_of(state).string(), context.stop});
    result.elapsed = context.clock.steady() - begun;
    TRY(context.check_stop());
    if (!said) return decide(std::move(result), Outcome::not_run, said.error().describe());
    return record(std::move(result), *said, asked_at);
  }

  static CheckResult record(CheckResult result, const ManualAnswer& said, Time asked_at) {
    result.details.push_back("asked at " + to_rfc3339(asked_at) + ", answered after " +
                             describe_duration(result.elapsed));
    const auto words = said.words.substr(0, kLongestWords);
    if (!words.empty()) result.details.push_back(said.who + " wrote: " + words);
    const bool anonymous = said.who.empty();
    const auto outcome = anonymous ? Outcome::not_run : said.outcome;
    if (anonymous) return decide(std::move(result), outcome, "nobody put a name to the answer");
    const auto* verb = outcome == Outcome::passed   ? " says that it is right"
                       : outcome == Outcome::failed ? " says that it is wrong"
                                                    : " could not say";
    return decide(std::move(result), outcome, said.who + verb);
  }
};

}  // namespace

std::unique_ptr<Step> make_manual_step() { return std::make_unique<ManualStep>(); }

}  // namespace lifeboat::drill
