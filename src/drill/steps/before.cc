#include "base/subprocess.h"
#include "drill/app/inside.h"

namespace lifeboat::drill {
namespace {

// What must hold on this machine before a drill means anything, such as a valid deployment: run
// outside, since nothing is restored yet. When one fails, what the drill would find could not be
// told from what was wrong before; so it decides nothing and fetches nothing.
class BeforeStep final : public Step {
 public:
  std::string name() const override { return kBeforeStage; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    for (const auto& command : state.request.options.before)
      state.report.checks.push_back(TRY(run_one(state, command, context)));
    return {};
  }

 private:
  static Result<CheckResult> run_one(const DrillState& state, const BeforeCommand& command,
                                     const RunContext& context) {
    CommandSpec spec;
    spec.shell_text = command.run;
    if (!command.directory.empty()) spec.environment["LIFEBOAT_DIRECTORY"] = command.directory;
    if (!command.directory.empty())
      spec.shell_text = "cd \"$LIFEBOAT_DIRECTORY\" || exit 1\n" + command.run;
    spec.environment["LIFEBOAT_SERVICE"] = state.request.service;
    spec.environment["LIFEBOAT_DRILL"] = state.request.options.name;
    spec.timeout = command.within;
    const auto ended = TRY_CONTEXT(command.name, run_command(spec, context));
    if (ended.exit_status != 0)
      return fail(Error(Code::command_failed, command.name + " ended with status " +
                                                  std::to_string(ended.exit_status) +
                                                  last_line(command, ended.output))
                      .with_hint("Nothing was drilled. Mend what it complains of, then drill "
                                 "again."));
    auto result = answer("before." + command.name, "what must hold ahead of the drill held");
    result.elapsed = ended.elapsed;
    return decide(std::move(result), Outcome::passed,
                  "status 0 after " + describe_duration(ended.elapsed));
  }

  static std::string last_line(const BeforeCommand& command, std::string output) {
    while (!output.empty() && output.back() == '\n') output.pop_back();
    if (output.empty()) return "; it wrote nothing";
    return "; its last line: " + quotable(output.substr(output.rfind('\n') + 1), command.secrets);
  }
};

}  // namespace

std::unique_ptr<Step> make_before_step() { return std::make_unique<BeforeStep>(); }

}  // namespace lifeboat::drill
